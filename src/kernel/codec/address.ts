// Addresses on the wire: struct ifaddrmsg (linux/if_addr.h), both directions.
import type { Address, ObservedAddress } from '../../state/address.ts';
import type { Ip } from '../../state/ip.ts';
import {
  AF_INET,
  AF_INET6,
  IFA_ADDRESS,
  IFA_F_NODAD,
  IFA_F_NOPREFIXROUTE,
  IFA_F_PERMANENT,
  IFA_F_SECONDARY,
  IFA_FLAGS,
  IFA_LOCAL,
  IFA_PROTO,
} from '../constants.ts';
import { attributeIp, attributeType, type MessageWriter, nextAttribute, u32 } from './message.ts';
import type { LinkNames } from './route.ts';

/** sizeof(struct ifaddrmsg). */
const IFADDRMSG_LENGTH = 8;

/** Writes struct ifaddrmsg of a dump request; ifindex 0 asks for those of every link. */
export function formatAddressDump(writer: MessageWriter, ifindex: number): void {
  writer.zeros(4);
  writer.u32(ifindex);
}

/** How an address is to be made: its mark (IFA_PROTO), and whether IPv6 may skip duplicate address detection. */
export interface AddressMark {
  readonly protocol: number;
  readonly nodad: boolean;
}

/**
 * Writes struct ifaddrmsg and attributes, for RTM_NEWADDR with a mark, for RTM_DELADDR without one.
 * IFA_ADDRESS always goes along: without it the kernel deletes by local address alone, whatever the prefix length.
 * Equivalent to the arguments of `ip address add` and `ip address delete`.
 */
export function formatAddress(
  writer: MessageWriter,
  address: Address,
  ifindex: number,
  mark: AddressMark | null,
): void {
  const ipv6 = typeof address.address === 'string';
  writer.u8(ipv6 ? AF_INET6 : AF_INET);
  writer.u8(address.prefixlen);
  writer.u8(0);
  writer.u8(address.scope);
  writer.u32(ifindex);
  writer.attributeIp(IFA_LOCAL, address.address);
  writer.attributeIp(IFA_ADDRESS, address.peer ?? address.address);
  if (mark === null) return;
  let flags = address.noprefixroute ? IFA_F_NOPREFIXROUTE : 0;
  if (ipv6 && mark.nodad) flags |= IFA_F_NODAD;
  if (flags !== 0) writer.attributeU32(IFA_FLAGS, flags);
  writer.attributeU8(IFA_PROTO, mark.protocol);
}

/** Reads struct ifaddrmsg and attributes; null for families other than IP. */
export function parseAddress(
  buffer: Buffer,
  start: number,
  end: number,
  nameOf: LinkNames,
): ObservedAddress | null {
  const family = buffer[start]!;
  if (family !== AF_INET && family !== AF_INET6) return null;
  const ifindex = u32(buffer, start + 4);
  let flags = buffer[start + 2]!;
  let local: Ip | null = null;
  let far: Ip | null = null;
  let protocol = 0;
  for (let at = start + IFADDRMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    switch (attributeType(buffer, at)) {
      case IFA_ADDRESS:
        far = attributeIp(buffer, at);
        break;
      case IFA_LOCAL:
        local = attributeIp(buffer, at);
        break;
      case IFA_FLAGS:
        flags = u32(buffer, at + 4);
        break;
      case IFA_PROTO:
        protocol = buffer[at + 4]!;
        break;
    }
  }
  const address = local ?? far;
  const dev = nameOf(ifindex);
  if (address === null || dev === null) return null;
  return {
    dev,
    address,
    prefixlen: buffer[start + 1]!,
    peer: far !== null && far !== address ? far : null,
    scope: buffer[start + 3]!,
    noprefixroute: (flags & IFA_F_NOPREFIXROUTE) !== 0,
    ifindex,
    protocol,
    permanent: (flags & IFA_F_PERMANENT) !== 0,
    secondary: family === AF_INET && (flags & IFA_F_SECONDARY) !== 0,
  };
}
