// Neighbours, proxies and forwarding entries on the wire: struct ndmsg (linux/neighbour.h), both directions.
import type { FdbEntry, ObservedFdbEntry } from '../../state/fdb.ts';
import { familyOf, type Ip } from '../../state/ip.ts';
import type { Neighbour, ObservedNeighbour } from '../../state/neighbour.ts';
import {
  AF_BRIDGE,
  AF_INET,
  AF_INET6,
  NDA_DST,
  NDA_IFINDEX,
  NDA_LLADDR,
  NDA_MASTER,
  NDA_PROTOCOL,
  NDA_VLAN,
  NTF_MASTER,
  NTF_PROXY,
  NTF_SELF,
  NUD_NOARP,
  NUD_PERMANENT,
} from '../constants.ts';
import {
  attributeIp,
  attributeMac,
  attributeType,
  findAttribute,
  type MessageWriter,
  nextAttribute,
  u16,
  u32,
} from './message.ts';
import type { LinkNames } from './route.ts';

/** sizeof(struct ndmsg). */
const NDMSG_LENGTH = 12;

function formatNdmsg(
  writer: MessageWriter,
  family: number,
  ifindex: number,
  state: number,
  flags: number,
): void {
  writer.u8(family);
  writer.zeros(3);
  writer.u32(ifindex);
  writer.u16(state);
  writer.u8(flags);
  writer.u8(0);
}

/** Writes struct ndmsg of a dump request: of IP neighbours, of proxies, or of forwarding entries; of one link or of all (0). */
export function formatNeighbourDump(
  writer: MessageWriter,
  table: 'neighbours' | 'proxies' | 'fdb',
  ifindex = 0,
): void {
  formatNdmsg(writer, table === 'fdb' ? AF_BRIDGE : 0, 0, 0, table === 'proxies' ? NTF_PROXY : 0);
  if (ifindex !== 0) writer.attributeU32(NDA_IFINDEX, ifindex);
}

/**
 * Writes struct ndmsg and attributes of a permanent neighbour or a proxy; with protocol null, for RTM_DELNEIGH.
 * Equivalent to the arguments of `ip neighbour replace … nud permanent` and `ip neighbour delete`.
 */
export function formatNeighbour(
  writer: MessageWriter,
  neighbour: Neighbour,
  ifindex: number,
  protocol: number | null,
): void {
  const family = familyOf(neighbour.dst) === 4 ? AF_INET : AF_INET6;
  const state = neighbour.proxy ? 0 : NUD_PERMANENT;
  formatNdmsg(writer, family, ifindex, state, neighbour.proxy ? NTF_PROXY : 0);
  writer.attributeIp(NDA_DST, neighbour.dst);
  if (protocol === null) return;
  if (neighbour.mac !== null) writer.attributeMac(NDA_LLADDR, neighbour.mac);
  writer.attributeU8(NDA_PROTOCOL, protocol);
}

/** Whether somebody put a neighbour there: it is permanent, a proxy, or bears a protocol. What the kernel learns is none of these. */
export function isStatedNeighbour(buffer: Buffer, start: number, end: number): boolean {
  if (u16(buffer, start + 8) & NUD_PERMANENT || buffer[start + 10]! & NTF_PROXY) return true;
  const protocol = findAttribute(buffer, start + NDMSG_LENGTH, end, NDA_PROTOCOL);
  return protocol >= 0 && buffer[protocol + 4] !== 0;
}

/** Reads an IP neighbour or proxy; null for other families and for devices that are not known. */
export function parseNeighbour(
  buffer: Buffer,
  start: number,
  end: number,
  nameOf: LinkNames,
): ObservedNeighbour | null {
  const family = buffer[start]!;
  if (family !== AF_INET && family !== AF_INET6) return null;
  const ifindex = u32(buffer, start + 4);
  const proxy = (buffer[start + 10]! & NTF_PROXY) !== 0;
  const entry = readAttributes(buffer, start, end);
  const dev = nameOf(ifindex);
  if (entry.dst === null || dev === null) return null;
  const permanent = (u16(buffer, start + 8) & NUD_PERMANENT) !== 0;
  const { dst, protocol } = entry;
  return { dev, dst, mac: proxy ? null : entry.mac, proxy, ifindex, protocol, permanent };
}

/**
 * Writes struct ndmsg and attributes of a forwarding entry: with `dst` in a vxlan's own table, else in that of the bridge
 * whose port the device is. Equivalent to `bridge fdb append|delete … dst … self permanent` and `… master static`.
 */
export function formatFdbEntry(writer: MessageWriter, entry: FdbEntry, ifindex: number): void {
  if (entry.dst === null) formatNdmsg(writer, AF_BRIDGE, ifindex, NUD_NOARP, NTF_MASTER);
  else formatNdmsg(writer, AF_BRIDGE, ifindex, NUD_PERMANENT, NTF_SELF);
  writer.attributeMac(NDA_LLADDR, entry.mac);
  if (entry.dst !== null) writer.attributeIp(NDA_DST, entry.dst);
}

/** Reads a forwarding entry; null for other families and for devices that are not known. */
export function parseFdbEntry(
  buffer: Buffer,
  start: number,
  end: number,
  nameOf: LinkNames,
): ObservedFdbEntry | null {
  if (buffer[start] !== AF_BRIDGE) return null;
  const ifindex = u32(buffer, start + 4);
  const state = u16(buffer, start + 8);
  const self = (buffer[start + 10]! & NTF_SELF) !== 0;
  const dev = nameOf(ifindex);
  const { dst, mac, vlan, master } = readAttributes(buffer, start, end);
  if (mac === null || dev === null) return null;
  // In a bridge's table NUD_PERMANENT alone is an address of the port itself, which the kernel puts there.
  const stated = self
    ? dst !== null && (state & (NUD_PERMANENT | NUD_NOARP)) !== 0
    : master && !vlan && dst === null && state === NUD_NOARP;
  return { dev, mac, dst, ifindex, stated };
}

function readAttributes(
  buffer: Buffer,
  start: number,
  end: number,
): { dst: Ip | null; mac: string | null; protocol: number; vlan: boolean; master: boolean } {
  let dst: Ip | null = null;
  let mac: string | null = null;
  let protocol = 0;
  let vlan = false;
  let master = false;
  for (let at = start + NDMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    const type = attributeType(buffer, at);
    if (type === NDA_DST) dst = attributeIp(buffer, at);
    else if (type === NDA_LLADDR) mac = attributeMac(buffer, at);
    else if (type === NDA_PROTOCOL) protocol = buffer[at + 4]!;
    else if (type === NDA_VLAN) vlan = true;
    else if (type === NDA_MASTER) master = true;
  }
  return { dst, mac, protocol, vlan, master };
}
