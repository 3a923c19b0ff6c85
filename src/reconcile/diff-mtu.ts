// The MTU of a link that states none: what the kernel gives a new one of its kind in its place.
import { type DesiredLink, defaultMtu, type ObservedLink } from '../state/link.ts';
import { parentOf, vxlanOverhead } from '../state/link-kind.ts';
import type { Comparison } from './diff.ts';

/** In bytes; what is observed where that depends on what nobody here knows. */
export function unstatedMtu(desired: DesiredLink, observed: ObservedLink, comparison: Comparison): number {
  const { spec } = desired;
  if (spec.kind === 'bridge') return bridgeMtu(desired, observed, comparison);
  // The kernel takes that of the route to the far end, whatever it was when the tunnel was made.
  if (spec.kind === 'ipip' && spec.remote !== null) return observed.mtu;
  const parent = parentOf(spec);
  if (parent === null) return defaultMtu(spec.kind);
  const below = comparison.desired.links.get(parent)?.mtu ?? comparison.observed.links.get(parent)?.mtu;
  if (below === undefined) return observed.mtu;
  return spec.kind === 'vxlan' ? below - vxlanOverhead(typeof spec.local === 'string' ? 6 : 4) : below;
}

/** The least of its ports', at which the kernel keeps it. */
function bridgeMtu(desired: DesiredLink, observed: ObservedLink, comparison: Comparison): number {
  const portMtus = [...comparison.observed.links.values()]
    .filter((link) => link.master === desired.name)
    .map((link) => link.mtu);
  if (portMtus.length > 0 && Math.min(...portMtus) === observed.mtu) return observed.mtu;
  const wanted = [...comparison.desired.links.values()].filter((link) => link.master === desired.name);
  if (wanted.length === 0) return defaultMtu('bridge');
  return Math.min(...wanted.map((link) => link.mtu ?? defaultMtu(link.spec.kind)));
}
