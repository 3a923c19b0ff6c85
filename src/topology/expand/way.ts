// The way from one host to what another holds: by its address where the two share a subnet, else wrapped, as the pool says.
import { containsIp, type Family, familyOf, formatPrefix, type Ip, type Prefix } from '../../state/ip.ts';
import type { Place } from '../../state/place.ts';
import { type Host, netnsOf } from '../model/host.ts';
import { type Pool, poolOf } from '../model/pool.ts';
import type { Topology } from '../model/topology.ts';
import { type Tunnel, tunnelOf } from '../model/tunnel.ts';
import { addFinding } from '../source/findings.ts';
import { addRoute, draftNamespace, type NetworkDraft } from './draft.ts';
import { routeVia } from './route.ts';

/** Adds the route to a prefix that another host holds; a finding where there is no way. */
export function expandWay(
  draft: NetworkDraft,
  topology: Topology,
  from: Host,
  to: Host,
  dst: Prefix,
  place: Place,
): void {
  const pool = poolOf(topology.pools, dst.address);
  const family = familyOf(dst.address);
  const direct = sharedAddress(from, to, family);
  const namespace = draftNamespace(draft, netnsOf(from), from.place);
  if (from.uplink !== null && direct !== null && !isWrapped(pool, direct)) {
    addRoute(draft, namespace, routeVia(dst, direct, from.uplink.dev, place));
    return;
  }
  const own = pool === null ? null : tunnelOf(topology.tunnels, from, pool);
  const far = pool === null ? null : tunnelOf(topology.tunnels, to, pool);
  if (own !== null && far !== null) {
    addRoute(draft, namespace, { ...routeVia(dst, gatewayOf(far), own.dev, place), onlink: true });
    return;
  }
  if (pool !== null && pool.encapsulation !== 'none' && from.uplink !== null && to.uplink !== null) return; // said already
  // One finding for each pair of hosts and family, wherever it is met first.
  addFinding(
    draft.findings,
    'noWay',
    from.uplink?.place ?? from.place,
    `${from.name} and ${to.name} share no IPv${family} subnet, so ${from.name} has no way to ${to.name}'s workloads`,
    { hint: hintFor(pool), other: to.uplink?.place ?? to.place },
  );
}

/** Whether packets of a pool are wrapped between two hosts, of which the one reaches the other at `direct`, if at all. */
export function isWrapped(pool: Pool | null, direct: Ip | null): boolean {
  if (pool === null || pool.encapsulation === 'none') return false;
  return !pool.crossSubnet || direct === null;
}

/** An address of the other host in a subnet of the first one's; null for none. */
export function sharedAddress(from: Host, to: Host, family: Family): Ip | null {
  const found = to.uplink?.addresses.find(
    ({ address }) =>
      familyOf(address) === family && from.uplink?.addresses.some((own) => containsIp(own, address)),
  );
  return found?.address ?? null;
}

/** Who packets into a tunnel are handed to: in a vxlan its far end inside, in ipip outside. */
export function gatewayOf(far: Tunnel): Ip {
  return far.encapsulation === 'vxlan' ? far.address : far.outer;
}

function hintFor(pool: Pool | null): string {
  const other = 'give both an uplink address in one subnet';
  if (pool === null) return other;
  const name = formatPrefix(pool.cidr.address, pool.cidr.length);
  const kind = familyOf(pool.cidr.address) === 4 ? 'ipip-cross-subnet' : 'vxlan-cross-subnet';
  return `${other}, or say \`encapsulation: ${kind}\` of the pool ${name}`;
}
