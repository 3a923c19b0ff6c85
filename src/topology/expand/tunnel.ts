// A host's tunnel devices, and what each knows of the far ends: with vxlan a permanent neighbour and a forwarding entry
// for every other host, with ipip nothing.
import { containsIp } from '../../state/ip.ts';
import { type Host, netnsOf } from '../model/host.ts';
import { emptyLink, plainAddress } from '../model/link.ts';
import { type Pool, poolOf } from '../model/pool.ts';
import type { Topology } from '../model/topology.ts';
import { type Tunnel, tunnelOf } from '../model/tunnel.ts';
import {
  addAddress,
  addFdbEntry,
  addLink,
  addNeighbour,
  draftNamespace,
  type NamespaceDraft,
  type NetworkDraft,
} from './draft.ts';
import { hostPrefix } from './route.ts';
import { expandWay, isWrapped, sharedAddress } from './way.ts';

/** The VNI and the port of every Calico fabric. */
const VXLAN_ID = 4096;
const VXLAN_PORT = 4789;

/** Adds the tunnels of a host, and its ways through them to the other hosts themselves. */
export function expandTunnels(draft: NetworkDraft, topology: Topology, host: Host): void {
  const namespace = draftNamespace(draft, netnsOf(host), host.place);
  for (const tunnel of topology.tunnels.get(host.name) ?? []) {
    addDevice(draft, namespace, host, tunnel);
    const pools = topology.pools.filter((pool) => tunnelOf(topology.tunnels, host, pool) === tunnel);
    for (const other of topology.hosts.values()) {
      if (other !== host) addFarEnd(draft, topology, namespace, host, other, tunnel, pools);
    }
  }
}

function addDevice(draft: NetworkDraft, namespace: NamespaceDraft, host: Host, tunnel: Tunnel): void {
  const { dev, address, outer, mac, mtu, pool } = tunnel;
  const link = { ...emptyLink(dev, pool.place), up: true, mtu };
  if (tunnel.encapsulation === 'ipip') addLink(draft, namespace, { ...link, kind: 'ipip' });
  else {
    const vxlan = { id: VXLAN_ID, port: VXLAN_PORT, local: outer, dev: host.uplink!.dev, learning: false };
    addLink(draft, namespace, { ...link, ...vxlan, kind: 'vxlan', mac });
  }
  addAddress(draft, namespace, plainAddress(dev, { ...hostPrefix(address), place: pool.place }));
}

function addFarEnd(
  draft: NetworkDraft,
  topology: Topology,
  namespace: NamespaceDraft,
  host: Host,
  other: Host,
  tunnel: Tunnel,
  pools: readonly Pool[],
): void {
  const far = topology.tunnels.get(other.name)?.find(({ dev }) => dev === tunnel.dev);
  const pool = far === undefined ? null : poolOf(topology.pools, far.address);
  if (far === undefined || pool === null) return;
  // Packets of the other host itself bear its tunnel's address: the answers need a way back.
  if (!other.blocks.some((block) => containsIp(block, far.address))) {
    expandWay(draft, topology, host, other, hostPrefix(far.address), tunnel.pool.place);
  }
  const direct = sharedAddress(host, other, tunnel.family);
  if (far.mac === null || !pools.some((one) => isWrapped(one, direct))) return;
  const entry = { dev: tunnel.dev, mac: far.mac, adopt: false, source: tunnel.pool.place };
  addNeighbour(draft, namespace, { ...entry, dst: far.address, proxy: false });
  addFdbEntry(namespace, { ...entry, dst: far.outer });
}
