// Live links as desired ones: those the tool could make, in full; all others as `existing`.
import { type DesiredLink, defaultMtu, type LinkSpec, type ObservedLink } from '../state/link.ts';
import type { ObservedNamespace } from '../state/network.ts';
import { NOWHERE } from '../state/place.ts';

const LOOPBACK = 772;
const validIfname = /^[A-Za-z0-9._-]{1,15}$/;
const reserved: ReadonlySet<string> = new Set(['.', '..', 'all', 'default']);
const CALICO_MAC = 'ee:ee:ee:ee:ee:ee';

/** The links of a namespace by name; `wanted`: the namespaces that are described beside it. */
export function describeLinks(
  observed: ObservedNamespace,
  wanted: ReadonlySet<string>,
): { readonly links: ReadonlyMap<string, DesiredLink>; readonly leftOut: readonly string[] } {
  const links = new Map<string, DesiredLink>();
  const leftOut: string[] = [];
  for (const link of observed.links.values()) {
    if (!validIfname.test(link.name) || reserved.has(link.name)) {
      leftOut.push(`link ${link.name}: no name for a topology`);
      continue;
    }
    const spec = specOf(link, wanted);
    if (spec.kind === 'existing' && isIdle(link, observed)) continue;
    const { reason } = spec;
    if (reason !== null) leftOut.push(`link ${link.name} is only referred to: ${reason}`);
    links.set(link.name, describeLink(link, spec.spec));
  }
  return { links, leftOut };
}

interface Specified {
  readonly kind: LinkSpec['kind'];
  readonly spec: LinkSpec;
  /** Why the tool could not make it although it is virtual; null otherwise. */
  readonly reason: string | null;
}

function specOf(link: ObservedLink, wanted: ReadonlySet<string>): Specified {
  const spec = makeable(link, wanted);
  if (spec !== null) return { kind: spec.kind, spec, reason: null };
  const existing: LinkSpec = { kind: 'existing' };
  if (link.kind === '') return { kind: 'existing', spec: existing, reason: null };
  const reason =
    link.kind === 'veth'
      ? 'its far end is in none of these namespaces'
      : `a topology cannot make a ${link.kind}`;
  return { kind: 'existing', spec: existing, reason };
}

/** What the tool would make; null for what it only refers to. */
function makeable(link: ObservedLink, wanted: ReadonlySet<string>): LinkSpec | null {
  if (link.kind === 'veth') {
    const { peer } = link;
    return peer !== null && wanted.has(peer.netns) && validIfname.test(peer.name)
      ? { kind: 'veth', peer }
      : null;
  }
  if (link.kind === 'bridge' && link.bridge !== null) return { kind: 'bridge', ...link.bridge };
  if (link.kind === 'dummy' || link.kind === 'ifb') return { kind: link.kind };
  return link.settings?.kind === link.kind ? link.settings : null;
}

function describeLink(link: ObservedLink, spec: LinkSpec): DesiredLink {
  const made = spec.kind !== 'existing';
  const simple = spec.kind === 'veth' || spec.kind === 'bridge' || spec.kind === 'dummy';
  return {
    name: link.name,
    spec,
    up: link.up,
    mtu: made && !(simple && link.mtu === defaultMtu(spec.kind)) ? link.mtu : null,
    mac: made && link.mac === CALICO_MAC ? link.mac : null,
    master: made ? link.master : null,
    adopt: false,
    source: NOWHERE,
  };
}

/** A device that nothing is said about: a loopback that is down, an unused tunnel of the kernel's. */
function isIdle(link: ObservedLink, { addresses, routes }: ObservedNamespace): boolean {
  if (link.up) return false;
  const used = addresses.some(({ dev }) => dev === link.name) || routes.some(({ dev }) => dev === link.name);
  return !used && (link.type === LOOPBACK || link.kind !== 'veth');
}
