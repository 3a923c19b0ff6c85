// Addresses (`ip address`): identity is (dev, address, prefixlen, peer) in IPv4 and (dev, address) in IPv6.
import { familyOf, formatPrefix, type Ip, maskIp } from './ip.ts';
import type { Place } from './place.ts';

export interface Address {
  readonly dev: string;
  readonly address: Ip;
  readonly prefixlen: number;
  /** The far end of a point-to-point address; then `prefixlen` is the peer's. */
  readonly peer: Ip | null;
  /** RT_SCOPE_*. */
  readonly scope: number;
  /** The kernel makes no route to the address's own subnet. */
  readonly noprefixroute: boolean;
}

export interface DesiredAddress extends Address {
  readonly adopt: boolean;
  readonly source: Place;
}

export interface ObservedAddress extends Address {
  readonly ifindex: number;
  /** IFA_PROTO: the owner's mark; 0 for none, 1-3 the kernel's own. */
  readonly protocol: number;
  /** IFA_F_PERMANENT: no lifetime runs. */
  readonly permanent: boolean;
  /** IFA_F_SECONDARY of IPv4: another address of the subnet comes first. */
  readonly secondary: boolean;
}

/** The identity as text: `eth0 10.20.1.2/24`. */
export function addressKey(address: Address): string {
  const peer = address.peer === null ? '' : ` peer ${address.peer}`;
  const length = familyOf(address.address) === 4 ? address.prefixlen : 128;
  return `${address.dev} ${formatPrefix(address.address, length)}${peer}`;
}

/** The identity as reports print it: `eth0 10.20.1.2/24`. */
export function formatAddressKey(address: Address): string {
  return `${address.dev} ${formatPrefix(address.address, address.prefixlen)}`;
}

/** Whether two addresses of one identity are the same in everything a topology can state. */
export function sameAddress(a: Address, b: Address): boolean {
  return (
    a.prefixlen === b.prefixlen &&
    a.scope === b.scope &&
    a.noprefixroute === b.noprefixroute &&
    a.peer === b.peer
  );
}

/** The device and subnet of an address, in which the first is the primary; null where no order matters. */
export function subnetOf({ dev, address, prefixlen, peer }: Address): string | null {
  if (typeof address !== 'number' || peer !== null || prefixlen === 32) return null;
  return `${dev} ${maskIp(address, prefixlen)}/${prefixlen}`;
}

/** The first address of each subnet, as a file has them. */
export function firstsOf<Item extends Address>(addresses: readonly Item[]): ReadonlyMap<string, Item> {
  const firsts = new Map<string, Item>();
  for (const address of addresses) {
    const subnet = subnetOf(address);
    if (subnet !== null && !firsts.has(subnet)) firsts.set(subnet, address);
  }
  return firsts;
}
