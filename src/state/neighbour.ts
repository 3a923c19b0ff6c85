// Neighbours (`ip neighbour`): identity is (dev, dst); proxies are a table of their own.
import { formatIp, type Ip } from './ip.ts';
import type { Place } from './place.ts';

export interface Neighbour {
  readonly dev: string;
  readonly dst: Ip;
  /** Null for a proxy entry. */
  readonly mac: string | null;
  /** The host answers for `dst` on `dev` in another's stead. */
  readonly proxy: boolean;
}

export interface DesiredNeighbour extends Neighbour {
  readonly adopt: boolean;
  readonly source: Place;
}

export interface ObservedNeighbour extends Neighbour {
  readonly ifindex: number;
  /** NDA_PROTOCOL: the owner's mark; 0 for none. */
  readonly protocol: number;
  /** NUD_PERMANENT. */
  readonly permanent: boolean;
}

/** The identity as text and as reports print it: `eth0 192.168.1.16`; a proxy's ends in ` proxy`. */
export function neighbourKey(neighbour: Neighbour): string {
  return `${neighbour.dev} ${formatIp(neighbour.dst)}${neighbour.proxy ? ' proxy' : ''}`;
}
