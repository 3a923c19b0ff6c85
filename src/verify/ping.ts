// Real packets between namespaces: ICMP echo requests from a raw socket of ours, answered by the kernel at the other
// end. Needs no program and no process there; blocks the calling thread for at most the time-outs it is given.
import { closeSync } from 'node:fs';
import { ReconcileError } from '../errors.ts';
import { AF_INET, AF_INET6 } from '../kernel/constants.ts';
import { pollReadable, receive, SOCK_RAW, sendto, socket } from '../kernel/libc.ts';
import { Netns } from '../kernel/netns.ts';
import { formatSocketAddress } from '../kernel/sockaddr.ts';
import { familyOf, type Ip } from '../state/ip.ts';
import { SELF } from '../state/network.ts';

export interface PingOptions {
  /** How many echo requests, one after the other. */
  readonly count: number;
  /** How long to wait for each answer, in ms. */
  readonly timeout: number;
}

export interface PingResult {
  readonly sent: number;
  readonly received: number;
  /** The round-trip time of each request, in ms; null for one without an answer. */
  readonly rtts: readonly (number | null)[];
  /** What was left of the answer's TTL (64 less the routers it passed); null for IPv6 and without an answer. */
  readonly ttl: number | null;
  /** Why the kernel refused to send, as an errno's name (`ENETUNREACH`); null where it did not. */
  readonly refused: string | null;
}

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;

const echo = {
  4: { family: AF_INET, protocol: IPPROTO_ICMP, request: 8, reply: 0 },
  6: { family: AF_INET6, protocol: IPPROTO_ICMPV6, request: 128, reply: 129 },
} as const;

const PAYLOAD = 56;
let identifier = process.pid & 0xffff;

/** Sends echo requests from a namespace to an address, equivalent to `ip netns exec NETNS ping -c COUNT ADDRESS`. */
export function ping(netns: string, to: Ip, options: PingOptions): PingResult {
  const kind = echo[familyOf(to)];
  identifier = (identifier + 1) & 0xffff;
  // The socket stays in the namespace it was made in: only its making needs the thread there.
  const fd = inNetns(netns, () => socket(kind.family, SOCK_RAW, kind.protocol));
  try {
    return exchange(fd, to, options);
  } finally {
    closeSync(fd);
  }
}

function inNetns<T>(name: string, action: () => T): T {
  const netns = name === SELF ? Netns.home() : Netns.open(name);
  if (netns === null) throw new ReconcileError('netns', `there is no namespace ${name} to send packets from`);
  try {
    return netns.enter(action);
  } finally {
    netns.close();
  }
}

function exchange(fd: number, to: Ip, { count, timeout }: PingOptions): PingResult {
  const rtts: (number | null)[] = [];
  let ttl: number | null = null;
  let refused: string | null = null;
  for (let sequence = 1; sequence <= count; sequence++) {
    const start = performance.now();
    try {
      sendto(fd, echoRequest(to, sequence), formatSocketAddress(to));
    } catch (error) {
      refused = (error as { readonly errno?: string }).errno ?? String(error);
      rtts.push(null);
      continue;
    }
    const answer = awaitReply(fd, to, sequence, start + timeout);
    rtts.push(answer === null ? null : performance.now() - start);
    if (answer !== null) ttl = answer.ttl;
  }
  return { sent: count, received: rtts.filter((rtt) => rtt !== null).length, rtts, ttl, refused };
}

/** The answer to one request; null where none came before the deadline (ms). */
function awaitReply(
  fd: number,
  to: Ip,
  sequence: number,
  deadline: number,
): { readonly ttl: number | null } | null {
  const buffer = Buffer.alloc(2048);
  for (;;) {
    const left = deadline - performance.now();
    if (left <= 0 || !pollReadable(fd, Math.ceil(left))) return null;
    const length = receive(fd, buffer);
    if (length < 0) continue;
    const answer = parseReply(buffer.subarray(0, length), to, sequence);
    if (answer !== null) return answer;
  }
}

/** Reads a packet off the raw socket: an IPv4 one begins with its IP header, an IPv6 one with the ICMP header. */
function parseReply(packet: Buffer, to: Ip, sequence: number): { readonly ttl: number | null } | null {
  const ipv4 = typeof to === 'number';
  const offset = ipv4 ? (packet[0]! & 15) * 4 : 0;
  if (packet.length < offset + 8 || packet[offset] !== echo[familyOf(to)].reply) return null;
  if (packet.readUInt16BE(offset + 4) !== identifier || packet.readUInt16BE(offset + 6) !== sequence)
    return null;
  if (ipv4 && packet.readUInt32BE(12) !== to) return null;
  return { ttl: ipv4 ? packet[8]! : null };
}

/** struct icmphdr and a payload; the kernel itself fills in the checksum of ICMPv6. */
function echoRequest(to: Ip, sequence: number): Buffer {
  const packet = Buffer.alloc(8 + PAYLOAD, 0x61);
  packet.writeUInt16BE(echo[familyOf(to)].request << 8, 0);
  packet.writeUInt16BE(0, 2);
  packet.writeUInt16BE(identifier, 4);
  packet.writeUInt16BE(sequence, 6);
  if (typeof to === 'number') packet.writeUInt16BE(checksum(packet), 2);
  return packet;
}

/** The internet checksum (RFC 1071) of an even number of bytes. */
function checksum(packet: Buffer): number {
  let sum = 0;
  for (let at = 0; at < packet.length; at += 2) sum += packet.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
