// Expand: a topology and the hosts of this run to the desired network, in the kernel's own normal form.
// Pure: the order of maps in the files does not change the result, the order of address lists does.
import type { BgpSpeaker } from '../state/bgp.ts';
import { groupBy } from '../state/group.ts';
import { containsIp, type Prefix } from '../state/ip.ts';
import { type DesiredNamespace, type DesiredNetwork, SELF } from '../state/network.ts';
import type { SourceFile } from '../state/place.ts';
import type { DesiredRoute } from '../state/route.ts';
import { keepIndex, knownIndex } from '../state/route-index.ts';
import { expandBgp } from './expand/bgp.ts';
import {
  addAddress,
  addFdbEntry,
  addLink,
  addNeighbour,
  addRoute,
  addSysctl,
  draftNamespace,
  type NamespaceDraft,
  type NetworkDraft,
} from './expand/draft.ts';
import { expandHost } from './expand/host.ts';
import { finishLinks, joinVeths } from './expand/links.ts';
import { hostPrefix } from './expand/route.ts';
import { expandTunnels } from './expand/tunnel.ts';
import { expandUnderlay } from './expand/underlay.ts';
import { expandWay } from './expand/way.ts';
import { expandWorkload } from './expand/workload.ts';
import type { Host } from './model/host.ts';
import type { WrittenNamespace } from './model/namespace.ts';
import { poolOf } from './model/pool.ts';
import type { Topology } from './model/topology.ts';
import type { Workload } from './model/workload.ts';
import { addFinding, type Finding } from './source/findings.ts';

const MAX_ITEMS = 2_000_000;
/** Items of a workload beside its addresses and the routes to them: namespace, links, gateway, sysctls. */
const ITEMS_OF_WORKLOAD = 9;

export interface Expansion {
  readonly network: DesiredNetwork;
  readonly findings: readonly Finding[];
}

/** The desired network of the touched hosts; findings where items disagree or lead nowhere. */
export function expand(
  topology: Topology,
  touched: ReadonlySet<string>,
  files: readonly SourceFile[],
): Expansion {
  const draft: NetworkDraft = { namespaces: new Map(), findings: [] };
  let speakers: BgpSpeaker[] = [];
  if (isTooBig(topology, touched)) {
    addFinding(draft.findings, 'tooBig', 0, `the topology expands to more than ${MAX_ITEMS} items`);
  } else {
    speakers = expandModel(draft, topology, touched);
    addWritten(draft, topology, touched);
    joinVeths(draft, namespacesOf(topology));
  }
  const names = [...draft.namespaces.keys()].sort();
  const namespaces = new Map(names.map((name) => [name, finish(draft, draft.namespaces.get(name)!)]));
  const { name, protocol, ignore } = topology;
  return { network: { name, protocol, namespaces, bgp: speakers, ignore, files }, findings: draft.findings };
}

function expandModel(draft: NetworkDraft, topology: Topology, touched: ReadonlySet<string>): BgpSpeaker[] {
  const byHost = groupBy(topology.workloads, ({ host }) => host);
  for (const host of topology.hosts.values()) {
    if (touched.has(host.name)) expandHost(draft, host, byHost.get(host) ?? []);
  }
  for (const underlay of topology.underlays) expandUnderlay(draft, underlay, (host) => touched.has(host));
  for (const [host, workloads] of byHost) {
    if (touched.has(host.name)) for (const workload of workloads) expandWorkload(draft, workload);
  }
  for (const host of topology.hosts.values()) {
    const others = [...topology.hosts.values()].filter((other) => other !== host && touched.has(other.name));
    for (const other of others) expandTowards(draft, topology, other, host, byHost.get(host) ?? []);
  }
  for (const host of topology.hosts.values()) {
    if (touched.has(host.name)) expandTunnels(draft, topology, host);
  }
  return expandBgp(draft, topology, touched, (host) => byHost.get(host) ?? []);
}

/** The routes of one host to another: to each of its blocks, and to each workload outside of them. BGP brings its own. */
function expandTowards(
  draft: NetworkDraft,
  topology: Topology,
  from: Host,
  to: Host,
  workloads: readonly Workload[],
): void {
  const isStatic = ({ address }: Prefix): boolean => poolOf(topology.pools, address)?.routing !== 'bgp';
  for (const block of to.blocks.filter(isStatic)) expandWay(draft, topology, from, to, block, block.place);
  for (const { addresses, place } of workloads) {
    for (const { address } of addresses.filter(isStatic)) {
      if (to.blocks.some((block) => containsIp(block, address))) continue;
      expandWay(draft, topology, from, to, hostPrefix(address), place);
    }
  }
}

function addWritten(draft: NetworkDraft, topology: Topology, touched: ReadonlySet<string>): void {
  const elsewhere = untouchedNamespaces(topology, touched);
  for (const written of topology.namespaces.values()) {
    if (!elsewhere.has(written.name)) addWrittenNamespace(draft, written);
  }
}

function addWrittenNamespace(draft: NetworkDraft, written: WrittenNamespace): void {
  const namespace = draftNamespace(draft, written.name, written.place);
  namespace.manage = written.manage ?? namespace.manage;
  for (const link of written.links) addLink(draft, namespace, link);
  for (const address of written.addresses) addAddress(draft, namespace, address);
  for (const neighbour of written.neighbours) addNeighbour(draft, namespace, neighbour);
  for (const entry of written.fdb) addFdbEntry(namespace, entry);
  addWrittenRoutes(draft, namespace, written.routes);
  for (const sysctl of written.sysctls) addSysctl(draft, namespace, sysctl);
}

/** Last of all routes: where they merge with none they stay the list they are, with the index that it may have already. */
function addWrittenRoutes(
  draft: NetworkDraft,
  namespace: NamespaceDraft,
  routes: readonly DesiredRoute[],
): void {
  const isAlone = namespace.routes.length === 0;
  const known = isAlone ? knownIndex(routes) : null;
  if (known === null) for (const route of routes) addRoute(draft, namespace, route);
  else namespace.routePlaces = known;
  if (isAlone && namespace.routePlaces.size === routes.length) namespace.writtenRoutes = routes;
}

/** Namespaces that belong to hosts of other runs, and to nothing of this one. */
function untouchedNamespaces(topology: Topology, touched: ReadonlySet<string>): Set<string> {
  const here = new Set<string>();
  const elsewhere = new Set<string>();
  for (const host of topology.hosts.values()) {
    if (host.netns !== null) (touched.has(host.name) ? here : elsewhere).add(host.netns);
  }
  for (const { host, netns } of topology.workloads) (touched.has(host.name) ? here : elsewhere).add(netns);
  for (const { hosts, netns } of topology.underlays) {
    (hosts.some((host) => touched.has(host.name)) ? here : elsewhere).add(netns);
  }
  for (const name of here) elsewhere.delete(name);
  return elsewhere;
}

function namespacesOf(topology: Topology): Set<string> {
  const names = new Set(topology.namespaces.keys());
  for (const host of topology.hosts.values()) if (host.netns !== null) names.add(host.netns);
  for (const { netns } of topology.underlays) names.add(netns);
  for (const { netns } of topology.workloads) names.add(netns);
  return names.add(SELF);
}

function isTooBig(topology: Topology, touched: ReadonlySet<string>): boolean {
  let items = 0;
  for (const { host, addresses } of topology.workloads) {
    items +=
      addresses.length * touched.size + (touched.has(host.name) ? ITEMS_OF_WORKLOAD + addresses.length : 0);
  }
  for (const { links, addresses, neighbours, routes, sysctls } of topology.namespaces.values()) {
    items += links.length + addresses.length + neighbours.length + routes.length + sysctls.length;
  }
  return items > MAX_ITEMS;
}

function finish(draft: NetworkDraft, namespace: NamespaceDraft): DesiredNamespace {
  const { name, manage, source } = namespace;
  const keys = [...namespace.sysctls.keys()].sort();
  const routes = namespace.writtenRoutes ?? namespace.routes;
  keepIndex(routes, namespace.routePlaces);
  return {
    name,
    manage,
    source,
    links: finishLinks(draft, namespace),
    addresses: [...namespace.addresses.values()],
    neighbours: [...namespace.neighbours.values()],
    fdb: [...namespace.fdb.values()],
    routes,
    sysctls: new Map(keys.map((key) => [key, namespace.sysctls.get(key)!])),
  };
}
