// The BGP speakers of a fabric: who peers with whom, and what each host announces of the pools that BGP carries.
import { createHash } from 'node:crypto';
import type { BgpPeer, BgpSpeaker } from '../../state/bgp.ts';
import { containsIp, type Family, familyOf, formatIp, type Ip, type Prefix } from '../../state/ip.ts';
import type { ExternalPeer } from '../model/bgp.ts';
import { type Host, netnsOf } from '../model/host.ts';
import { type Pool, poolOf } from '../model/pool.ts';
import type { Topology } from '../model/topology.ts';
import type { Workload } from '../model/workload.ts';
import { addFinding } from '../source/findings.ts';
import type { NetworkDraft } from './draft.ts';
import { hostPrefix } from './route.ts';
import { sharedAddress } from './way.ts';

const families: readonly Family[] = [4, 6];

/** The speaker of every touched host; none where no pool says `routing: bgp`. Findings where two cannot peer. */
export function expandBgp(
  draft: NetworkDraft,
  topology: Topology,
  touched: ReadonlySet<string>,
  workloadsOf: (host: Host) => readonly Workload[],
): BgpSpeaker[] {
  const pools = topology.pools.filter(({ routing }) => routing === 'bgp');
  if (pools.length === 0) return [];
  const speakers: BgpSpeaker[] = [];
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

/** With every other host, or where there are route reflectors with these; a session for each family of pools. */
function hostPeers(draft: NetworkDraft, topology: Topology, host: Host, pools: readonly Pool[]): BgpPeer[] {
  const { bgp, hosts } = topology;
  const reflects = bgp.reflectors.has(host.name);
  const others = [...hosts.values()].filter((other) => {
    const isMet = bgp.reflectors.size === 0 || reflects || bgp.reflectors.has(other.name);
    return other !== host && other.uplink !== null && isMet;
  });
  return families
    .filter((family) => pools.some(({ cidr }) => familyOf(cidr.address) === family))
    .flatMap((family) => others.flatMap((other) => hostPeer(draft, topology, host, other, family) ?? []));
}

function hostPeer(
  draft: NetworkDraft,
  { bgp }: Topology,
  host: Host,
  other: Host,
  family: Family,
): BgpPeer | null {
  const shared = sharedAddress(host, other, family);
  const address = shared ?? firstAddress(other, family);
  const local = sharedAddress(other, host, family) ?? firstAddress(host, family);
  if (address === null || local === null || (shared === null && bgp.peers.length === 0)) {
    // Without a router that speaks BGP, too, packets would be lost on the way: nobody wraps them.
    const message = `${host.name} and ${other.name} share no IPv${family} subnet, and no BGP peer stands between them`;
    addFinding(draft.findings, 'noWay', host.uplink!.place, message, {
      hint: 'give both an uplink address in one subnet, or name the router under `bgp: { peers: […] }`',
      other: other.uplink!.place,
    });
    return null;
  }
  const asn = other.asn ?? bgp.asn;
  const internal = asn === (host.asn ?? bgp.asn);
  return {
    name: `${other.name}.${family}`,
    address,
    asn,
    local,
    client: internal && bgp.reflectors.has(host.name) && !bgp.reflectors.has(other.name),
    multihop: shared === null,
    passwordFile: bgp.passwordFile,
    source: other.place,
  };
}

function outerPeers(draft: NetworkDraft, { bgp }: Topology, host: Host): BgpPeer[] {
  return bgp.peers
    .filter(({ hosts }) => hosts === null || hosts.has(host.name))
    .flatMap((peer) => outerPeer(draft, host, peer) ?? []);
}

function outerPeer(draft: NetworkDraft, host: Host, peer: ExternalPeer): BgpPeer | null {
  const { name, address, asn, passwordFile, place } = peer;
  const family = familyOf(address);
  const subnet = host.uplink!.addresses.find((own) => containsIp(own, address));
  const local = peer.local ?? subnet?.address ?? firstAddress(host, family);
  if (local === null || familyOf(local) !== family) {
    const message = `${host.name} has no IPv${family} address to reach ${formatIp(address)} from`;
    addFinding(draft.findings, 'noWay', place, message, { other: host.uplink!.place });
    return null;
  }
  return {
    name,
    address,
    asn,
    local,
    client: false,
    multihop: subnet === undefined,
    passwordFile,
    source: place,
  };
}

function firstAddress(host: Host, family: Family): Ip | null {
  return host.uplink?.addresses.find(({ address }) => familyOf(address) === family)?.address ?? null;
}

/** Its IPv4 address; of a host without one, a number that its name leads to. */
function routerIdOf(host: Host): number {
  const own = firstAddress(host, 4);
  if (typeof own === 'number') return own;
  return createHash('sha1').update(host.name).digest().readUInt32BE(0) || 1;
}
