// Device settings on the wire: struct netconfmsg (linux/netconf.h). The kernel sends these when a sysctl of them is
// written through /proc; they cannot be set this way.
import type { SysctlFamily } from '../../state/sysctl.ts';
import { AF_INET, AF_INET6 } from '../constants.ts';
import { attributeType, i32, type MessageWriter, nextAttribute } from './message.ts';

/** sizeof(struct netconfmsg), aligned: strict checking wants the padding. */
const NETCONFMSG_LENGTH = 4;

const NETCONFA_IFINDEX = 1;
const leaves: ReadonlyMap<number, Readonly<Record<SysctlFamily, string>>> = new Map([
  [2, { ipv4: 'forwarding', ipv6: 'forwarding' }],
  [3, { ipv4: 'rp_filter', ipv6: 'rp_filter' }],
  [5, { ipv4: 'proxy_arp', ipv6: 'proxy_ndp' }],
  [6, { ipv4: 'ignore_routes_with_linkdown', ipv6: 'ignore_routes_with_linkdown' }],
  [8, { ipv4: 'bc_forwarding', ipv6: 'bc_forwarding' }],
]);

/** Settings of one device by the leaf names of `net.FAMILY.conf.DEV`. */
export interface NetconfMessage {
  readonly family: SysctlFamily;
  /** -1 is `all`, -2 is `default`. */
  readonly ifindex: number;
  readonly values: ReadonlyMap<string, number>;
}

/** Writes struct netconfmsg of a dump request for one family. */
export function formatNetconfDump(writer: MessageWriter, family: SysctlFamily): void {
  writer.u8(family === 'ipv4' ? AF_INET : AF_INET6);
  writer.zeros(NETCONFMSG_LENGTH - 1);
}

/** Reads struct netconfmsg and attributes; null for families other than IP. */
export function parseNetconf(buffer: Buffer, start: number, end: number): NetconfMessage | null {
  if (buffer[start] !== AF_INET && buffer[start] !== AF_INET6) return null;
  const family: SysctlFamily = buffer[start] === AF_INET ? 'ipv4' : 'ipv6';
  let ifindex = 0;
  const values = new Map<string, number>();
  for (let at = start + NETCONFMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    const type = attributeType(buffer, at);
    const leaf = leaves.get(type);
    if (type === NETCONFA_IFINDEX) ifindex = i32(buffer, at + 4);
    else if (leaf !== undefined) values.set(leaf[family], i32(buffer, at + 4));
  }
  return { family, ifindex, values };
}
