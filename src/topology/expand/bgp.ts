// The BGP speakers of a fabric: what each host announces of the pools that BGP carries, to whom, and how it reaches the rest.
import { createHash } from 'node:crypto';
import type { BgpSpeaker } from '../../state/bgp.ts';
import { containsIp, type Ip, type Prefix } from '../../state/ip.ts';
import { type Host, netnsOf } from '../model/host.ts';
import { type Pool, poolOf } from '../model/pool.ts';
import type { Topology } from '../model/topology.ts';
import type { Workload } from '../model/workload.ts';
import { addFinding } from '../source/findings.ts';
import { firstAddress, hostPeers, outerPeers } from './bgp-peers.ts';
import { bgpTunnels, checkTunnels } from './bgp-tunnels.ts';
import type { NetworkDraft } from './draft.ts';
import { hostPrefix } from './route.ts';

/** The written speakers, and that of every touched host where a pool says `routing: bgp`. Findings where two cannot peer. */
export function expandBgp(
  draft: NetworkDraft,
  topology: Topology,
  touched: ReadonlySet<string>,
  workloadsOf: (host: Host) => readonly Workload[],
): BgpSpeaker[] {
  const pools = topology.pools.filter(({ routing }) => routing === 'bgp');
  const speakers = [...topology.bgp.speakers];
  if (pools.length === 0) return speakers;
  checkTunnels(draft, pools);
  for (const host of topology.hosts.values()) {
    if (!touched.has(host.name)) continue;
    if (host.uplink === null) {
      const message = `${host.name} has no \`uplink\`, by which BGP would reach the others`;
      addFinding(draft.findings, 'noWay', host.place, message, { other: pools[0]!.cidr.place });
      continue;
    }
    const { bgp } = topology;
    speakers.push({
      host: host.name,
      netns: netnsOf(host),
      simulated: host.netns !== null,
      asn: host.asn ?? bgp.asn,
      routerId: routerIdOf(host),
      uplink: host.uplink.dev,
      pools: pools.map(({ cidr: { address, length } }) => ({ address, length })),
      announces: announcesOf(topology, host, pools, workloadsOf(host)),
      tunnels: bgpTunnels(topology, host, pools),
      peers: [...hostPeers(draft, topology, host, pools), ...outerPeers(draft, topology, host)],
      configFile: bgp.configFile,
      controlSocket: bgp.controlSocket,
      source: host.place,
    });
  }
  return speakers;
}

/** Its blocks, and its workloads' addresses outside of them. */
function announcesOf(
  topology: Topology,
  host: Host,
  pools: readonly Pool[],
  workloads: readonly Workload[],
): Prefix[] {
  const isCarried = (ip: Ip): boolean => {
    const pool = poolOf(topology.pools, ip);
    return pool !== null && pools.includes(pool);
  };
  const outside = workloads
    .flatMap(({ addresses }) => addresses.map(({ address }) => address))
    .filter((address) => isCarried(address) && !host.blocks.some((block) => containsIp(block, address)));
  const blocks = host.blocks.filter(({ address }) => isCarried(address));
  return [...blocks.map(({ address, length }) => ({ address, length })), ...outside.map(hostPrefix)];
}

/** Its IPv4 address; of a host without one, a number that its name leads to. */
function routerIdOf(host: Host): number {
  const own = firstAddress(host, 4);
  if (typeof own === 'number') return own;
  return createHash('sha1').update(host.name).digest().readUInt32BE(0) || 1;
}
