// A firewall without a program: one nf_tables chain that drops everything at a hook, as `nft` would make it.
import { closeSync } from 'node:fs';
import { MessageWriter } from '../../src/kernel/codec/message.ts';
import { bind, receive, send, socket } from '../../src/kernel/libc.ts';
import { Netns } from '../../src/kernel/netns.ts';

const NETLINK_NETFILTER = 12;
const NFT = 10 << 8;
const NFPROTO_INET = 1;
const hookNumbers = { input: 1, forward: 2, output: 3 } as const;

/** Equivalent to `nft add table inet guard; nft add chain inet guard HOOK { type filter hook HOOK priority 0; policy drop; }`. */
export function dropAll(name: string, hook: keyof typeof hookNumbers): void {
  const netns = Netns.open(name)!;
  const fd = netns.enter(() => socket(16, 3, NETLINK_NETFILTER));
  netns.close();
  try {
    const address = Buffer.alloc(12);
    address.writeUInt16LE(16, 0);
    bind(fd, address);
    const writer = new MessageWriter();
    let sequence = 1;
    const begin = (type: number, flags: number, family: number, resource: number): void => {
      writer.beginMessage(type, flags, sequence++);
      writer.u8(family);
      writer.u8(0);
      writer.u8(resource >> 8);
      writer.u8(resource);
    };
    begin(16, 0, 0, 10); // NFNL_MSG_BATCH_BEGIN
    writer.endMessage();
    begin(NFT | 0, 0x404, NFPROTO_INET, 0); // NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK
    writer.attributeText(1, 'guard');
    writer.endMessage();
    begin(NFT | 3, 0x404, NFPROTO_INET, 0); // NFT_MSG_NEWCHAIN
    writer.attributeText(1, 'guard');
    writer.attributeText(3, hook);
    const nest = writer.openNest(4); // NFTA_CHAIN_HOOK
    writer.attributeU32(1, swap(hookNumbers[hook]));
    writer.attributeU32(2, 0);
    writer.closeNest(nest);
    writer.attributeU32(5, 0); // NFTA_CHAIN_POLICY: NF_DROP
    writer.attributeText(7, 'filter');
    writer.endMessage();
    begin(17, 0, 0, 10); // NFNL_MSG_BATCH_END
    writer.endMessage();
    send(fd, writer.buffer, writer.length);
    const reply = Buffer.alloc(4096);
    for (let length = receive(fd, reply); length >= 0; length = receive(fd, reply)) {
      const errno = reply.readInt32LE(16);
      if (errno !== 0) throw new Error(`nf_tables: errno ${-errno}`);
    }
  } finally {
    closeSync(fd);
  }
}

/** A number in network order. */
function swap(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes.readUInt32LE(0);
}
