// Forwarding entries of bridges and VXLAN devices (`bridge fdb`): identity is (dev, mac, dst).
import { formatIp, type Ip } from './ip.ts';
import type { Place } from './place.ts';

export interface FdbEntry {
  readonly dev: string;
  readonly mac: string;
  /** The VXLAN remote; null on a bridge port. */
  readonly dst: Ip | null;
}

export interface DesiredFdbEntry extends FdbEntry {
  readonly adopt: boolean;
  readonly source: Place;
}

export interface ObservedFdbEntry extends FdbEntry {
  readonly ifindex: number;
  /** Someone stated it: it is neither learned nor the address of the device itself. */
  readonly stated: boolean;
}

/** The identity as text and as reports print it: `vxlan.calico 66:… 192.168.1.33`. */
export function fdbKey(entry: FdbEntry): string {
  return entry.dst === null
    ? `${entry.dev} ${entry.mac}`
    : `${entry.dev} ${entry.mac} ${formatIp(entry.dst)}`;
}
