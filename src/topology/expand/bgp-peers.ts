// Who a host's BGP speaker peers with: the other hosts, or the reflectors among them, and routers outside of the fabric.
import type { BgpPeer } from '../../state/bgp.ts';
import { containsIp, type Family, familyOf, formatIp, type Ip } from '../../state/ip.ts';
import type { ExternalPeer } from '../model/bgp.ts';
import type { Host } from '../model/host.ts';
import type { Pool } from '../model/pool.ts';
import type { Topology } from '../model/topology.ts';
import { addFinding } from '../source/findings.ts';
import type { NetworkDraft } from './draft.ts';
import { isWrapped, sharedAddress } from './way.ts';

const families: readonly Family[] = [4, 6];

/** With every other host, or where there are route reflectors with these; a session for each family of pools. */
export function hostPeers(
  draft: NetworkDraft,
  topology: Topology,
  host: Host,
  pools: readonly Pool[],
): BgpPeer[] {
  const { bgp, hosts } = topology;
  const reflects = bgp.reflectors.has(host.name);
  const others = [...hosts.values()].filter((other) => {
    const isMet = bgp.reflectors.size === 0 || reflects || bgp.reflectors.has(other.name);
    return other !== host && other.uplink !== null && isMet;
  });
  return families.flatMap((family) => {
    const own = pools.filter(({ cidr }) => familyOf(cidr.address) === family);
    if (own.length === 0) return [];
    return others.flatMap((other) => hostPeer(draft, topology, host, other, family, own) ?? []);
  });
}

function hostPeer(
  draft: NetworkDraft,
  { bgp }: Topology,
  host: Host,
  other: Host,
  family: Family,
  pools: readonly Pool[],
): BgpPeer | null {
  const shared = sharedAddress(host, other, family);
  const address = shared ?? firstAddress(other, family);
  const local = sharedAddress(other, host, family) ?? firstAddress(host, family);
  const isLost = bgp.peers.length === 0 && !pools.every((pool) => shared !== null || isWrapped(pool, shared));
  if (address === null || local === null || isLost) {
    // Without a router that speaks BGP, too, packets would be lost on the way where nobody wraps them.
    const message = `${host.name} and ${other.name} share no IPv${family} subnet, and no BGP peer stands between them`;
    addFinding(draft.findings, 'noWay', host.uplink!.place, message, {
      hint: 'give both an uplink address in one subnet, name the router under `bgp: { peers: […] }`, or give the pool an `encapsulation`',
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
    inside: true,
    passwordFile: bgp.passwordFile,
    source: other.place,
  };
}

/** With the routers outside that the file names for it. */
export function outerPeers(draft: NetworkDraft, { bgp }: Topology, host: Host): BgpPeer[] {
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
    inside: false,
    passwordFile,
    source: place,
  };
}

/** Of its uplink; null for none in the family. */
export function firstAddress(host: Host, family: Family): Ip | null {
  return host.uplink?.addresses.find(({ address }) => familyOf(address) === family)?.address ?? null;
}
