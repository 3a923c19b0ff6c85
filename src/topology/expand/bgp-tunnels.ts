// The tunnels of pools that BGP carries. A host announces what it holds in them by its tunnel's address, and each of the others
// knows its own way to that address: through the tunnel, or past it in a subnet that the two share.
import type { BgpTunnel, BgpWay } from '../../state/bgp.ts';
import { familyOf, formatPrefix } from '../../state/ip.ts';
import type { Host } from '../model/host.ts';
import type { Pool } from '../model/pool.ts';
import type { Topology } from '../model/topology.ts';
import { type Tunnel, tunnelOf } from '../model/tunnel.ts';
import { addFinding } from '../source/findings.ts';
import type { NetworkDraft } from './draft.ts';
import { gatewayOf, isWrapped, sharedAddress } from './way.ts';

/** One tunnel is one next hop: a finding where two pools of it differ in when they are wrapped. */
export function checkTunnels(draft: NetworkDraft, pools: readonly Pool[]): void {
  for (const [index, pool] of pools.entries()) {
    const other = pools
      .slice(0, index)
      .find((one) => isOfOneTunnel(one, pool) && one.crossSubnet !== pool.crossSubnet);
    if (other === undefined) continue;
    const name = formatPrefix(other.cidr.address, other.cidr.length);
    const message = `BGP cannot tell this pool from ${name}, which is wrapped by the same tunnel at other times`;
    addFinding(draft.findings, 'notAllowed', pool.cidr.place, message, {
      hint: 'let both be `…-cross-subnet` or none, or give one `routing: static`',
      other: other.cidr.place,
    });
  }
}

/** The tunnels by which a host reaches what the others hold of these pools. */
export function bgpTunnels(topology: Topology, host: Host, pools: readonly Pool[]): BgpTunnel[] {
  return (topology.tunnels.get(host.name) ?? []).flatMap((tunnel) => {
    const own = pools.filter((pool) => tunnelOf(topology.tunnels, host, pool) === tunnel);
    if (own.length === 0) return [];
    const others = [...topology.hosts.values()].filter((other) => other !== host);
    return {
      pools: own.map(({ cidr: { address, length } }) => ({ address, length })),
      nextHop: tunnel.address,
      ways: others.flatMap((other) => wayTo(topology, host, other, tunnel, own[0]!) ?? []),
    };
  });
}

function wayTo(topology: Topology, host: Host, other: Host, own: Tunnel, pool: Pool): BgpWay | null {
  const far = tunnelOf(topology.tunnels, other, pool);
  if (far === null) return null;
  const nextHop = far.address;
  const direct = sharedAddress(host, other, own.family);
  return direct === null || isWrapped(pool, direct)
    ? { nextHop, via: gatewayOf(far), dev: own.dev, onlink: true }
    : { nextHop, via: direct, dev: host.uplink!.dev, onlink: false };
}

function isOfOneTunnel(one: Pool, other: Pool): boolean {
  const isSameFamily = familyOf(one.cidr.address) === familyOf(other.cidr.address);
  return one.encapsulation !== 'none' && one.encapsulation === other.encapsulation && isSameFamily;
}
