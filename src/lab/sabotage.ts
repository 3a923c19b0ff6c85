// What goes wrong on real machines, done on purpose and behind the tool's back, in a sandbox only: it talks to the
// kernel by itself, marks nothing and tells nobody.
import { ReconcileError } from '../errors.ts';
import { MessageWriter } from '../kernel/codec/message.ts';
import { AF_INET, AF_INET6, RTA_DST, RTM_DELROUTE } from '../kernel/constants.ts';
import { Netns } from '../kernel/netns.ts';
import { writeSysctl } from '../kernel/sysctl.ts';
import { formatPrefix, type Prefix } from '../state/ip.ts';
import { MAIN_TABLE } from '../state/route.ts';
import { insideSandbox } from './sandbox.ts';

const RT_SCOPE_NOWHERE = 255;

/** Deletes a route whoever made it, equivalent to `ip -n NETNS route delete DST`. */
export function loseRoute(netns: string, dst: Prefix): void {
  within(netns, ({ socket }) => {
    const writer = new MessageWriter();
    const sequence = socket.reserveSequences();
    writer.beginMessage(RTM_DELROUTE, 0, sequence);
    // struct rtmsg: protocol, type and this scope match any
    for (const byte of [typeof dst.address === 'number' ? AF_INET : AF_INET6, dst.length, 0, 0])
      writer.u8(byte);
    for (const byte of [MAIN_TABLE, 0, RT_SCOPE_NOWHERE, 0]) writer.u8(byte);
    writer.u32(0);
    writer.attributeIp(RTA_DST, dst.address);
    writer.endMessage();
    const [refusal] = socket.transact(writer, sequence, 1);
    if (refusal !== undefined) {
      throw new ReconcileError(
        'kernel',
        `route delete ${formatPrefix(dst.address, dst.length)}: ${refusal.errno}`,
      );
    }
  });
}

/** Writes a sysctl, equivalent to `ip netns exec NETNS sysctl -w KEY=VALUE`. */
export function turnSysctl(netns: string, key: string, value: string): void {
  within(netns, (opened) => opened.enter(() => writeSysctl(key, value)));
}

function within(name: string, act: (netns: Netns) => void): void {
  if (!insideSandbox()) throw new ReconcileError('usage', 'nothing is broken on purpose outside a sandbox');
  const netns = Netns.open(name);
  if (netns === null) throw new ReconcileError('netns', `there is no namespace ${name}`);
  try {
    act(netns);
  } finally {
    netns.close();
  }
}
