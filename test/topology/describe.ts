// A desired network in the words of `ip`, one line an item: what the tests of this folder compare.
import { formatIp, formatPrefix } from '../../src/state/ip.ts';
import type { DesiredLink } from '../../src/state/link.ts';
import type { DesiredNamespace, DesiredNetwork } from '../../src/state/network.ts';
import { type DesiredRoute, formatRouteKey, type Nexthop } from '../../src/state/route.ts';
import { formatRouteType, formatScope } from '../../src/state/scope.ts';
import { parseTopology } from '../../src/topology/load.ts';
import { expandLoaded } from '../../src/topology/read.ts';

export interface Machine {
  readonly hosts?: readonly string[];
  readonly hostname?: string;
}

/** The network of one file's text. */
export function networkOf(text: string, { hosts, hostname = 'elsewhere' }: Machine = {}): DesiredNetwork {
  const loaded = parseTopology([{ name: 'topology.yaml', bytes: Buffer.from(text) }]);
  return expandLoaded(loaded, { hosts: hosts ?? null, hostname });
}

/** By namespace, every item in a line. */
export function describeNetwork(network: DesiredNetwork): Record<string, string[]> {
  return Object.fromEntries(
    [...network.namespaces].map(([name, namespace]) => [name, describeNamespace(namespace)]),
  );
}

/** The lines of one namespace of one file's text. */
export function linesOf(text: string, netns: string, machine: Machine = {}): string[] {
  return describeNetwork(networkOf(text, machine))[netns] ?? [];
}

function describeNamespace(namespace: DesiredNamespace): string[] {
  const { manage, links, addresses, neighbours, routes, sysctls } = namespace;
  return [
    ...(manage === null ? [] : [`manage ${manage}`]),
    ...[...links.values()].map(describeLink),
    ...addresses.map(({ dev, address, prefixlen, peer, scope, noprefixroute }) => {
      const to = peer === null ? '' : ` peer ${formatIp(peer)}`;
      return `address ${formatPrefix(address, prefixlen)}${to} dev ${dev} scope ${formatScope(scope)}${noprefixroute ? ' noprefixroute' : ''}`;
    }),
    ...neighbours.map(
      ({ dev, dst, mac, proxy }) =>
        `neighbour ${proxy ? 'proxy ' : ''}${formatIp(dst)}${mac === null ? '' : ` lladdr ${mac}`} dev ${dev}`,
    ),
    ...routes.map(describeRoute),
    ...[...sysctls.values()].map(({ key, value }) => `sysctl ${key}=${value}`),
  ];
}

function describeLink({ name, spec, up, mtu, mac, master }: DesiredLink): string {
  const words = [
    `link ${name} ${spec.kind}`,
    spec.kind === 'veth' ? `peer ${spec.peer.name} netns ${spec.peer.netns}` : null,
    spec.kind === 'bridge' && spec.stp ? 'stp' : null,
    up === null ? null : up ? 'up' : 'down',
    mtu === null ? null : `mtu ${mtu}`,
    mac === null ? null : `address ${mac}`,
    master === null ? null : `master ${master}`,
  ];
  return words.filter((word) => word !== null).join(' ');
}

function describeRoute(route: DesiredRoute): string {
  const { type, src, mtu, onlink, scope, nexthops } = route;
  const words = [
    'route',
    type === 1 ? null : formatRouteType(type),
    formatRouteKey(route),
    describeWay(route),
    scope === 0 ? null : `scope ${formatScope(scope)}`,
    src === null ? null : `src ${formatIp(src)}`,
    mtu === 0 ? null : `mtu ${mtu}`,
    onlink ? 'onlink' : null,
    ...(nexthops ?? []).map(
      (hop) => `nexthop ${describeWay(hop)} weight ${hop.weight}${hop.onlink ? ' onlink' : ''}`,
    ),
  ];
  return words.filter((word) => word !== null && word !== '').join(' ');
}

function describeWay({ via, dev }: Pick<Nexthop, 'via' | 'dev'>): string {
  return [via === null ? '' : `via ${formatIp(via)}`, dev === null ? '' : `dev ${dev}`]
    .filter(Boolean)
    .join(' ');
}
