// Links: what differs, and whether the kernel can change it in place.
import type { DesiredLink, LinkEnd, LinkSpec, ObservedLink } from '../state/link.ts';
import {
  hasSettings,
  type KindSettings,
  parentOf,
  sameSettings,
  whyAnotherLink,
} from '../state/link-kind.ts';
import { NOWHERE } from '../state/place.ts';
import type { Comparison, Finding } from './diff.ts';
import { unstatedMtu } from './diff-mtu.ts';
import { isIdleFallback } from './ownership.ts';

const LOOPBACK_MTU = 65536;

/** What makes a link the desired one; what is absent is already so. */
export interface LinkDelta {
  /** Why it must be made anew; null where all the rest can be changed in place. */
  readonly recreate: string | null;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  readonly master?: string | null;
  readonly bridge?: { readonly stp?: boolean; readonly vlanFiltering?: boolean };
  /** Settings of its kind that the kernel changes in place. */
  readonly settings?: KindSettings;
  /** Group and alias are not ours yet. */
  readonly mark?: boolean;
}

export function* diffLinks(comparison: Comparison): Generator<Finding> {
  const { desired, observed, ownership } = comparison;
  for (const link of desired.links.values()) {
    const found = observed.links.get(link.name);
    if (found === undefined) {
      const cause = link.spec.kind === 'existing' ? 'waited for: the file does not make it' : null;
      yield { kind: 'link', desired: link, observed: null, change: 'missing', foreign: false, cause };
      continue;
    }
    const delta = compareLink(link, found, comparison);
    if (delta === null) continue;
    const foreign = link.spec.kind !== 'existing' && !ownership.ownsLink(found) && !isIdleFallback(found);
    const unstated = link.mtu === null && delta.mtu !== undefined ? { unstatedMtu: delta.mtu } : {};
    const cause = delta.recreate;
    yield { kind: 'link', desired: link, observed: found, ...unstated, change: 'changed', foreign, cause };
  }
  const extra = [...observed.links.values()].filter(
    (link) => !desired.links.has(link.name) && ownership.isExtraLink(link),
  );
  for (const link of extra.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    yield { kind: 'link', desired: null, observed: link, change: 'extra', foreign: false, cause: null };
  }
}

/** The `lo` of a namespace we made, once stated and no longer: it goes back to what it is in a fresh namespace. */
export function* diffDroppedLoopback(comparison: Comparison, lo: ObservedLink): Generator<Finding> {
  const { desired, observed, ownership } = comparison;
  if (observed.madeBy !== ownership.owner.topology || desired.links.has(lo.name)) return;
  const fresh: DesiredLink = {
    name: lo.name,
    spec: { kind: 'existing' },
    up: false,
    mtu: LOOPBACK_MTU,
    mac: null,
    master: null,
    adopt: false,
    source: NOWHERE,
  };
  if (compareLink(fresh, lo, comparison) === null) return;
  yield { kind: 'link', desired: fresh, observed: lo, change: 'changed', foreign: false, cause: null };
}

/** What differs between a link and the desired one; null for nothing. A foreign link is not asked for our mark. */
export function compareLink(
  desired: DesiredLink,
  observed: ObservedLink,
  comparison: Comparison,
): LinkDelta | null {
  const delta: { -readonly [Key in keyof LinkDelta]: LinkDelta[Key] } = { recreate: null };
  const { spec } = desired;
  if (spec.kind !== 'existing') {
    delta.recreate = whyRecreate(spec, observed, comparison);
    const mtu = desired.mtu ?? unstatedMtu(desired, observed, comparison);
    if (observed.mtu !== mtu) delta.mtu = mtu;
    if (observed.master !== desired.master) delta.master = desired.master;
    const bridge = compareBridge(spec, observed);
    if (bridge !== null) delta.bridge = bridge;
    const { settings } = observed;
    if (hasSettings(spec) && settings?.kind === spec.kind && !sameSettings(spec, settings))
      delta.settings = spec;
    const ours = comparison.ownership.ownsLink(observed) || isIdleFallback(observed);
    if (ours && observed.alias !== comparison.ownership.alias) delta.mark = true;
  } else {
    if (desired.mtu !== null && observed.mtu !== desired.mtu) delta.mtu = desired.mtu;
    if (desired.master !== null && observed.master !== desired.master) delta.master = desired.master;
  }
  if (desired.up !== null && observed.up !== desired.up) delta.up = desired.up;
  if (desired.mac !== null && observed.mac !== desired.mac) delta.mac = desired.mac;
  return Object.keys(delta).length === 1 && delta.recreate === null ? null : delta;
}

function whyRecreate(spec: LinkSpec, observed: ObservedLink, comparison: Comparison): string | null {
  if (observed.kind !== spec.kind)
    return `it is ${observed.kind === '' ? 'a device' : `a ${observed.kind}`}, not a ${spec.kind}`;
  if (spec.kind === 'veth') return whyOtherPeer(spec.peer, observed);
  if (!hasSettings(spec) || observed.settings === null) return null;
  return whyAnotherLink(spec, observed.settings) ?? whyGoneWithParent(spec, comparison);
}

function whyOtherPeer(wanted: LinkEnd, { peer }: ObservedLink): string | null {
  if (peer === null) return 'its other end is not where the file has it';
  if (peer.netns === wanted.netns && peer.name === wanted.name) return null;
  return `its other end is ${peer.name} in ${peer.netns}`;
}

/** What stands on a link goes with it. */
function whyGoneWithParent(spec: KindSettings, comparison: Comparison): string | null {
  const name = parentOf(spec);
  const parent = name === null ? undefined : comparison.desired.links.get(name);
  const standing = name === null ? undefined : comparison.observed.links.get(name);
  if (parent === undefined || standing === undefined) return null;
  return compareLink(parent, standing, comparison)?.recreate
    ? `${name} is made anew, and takes it along`
    : null;
}

function compareBridge(spec: LinkSpec, { bridge }: ObservedLink): NonNullable<LinkDelta['bridge']> | null {
  if (spec.kind !== 'bridge' || bridge === null) return null;
  if (bridge.stp === spec.stp && bridge.vlanFiltering === spec.vlanFiltering) return null;
  return {
    ...(bridge.stp === spec.stp ? {} : { stp: spec.stp }),
    ...(bridge.vlanFiltering === spec.vlanFiltering ? {} : { vlanFiltering: spec.vlanFiltering }),
  };
}
