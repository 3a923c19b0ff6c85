// BGP speakers: for each host the routing daemon's peers, what it announces, and what it may learn.
import { formatIp, type Ip, type Prefix } from './ip.ts';
import type { Place } from './place.ts';

export interface BgpPeer {
  /** Unique among a speaker's peers: a host's name with the family, or as the file has it. */
  readonly name: string;
  readonly address: Ip;
  readonly asn: number;
  /** The source of the session. */
  readonly local: Ip;
  /** A client of this route reflector. */
  readonly client: boolean;
  /** It is in no subnet of the uplink. */
  readonly multihop: boolean;
  /** A host of this fabric, which has a tunnel wherever this one has. */
  readonly inside: boolean;
  /** The file that holds the session's password; null for none. */
  readonly passwordFile: string | null;
  readonly source: Place;
}

/** A tunnel of a host for pools that BGP carries: the hosts announce what they hold there by their tunnels' addresses. */
export interface BgpTunnel {
  readonly pools: readonly Prefix[];
  /** The host's own address in it: the next hop that it announces. */
  readonly nextHop: Ip;
  /** How it reaches the next hops that the others announce. */
  readonly ways: readonly BgpWay[];
}

/** The way to another host's tunnel address: through the tunnel, or past it where the two hosts share a subnet. */
export interface BgpWay {
  readonly nextHop: Ip;
  readonly via: Ip;
  readonly dev: string;
  /** `via` is in no subnet of the device. */
  readonly onlink: boolean;
}

export interface BgpSpeaker {
  readonly host: string;
  readonly netns: string;
  /** A daemon of our own runs in the namespace; else this is a real machine's, which is asked to read our file. */
  readonly simulated: boolean;
  readonly asn: number;
  /** As an IPv4 address. */
  readonly routerId: number;
  readonly uplink: string;
  /** What may be announced and learnt: these and what is in them. */
  readonly pools: readonly Prefix[];
  readonly announces: readonly Prefix[];
  /** Of the pools that are wrapped; none where packets travel as they are. */
  readonly tunnels: readonly BgpTunnel[];
  readonly peers: readonly BgpPeer[];
  /** Of a real machine: the file that its configuration includes, and the daemon's control socket. */
  readonly configFile: string;
  readonly controlSocket: string;
  readonly source: Place;
}

/** A session as the daemon tells it. */
export interface BgpSession {
  readonly peer: string;
  /** `Established`, or how far it came. */
  readonly state: string;
  /** Routes taken from the peer. */
  readonly received: number;
  /** Why it is down, in the daemon's words, or what its silence means; empty for nothing. */
  readonly trouble: string;
}

/** What a speaker's daemon does. */
export interface ObservedBgp {
  /** Its configuration is the one that is wanted. */
  readonly configured: boolean;
  /** A daemon has run here: what it does no more was changed by somebody. */
  readonly started: boolean;
  /** Null: it does not run, or could not be asked. */
  readonly sessions: readonly BgpSession[] | null;
  /** Why there is none to ask; empty for nothing. */
  readonly trouble: string;
}

/** Where a real machine's BIRD is looked for, unless the file says another place. */
export const DEFAULT_CONTROL = {
  configFile: '/etc/bird/calico-reconcile.conf',
  controlSocket: '/run/bird/bird.ctl',
} as const;

/** What a session is when routes go over it. */
export const ESTABLISHED = 'Established';

/** The identity as reports print it: `host1.4 192.168.1.11`. */
export function formatSessionKey(peer: BgpPeer): string {
  return `${peer.name} ${formatIp(peer.address)}`;
}
