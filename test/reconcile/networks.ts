// Networks for the pure tests: what a text wants, and what a kernel that did exactly that would show.

import type { ObservedLink } from '../../src/state/link.ts';
import { defaultMtu } from '../../src/state/link.ts';
import { linkGroup, ownerAlias } from '../../src/state/mark.ts';
import type {
  DesiredNamespace,
  DesiredNetwork,
  ObservedNamespace,
  ObservedNetwork,
} from '../../src/state/network.ts';
import { type ObservedRoute, type Route, sortNexthops } from '../../src/state/route.ts';
import { parseTopology } from '../../src/topology/load.ts';
import { expandLoaded } from '../../src/topology/read.ts';

/** The network that a text wants. */
export function desire(text: string): DesiredNetwork {
  const loaded = parseTopology([{ name: 'topology.yaml', bytes: Buffer.from(text) }]);
  return expandLoaded(loaded, { hosts: null, hostname: 'here' });
}

/** Two hosts and a workload on each. */
export const twoHosts = `name: two
hosts:
  host0: { netns: host0, uplink: { dev: up0, address: 192.168.1.32/24 } }
  host1: { netns: host1, uplink: { dev: up0, address: 192.168.1.16/24 } }
underlay: { lan: { hosts: [host0, host1] } }
pools: [{ cidr: 10.20.0.0/16, encapsulation: none }]
workloads:
  ns0: { host: host0, address: 10.20.1.2/24, dev: veth0 }
  ns1: { host: host1, address: 10.20.1.3/24, dev: veth0, gatewayMode: neighbour }
`;

/** The machine as it would be if the kernel had done all that is desired, in namespaces that we made. */
export function done(desired: DesiredNetwork): ObservedNetwork {
  const all = [...desired.namespaces.values()];
  return {
    namespaces: new Map(all.map((netns, i) => [netns.name, doneIn(desired, netns, i)])),
    freshSysctls: new Map(),
  };
}

function doneIn(desired: DesiredNetwork, netns: DesiredNamespace, index: number): ObservedNamespace {
  const { protocol } = desired;
  const names = ['lo', ...[...netns.links.keys()].filter((name) => name !== 'lo')];
  const ifindexOf = (name: string): number => names.indexOf(name) + 1;
  return {
    name: netns.name,
    cookie: BigInt(index + 2),
    madeBy: desired.name,
    claims: [{ protocol, topology: desired.name }],
    links: new Map(names.map((name) => [name, doneLink(desired, netns, name, ifindexOf(name))])),
    addresses: netns.addresses.map(({ adopt: _, source: __, ...address }) => {
      return { ...address, ifindex: ifindexOf(address.dev), protocol, permanent: true, secondary: false };
    }),
    neighbours: netns.neighbours.map(({ adopt: _, source: __, ...neighbour }) => {
      return { ...neighbour, ifindex: ifindexOf(neighbour.dev), protocol, permanent: !neighbour.proxy };
    }),
    fdb: [],
    routes: netns.routes.map((route) => asObserved(route, protocol)),
    sysctls: new Map([...netns.sysctls].map(([key, { value }]) => [key, value])),
  };
}

/** A route as the kernel shows it, under a protocol number. */
export function asObserved(route: Route, protocol: number): ObservedRoute {
  const { dst, dstLength, table, metric, type, scope, via, dev, src, mtu, onlink, nexthops } = route;
  const hops = nexthops === null ? null : sortNexthops(nexthops);
  const stated = { dst, dstLength, table, metric, type, scope, via, dev, src, mtu, onlink, nexthops: hops };
  return { ...stated, protocol, tos: 0, unstatable: false };
}

function doneLink(
  desired: DesiredNetwork,
  netns: DesiredNamespace,
  name: string,
  ifindex: number,
): ObservedLink {
  const link = netns.links.get(name);
  const spec = link?.spec ?? { kind: 'existing' };
  const ours = spec.kind !== 'existing';
  return {
    name,
    ifindex,
    kind: ours ? spec.kind : '',
    type: name === 'lo' ? 772 : 1,
    up: link?.up ?? false,
    carrier: true,
    running: true,
    mtu: link?.mtu ?? (name === 'lo' ? 65536 : defaultMtu(spec.kind)),
    mac: link?.mac ?? '02:00:00:00:00:01',
    master: link?.master ?? null,
    peer: spec.kind === 'veth' ? spec.peer : null,
    group: ours ? linkGroup(desired.name) : 0,
    alias: ours || name === 'lo' ? ownerAlias(desired.name) : '',
    altnames: [],
    bridge: spec.kind === 'bridge' ? { stp: spec.stp, vlanFiltering: spec.vlanFiltering } : null,
    settings: null,
    ipv4Conf: null,
    ipv6Conf: null,
  };
}

/** A machine with one namespace changed. */
export function changed(
  observed: ObservedNetwork,
  name: string,
  change: (netns: ObservedNamespace) => Partial<ObservedNamespace>,
): ObservedNetwork {
  const netns = observed.namespaces.get(name)!;
  return { ...observed, namespaces: new Map(observed.namespaces).set(name, { ...netns, ...change(netns) }) };
}
