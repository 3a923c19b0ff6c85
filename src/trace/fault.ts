// Why a packet dies, or may: a code for machines, a clause for people, and what to look at or run to mend it.
import type { Kind } from '../reconcile/difference.ts';
import type { Ip } from '../state/ip.ts';

/** The seven reasons why proxy ARP stays silent. */
export type ProxyArpCode =
  | 'proxyArpOff' // proxy_arp=0 on the device that is asked
  | 'proxyArpForwardingOff' // forwarding=0 on it
  | 'proxyArpNoRoute' // the host has no route to the address asked for
  | 'proxyArpUnreachable' // its route is unreachable or prohibit
  | 'proxyArpBlackhole' // its route is a blackhole
  | 'proxyArpRouteBack' // its route leads back by the device that asks
  | 'proxyArpRpFilter'; // rp_filter refuses who asks

export type FaultCode =
  | ProxyArpCode
  | 'noNamespace' // there is no such namespace
  | 'noAddress' // the sender does not have its address
  | 'noRoute'
  | 'blackhole'
  | 'unreachable'
  | 'prohibited'
  | 'forwardingOff'
  | 'rpFilter'
  | 'martian' // it comes from an address that is the receiver's own
  | 'refused' // by the kernel, for a reason that its state does not show
  | 'linkMissing'
  | 'linkDown'
  | 'noCarrier' // the far end, or all of a bridge's ports, are down
  | 'wrongPeer' // a veth leads elsewhere than the file says
  | 'noAnswer' // nobody on the wire has the address that is asked for
  | 'arpIgnore'
  | 'wrongMac' // a neighbour entry names a hardware address that is not there
  | 'noTunnel' // the far host has no tunnel device that takes the packet
  | 'loop'
  | 'mtuHole' // packets that fit the sender's link are lost on the way without a word
  | 'firewall' // a chain here can drop it
  | 'proxyDelay' // the first answer is late
  | 'unexplained'; // real packets are lost where every lookup is sound

/** An item of the topology that a fault is about. */
export interface ItemRef {
  readonly netns: string;
  readonly kind: Kind;
  /** As reports print it; null for a route by the address it must cover. */
  readonly key: string | null;
  readonly covers: Ip | null;
}

/** What mends a fault where the topology does not: a sysctl, or an `ip` command. */
export type Remedy =
  | { readonly kind: 'sysctl'; readonly netns: string; readonly key: string; readonly value: string }
  | { readonly kind: 'ip'; readonly netns: string; readonly words: readonly (string | number)[] }
  | { readonly kind: 'shell'; readonly words: readonly string[] }
  | { readonly kind: 'advice'; readonly text: string };

export interface Fault {
  readonly code: FaultCode;
  readonly netns: string;
  /** Null where no single device is at fault. */
  readonly dev: string | null;
  /** One clause, in the words of `ip`. */
  readonly message: string;
  /** Items that should differ from the topology if this is drift, the likeliest first. */
  readonly items: readonly ItemRef[];
  readonly remedy: Remedy | null;
}

/** A reference to the item with a key. */
export function itemRef(netns: string, kind: Kind, key: string): ItemRef {
  return { netns, kind, key, covers: null };
}

/** Whatever route of a namespace covers an address. */
export function routeTo(netns: string, covers: Ip): ItemRef {
  return { netns, kind: 'route', key: null, covers };
}

/** A sysctl that should have another value. */
export function sysctlRemedy(netns: string, key: string, value: string): Remedy {
  return { kind: 'sysctl', netns, key, value };
}

/** An `ip` command in a namespace. */
export function ipRemedy(netns: string, ...words: readonly (string | number)[]): Remedy {
  return { kind: 'ip', netns, words };
}
