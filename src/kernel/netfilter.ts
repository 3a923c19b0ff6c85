// Firewalls as nf_tables has them: the base chains of a namespace, and whether something in them drops packets. Reads
// over a NETLINK_NETFILTER socket of its own (linux/netfilter/nf_tables.h) and judges no single rule: a drop that is
// possible is all it tells.
import { closeSync, readFileSync } from 'node:fs';
import {
  attributeEnd,
  attributeText,
  findAttribute,
  MessageWriter,
  nextAttribute,
  u16,
  u32,
} from './codec/message.ts';
import { AF_NETLINK, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR } from './constants.ts';
import { bind, receive, SOCK_RAW, SystemError, send, socket } from './libc.ts';
import type { Netns } from './netns.ts';

export type Hook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';
export type FirewallFamily = 'ip' | 'ip6' | 'inet' | 'bridge';

/** A chain that packets pass, and that may end them. */
export interface FirewallChain {
  readonly family: FirewallFamily;
  readonly table: string;
  readonly name: string;
  readonly hook: Hook;
  /** What becomes of a packet that no rule decides on. */
  readonly policy: 'accept' | 'drop';
  /** Rules that drop or reject, in this chain and in those it leads to. */
  readonly drops: number;
}

const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10 << 8;
const NFT_MSG_GETCHAIN = 4;
const NFT_MSG_GETRULE = 7;
/** sizeof(struct nlmsghdr) and of struct nfgenmsg. */
const HEADER_LENGTH = 16;
const NFGENMSG_LENGTH = 4;

const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_HOOK_HOOKNUM = 1;
const NFTA_RULE_TABLE = 1;
const NFTA_RULE_CHAIN = 2;
const NFTA_RULE_EXPRESSIONS = 4;
const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;
const NFTA_IMMEDIATE_DATA = 2;
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_VERDICT_CHAIN = 2;

const families: ReadonlyMap<number, FirewallFamily> = new Map([
  [1, 'inet'],
  [2, 'ip'],
  [7, 'bridge'],
  [10, 'ip6'],
]);
const hooks: readonly Hook[] = ['prerouting', 'input', 'forward', 'output', 'postrouting'];

/** The chains of a namespace that can drop a packet; empty without nf_tables. Equivalent to `nft list ruleset`. */
export function readFirewall(netns: Netns): FirewallChain[] {
  let fd = -1;
  try {
    fd = netns.enter(() => {
      const made = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
      const address = Buffer.alloc(12); // struct sockaddr_nl: the kernel chooses the port
      address.writeUInt16LE(AF_NETLINK, 0);
      bind(made, address);
      return made;
    });
    const chains = dump(fd, NFT_MSG_GETCHAIN).map(parseChain);
    const rules = dump(fd, NFT_MSG_GETRULE).map(parseRule);
    return chains.flatMap((chain) => judge(chain, rules));
  } catch (error) {
    if (error instanceof SystemError) return []; // no nf_tables, or not ours to read
    throw error;
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}

/** Whether the older iptables hold a table in a namespace, whose rules only their own program can read. */
export function hasLegacyTables(netns: Netns): boolean {
  return ['ip_tables_names', 'ip6_tables_names'].some((name) =>
    netns.enter(() => {
      try {
        return readFileSync(`/proc/net/${name}`, 'utf8').split('\n').includes('filter');
      } catch {
        return false; // the module is not loaded, or we are not root
      }
    }),
  );
}

interface Chain {
  readonly family: number;
  readonly table: string;
  readonly name: string;
  /** NF_INET_* or NF_BR_*; -1 for a chain that packets reach by jumps only. */
  readonly hook: number;
  readonly drops: boolean;
}

interface Rule {
  readonly family: number;
  readonly table: string;
  readonly chain: string;
  readonly drops: boolean;
  readonly jumps: readonly string[];
}

function judge(chain: Chain, rules: readonly Rule[]): FirewallChain[] {
  const family = families.get(chain.family);
  const hook = hooks[chain.hook];
  if (family === undefined || hook === undefined) return [];
  const reached = new Set([chain.name]);
  let drops = 0;
  for (const name of reached) {
    for (const rule of rules) {
      if (rule.family !== chain.family || rule.table !== chain.table || rule.chain !== name) continue;
      if (rule.drops) drops++;
      for (const jump of rule.jumps) reached.add(jump);
    }
  }
  if (!chain.drops && drops === 0) return [];
  const { table, name } = chain;
  return [{ family, table, name, hook, policy: chain.drops ? 'drop' : 'accept', drops }];
}

/** An object of a dump: its bytes, and its family. */
interface Message {
  readonly buffer: Buffer;
  readonly family: number;
}

function dump(fd: number, type: number): Message[] {
  const writer = new MessageWriter(64);
  writer.beginMessage(NFNL_SUBSYS_NFTABLES | type, NLM_F_DUMP, type);
  writer.zeros(NFGENMSG_LENGTH);
  writer.endMessage();
  send(fd, writer.buffer, writer.length);
  const buffer = Buffer.allocUnsafe(1 << 16);
  const messages: Message[] = [];
  for (let length = receive(fd, buffer); length >= 0; length = receive(fd, buffer)) {
    for (let at = 0; at + HEADER_LENGTH <= length; at += (u32(buffer, at) + 3) & ~3) {
      const messageType = u16(buffer, at + 4);
      if (messageType === NLMSG_DONE || messageType === NLMSG_ERROR) return messages;
      const family = buffer[at + HEADER_LENGTH]!;
      const body = buffer.subarray(at + HEADER_LENGTH + NFGENMSG_LENGTH, at + u32(buffer, at));
      messages.push({ buffer: Buffer.from(body), family });
    }
  }
  return messages;
}

function parseChain({ buffer, family }: Message): Chain {
  const hook = findAttribute(buffer, 0, buffer.length, NFTA_CHAIN_HOOK);
  const number =
    hook < 0 ? -1 : findAttribute(buffer, hook + 4, attributeEnd(buffer, hook), NFTA_HOOK_HOOKNUM);
  const policy = findAttribute(buffer, 0, buffer.length, NFTA_CHAIN_POLICY);
  return {
    family,
    table: textOf(buffer, 0, buffer.length, NFTA_CHAIN_TABLE),
    name: textOf(buffer, 0, buffer.length, NFTA_CHAIN_NAME),
    hook: number < 0 ? -1 : buffer.readUInt32BE(number + 4),
    drops: policy >= 0 && buffer.readUInt32BE(policy + 4) === 0,
  };
}

function parseRule({ buffer, family }: Message): Rule {
  const jumps: string[] = [];
  let drops = false;
  const list = findAttribute(buffer, 0, buffer.length, NFTA_RULE_EXPRESSIONS);
  if (list >= 0) {
    const end = attributeEnd(buffer, list);
    for (let at = list + 4; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
      const verdict = parseVerdict(buffer, at + 4, attributeEnd(buffer, at));
      if (verdict === 'drop') drops = true;
      else if (verdict !== null) jumps.push(verdict.jump);
    }
  }
  const table = textOf(buffer, 0, buffer.length, NFTA_RULE_TABLE);
  return { family, table, chain: textOf(buffer, 0, buffer.length, NFTA_RULE_CHAIN), drops, jumps };
}

/** What an expression decides: `reject`, and an immediate verdict that is NF_DROP or leads to another chain. */
function parseVerdict(buffer: Buffer, start: number, end: number): 'drop' | { readonly jump: string } | null {
  const name = textOf(buffer, start, end, NFTA_EXPR_NAME);
  if (name === 'reject') return 'drop';
  if (name !== 'immediate') return null;
  const data = inner(buffer, start, end, NFTA_EXPR_DATA);
  const immediate = data && inner(buffer, data.start, data.end, NFTA_IMMEDIATE_DATA);
  const verdict = immediate && inner(buffer, immediate.start, immediate.end, NFTA_DATA_VERDICT);
  if (!verdict) return null;
  const code = findAttribute(buffer, verdict.start, verdict.end, NFTA_VERDICT_CODE);
  if (code >= 0 && buffer.readInt32BE(code + 4) === 0) return 'drop';
  const jump = textOf(buffer, verdict.start, verdict.end, NFTA_VERDICT_CHAIN);
  return jump === '' ? null : { jump };
}

function inner(
  buffer: Buffer,
  start: number,
  end: number,
  type: number,
): { readonly start: number; readonly end: number } | null {
  const at = findAttribute(buffer, start, end, type);
  return at < 0 ? null : { start: at + 4, end: attributeEnd(buffer, at) };
}

function textOf(buffer: Buffer, start: number, end: number, type: number): string {
  const at = findAttribute(buffer, start, end, type);
  return at < 0 ? '' : attributeText(buffer, at);
}
