// Links (`ip link`): identity is the name within its namespace.
import { IPIP_OVERHEAD, type KindSettings } from './link-kind.ts';
import type { Place } from './place.ts';

/** One end of a veth pair: the namespace (`self` for the one the tool runs in) and the name there. */
export interface LinkEnd {
  readonly netns: string;
  readonly name: string;
}

/** What a link is, by kind. `existing` is a link that the tool refers to and never creates. */
export type LinkSpec =
  | { readonly kind: 'veth'; readonly peer: LinkEnd }
  | { readonly kind: 'bridge'; readonly stp: boolean; readonly vlanFiltering: boolean }
  | { readonly kind: 'dummy' }
  | { readonly kind: 'ifb' }
  | KindSettings
  | { readonly kind: 'existing' };

export type LinkKind = LinkSpec['kind'];

export interface DesiredLink {
  readonly name: string;
  readonly spec: LinkSpec;
  /** Null (only for an existing link): left as it is. */
  readonly up: boolean | null;
  /** Bytes. Null: the kernel's default for the kind; for an existing link, left as it is. */
  readonly mtu: number | null;
  /** Lower case, six octets. Null: whatever it is. */
  readonly mac: string | null;
  /** The bridge it is a port of. Null: of none; for an existing link, left as it is. */
  readonly master: string | null;
  readonly adopt: boolean;
  readonly source: Place;
}

export interface ObservedLink {
  readonly name: string;
  readonly ifindex: number;
  /** IFLA_INFO_KIND; empty for a physical device and for `lo`. */
  readonly kind: string;
  /** ARPHRD_*: 772 is a loopback, 1 Ethernet. */
  readonly type: number;
  readonly up: boolean;
  /** IFF_LOWER_UP: the other end, or the cable, is up too. */
  readonly carrier: boolean;
  /** IFF_RUNNING: packets go through; for a moment after carrier comes they do not. */
  readonly running: boolean;
  readonly mtu: number;
  /** Empty where the device has no hardware address. */
  readonly mac: string;
  /** The bridge it is a port of; null for none. */
  readonly master: string | null;
  /** The other end of a veth; null for other kinds, and where it stands in no namespace that was read. */
  readonly peer: LinkEnd | null;
  readonly group: number;
  readonly alias: string;
  readonly altnames: readonly string[];
  /** What the kernel says of the kind's own settings. */
  readonly bridge: { readonly stp: boolean; readonly vlanFiltering: boolean } | null;
  /** The same for a vxlan, ipip, vlan or macvlan, in the form in which a topology states them. */
  readonly settings: KindSettings | null;
  /** The `net.ipv4.conf.DEV.*` values by IPV4_DEVCONF_* number minus one; null where IPv4 is off. */
  readonly ipv4Conf: Int32Array | null;
  /** The `net.ipv6.conf.DEV.*` values by DEVCONF_* number; null where IPv6 is off. */
  readonly ipv6Conf: Int32Array | null;
}

/** The MTU that a new link of a kind has when nothing is said and it stands on no other link, in bytes. */
export function defaultMtu(kind: LinkKind): number {
  return kind === 'ipip' ? ETHERNET_MTU - IPIP_OVERHEAD : ETHERNET_MTU;
}

const ETHERNET_MTU = 1500;

/** `ee:EE:…` in lower case; null where it is no hardware address of six octets. */
export function parseMac(text: string): string | null {
  return /^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/.test(text) ? text.toLowerCase() : null;
}
