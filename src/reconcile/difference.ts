// A difference between the desired and the observed network: the unit of reports, plans and outcomes.
import {
  type Address,
  type DesiredAddress,
  formatAddressKey,
  type ObservedAddress,
} from '../state/address.ts';
import { type BgpPeer, type BgpSession, formatSessionKey } from '../state/bgp.ts';
import { type DesiredFdbEntry, type FdbEntry, fdbKey, type ObservedFdbEntry } from '../state/fdb.ts';
import type { DesiredLink, ObservedLink } from '../state/link.ts';
import {
  type DesiredNeighbour,
  type Neighbour,
  neighbourKey,
  type ObservedNeighbour,
} from '../state/neighbour.ts';
import type { DesiredNamespace, ObservedNamespace } from '../state/network.ts';
import { type DesiredRoute, formatRouteKey, type ObservedRoute, type Route } from '../state/route.ts';
import type { DesiredSysctl } from '../state/sysctl.ts';

export type Change = 'missing' | 'changed' | 'extra';

/** `pending`: the file changed since it was last applied, or never was. `drift`: the kernel changed. */
export type DifferenceClass = 'pending' | 'drift';

/** A kernel setting's value: desired from the file or, where the file is silent about a link of ours, a new link's own. */
export interface SysctlValue {
  readonly key: string;
  readonly value: string;
}

interface Sides<Kind extends string, Desired, Observed> {
  readonly kind: Kind;
  /** Null for an extra item. */
  readonly desired: Desired | null;
  /** Null for a missing item. */
  readonly observed: Observed | null;
}

/** The two sides, by kind. */
export type Subject =
  | Sides<'netns', DesiredNamespace, ObservedNamespace>
  | (Sides<'link', DesiredLink, ObservedLink> & {
      /** Bytes: what a changed link is to have where the file states none; absent where that is as it is. */
      readonly unstatedMtu?: number;
    })
  | Sides<'address', DesiredAddress, ObservedAddress>
  | Sides<'neighbour', DesiredNeighbour, ObservedNeighbour>
  | Sides<'fdb', DesiredFdbEntry, ObservedFdbEntry>
  | Sides<'route', DesiredRoute, ObservedRoute>
  | Sides<'bgp', BgpPeer, BgpSession>
  | Sides<'sysctl', DesiredSysctl | SysctlValue, SysctlValue>;

export type Kind = Subject['kind'];

export type Difference = Subject & {
  /** The namespace's name, `self` for the one the tool runs in. */
  readonly netns: string;
  readonly change: Change;
  readonly class: DifferenceClass;
  /** A foreign item stands at the desired identity: reported, not overwritten unless adopted. */
  readonly conflict: boolean;
  /** One clause, where state or events tell it: `replaced by proto bird`. */
  readonly cause: string | null;
};

/** The identity as reports print it, by kind. */
export function differenceKey(difference: Subject & { readonly netns: string }): string {
  const item = difference.desired ?? difference.observed;
  switch (difference.kind) {
    case 'netns':
      return difference.netns;
    case 'link':
      return (item as DesiredLink | ObservedLink).name;
    case 'address':
      return formatAddressKey(item as Address);
    case 'neighbour':
      return neighbourKey(item as Neighbour);
    case 'fdb':
      return fdbKey(item as FdbEntry);
    case 'route':
      return formatRouteKey(item as Route);
    case 'bgp':
      return difference.desired === null ? '' : formatSessionKey(difference.desired);
    case 'sysctl':
      return (item as SysctlValue).key;
  }
}

/** The identity of a difference among all of a topology: `host0 route 10.20.1.3/32`. */
export function keyOf(difference: Subject & { readonly netns: string }): string {
  return `${difference.netns} ${difference.kind} ${differenceKey(difference)}`;
}

export interface Summary {
  readonly missing: number;
  readonly changed: number;
  readonly extra: number;
  readonly pending: number;
  readonly drift: number;
  readonly conflicts: number;
  readonly ignored: number;
}

export function summarize(differences: readonly Difference[], ignored: number): Summary {
  const count = (test: (difference: Difference) => boolean): number => differences.filter(test).length;
  return {
    missing: count((d) => d.change === 'missing'),
    changed: count((d) => d.change === 'changed'),
    extra: count((d) => d.change === 'extra'),
    pending: count((d) => d.class === 'pending'),
    drift: count((d) => d.class === 'drift'),
    conflicts: count((d) => d.conflict),
    ignored,
  };
}

/** What became of a difference in an apply. */
export interface Outcome {
  readonly difference: Difference;
  readonly outcome: 'done' | 'failed' | 'skipped';
  /** The kernel's words, or why it was skipped; null when done. */
  readonly reason: string | null;
}
