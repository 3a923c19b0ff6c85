// Links: what differs, and whether the kernel can change it in place.
import type { DesiredLink, LinkSpec, ObservedLink } from '../state/link.ts';
import { defaultMtu } from '../state/link.ts';
import type { Comparison, Finding } from './diff.ts';

/** What makes a link the desired one; what is absent is already so. */
export interface LinkDelta {
  /** Why it must be made anew; null where all the rest can be changed in place. */
  readonly recreate: string | null;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  readonly master?: string | null;
  readonly bridge?: { readonly stp?: boolean; readonly vlanFiltering?: boolean };
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
    const foreign = link.spec.kind !== 'existing' && !ownership.ownsLink(found);
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

/** What differs between a link and the desired one; null for nothing. A foreign link is not asked for our mark. */
export function compareLink(
  desired: DesiredLink,
  observed: ObservedLink,
  comparison: Comparison,
): LinkDelta | null {
  const delta: { -readonly [Key in keyof LinkDelta]: LinkDelta[Key] } = { recreate: null };
  const { spec } = desired;
  if (spec.kind !== 'existing') {
    delta.recreate = whyRecreate(spec, observed);
    const mtu = desired.mtu ?? unstatedMtu(desired, observed, comparison);
    if (observed.mtu !== mtu) delta.mtu = mtu;
    if (observed.master !== desired.master) delta.master = desired.master;
    const bridge = compareBridge(spec, observed);
    if (bridge !== null) delta.bridge = bridge;
    const ours = comparison.ownership.ownsLink(observed);
    if (ours && observed.alias !== comparison.ownership.alias) delta.mark = true;
  } else {
    if (desired.mtu !== null && observed.mtu !== desired.mtu) delta.mtu = desired.mtu;
    if (desired.master !== null && observed.master !== desired.master) delta.master = desired.master;
  }
  if (desired.up !== null && observed.up !== desired.up) delta.up = desired.up;
  if (desired.mac !== null && observed.mac !== desired.mac) delta.mac = desired.mac;
  return Object.keys(delta).length === 1 && delta.recreate === null ? null : delta;
}

function whyRecreate(spec: LinkSpec, observed: ObservedLink): string | null {
  if (observed.kind !== spec.kind)
    return `it is ${observed.kind === '' ? 'a device' : `a ${observed.kind}`}, not a ${spec.kind}`;
  if (spec.kind !== 'veth') return null;
  const { peer } = observed;
  if (peer === null) return 'its other end is not where the file has it';
  if (peer.netns === spec.peer.netns && peer.name === spec.peer.name) return null;
  return `its other end is ${peer.name} in ${peer.netns}`;
}

function compareBridge(spec: LinkSpec, { bridge }: ObservedLink): NonNullable<LinkDelta['bridge']> | null {
  if (spec.kind !== 'bridge' || bridge === null) return null;
  if (bridge.stp === spec.stp && bridge.vlanFiltering === spec.vlanFiltering) return null;
  return {
    ...(bridge.stp === spec.stp ? {} : { stp: spec.stp }),
    ...(bridge.vlanFiltering === spec.vlanFiltering ? {} : { vlanFiltering: spec.vlanFiltering }),
  };
}

/** The MTU of a link that states none: its kind's, but for a bridge the least of its ports', which the kernel keeps so. */
function unstatedMtu(desired: DesiredLink, observed: ObservedLink, comparison: Comparison): number {
  if (desired.spec.kind !== 'bridge') return defaultMtu(desired.spec.kind);
  const portMtus = [...comparison.observed.links.values()]
    .filter((link) => link.master === desired.name)
    .map((link) => link.mtu);
  if (portMtus.length > 0 && Math.min(...portMtus) === observed.mtu) return observed.mtu;
  const wanted = [...comparison.desired.links.values()].filter((link) => link.master === desired.name);
  return Math.min(...wanted.map((link) => link.mtu ?? defaultMtu(link.spec.kind)), defaultMtu('bridge'));
}
