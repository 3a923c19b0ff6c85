// Hand-made networks for the report tests: what expansion would give, without reading a file.
import { NOTHING_APPLIED } from '../../src/reconcile/applied.ts';
import type { Difference, Outcome } from '../../src/reconcile/difference.ts';
import type { InspectResult } from '../../src/reconcile/inspect.ts';
import type { ConvergeResult } from '../../src/reconcile/pass.ts';
import type { Step } from '../../src/reconcile/plan.ts';
import type { DesiredAddress } from '../../src/state/address.ts';
import { parseIp, parsePrefix } from '../../src/state/ip.ts';
import type { DesiredLink, ObservedLink } from '../../src/state/link.ts';
import { linkGroup, ownerAlias } from '../../src/state/mark.ts';
import type { DesiredNamespace, DesiredNetwork } from '../../src/state/network.ts';
import { NOWHERE, placeAt, type SourceFile } from '../../src/state/place.ts';
import type { DesiredRoute, ObservedRoute } from '../../src/state/route.ts';

/** A file of lines of 100 characters, so that offset `100 * (line - 1) + column - 1` is a place. */
export const file: SourceFile = {
  name: 'two-hosts.yaml',
  lineStarts: Array.from({ length: 50 }, (_, i) => i * 100),
};

export function at(line: number, column: number): number {
  return placeAt(0, (line - 1) * 100 + column - 1);
}

export function link(name: string, spec: DesiredLink['spec'], rest: Partial<DesiredLink> = {}): DesiredLink {
  return {
    name,
    spec,
    up: true,
    mtu: null,
    mac: null,
    master: null,
    adopt: false,
    source: at(9, 7),
    ...rest,
  };
}

export function observedLink(name: string, rest: Partial<ObservedLink> = {}): ObservedLink {
  return {
    name,
    ifindex: 2,
    kind: 'veth',
    type: 1,
    up: true,
    carrier: true,
    running: true,
    mtu: 1500,
    mac: '02:00:00:00:00:20',
    master: null,
    peer: null,
    group: linkGroup('two-hosts'),
    alias: ownerAlias('two-hosts'),
    altnames: [],
    bridge: null,
    settings: null,
    ipv4Conf: null,
    ipv6Conf: null,
    ...rest,
  };
}

export function address(dev: string, text: string, rest: Partial<DesiredAddress> = {}): DesiredAddress {
  const prefix = parsePrefix(text)!;
  return {
    dev,
    address: prefix.address,
    prefixlen: prefix.length,
    peer: null,
    scope: 0,
    noprefixroute: false,
    adopt: false,
    source: at(10, 3),
    ...rest,
  };
}

export function route(
  dst: string,
  rest: Partial<DesiredRoute> & { readonly gateway?: string } = {},
): DesiredRoute {
  const prefix = parsePrefix(dst)!;
  const { gateway, ...fields } = rest;
  return {
    dst: prefix.address,
    dstLength: prefix.length,
    table: 254,
    metric: typeof prefix.address === 'number' ? 0 : 1024,
    type: 1,
    scope: 0,
    via: gateway === undefined ? null : parseIp(gateway),
    dev: null,
    src: null,
    mtu: 0,
    onlink: false,
    nexthops: null,
    adopt: false,
    source: at(19, 8),
    ...fields,
  };
}

export function observedRoute(
  dst: string,
  protocol: number,
  rest: Parameters<typeof route>[1] = {},
): ObservedRoute {
  return { ...route(dst, rest), protocol, tos: 0, unstatable: false };
}

export function namespace(
  name: string,
  rest: Partial<Omit<DesiredNamespace, 'links' | 'sysctls'>> & {
    readonly links?: readonly DesiredLink[];
    readonly sysctls?: Readonly<Record<string, string>>;
  } = {},
): DesiredNamespace {
  const { links = [], sysctls = {}, ...fields } = rest;
  return {
    name,
    manage: null,
    source: at(4, 3),
    addresses: [],
    neighbours: [],
    fdb: [],
    routes: [],
    ...fields,
    links: new Map(links.map((item) => [item.name, item])),
    sysctls: new Map(Object.entries(sysctls).map(([key, value]) => [key, { key, value, source: NOWHERE }])),
  };
}

export function network(namespaces: readonly DesiredNamespace[]): DesiredNetwork {
  return {
    name: 'two-hosts',
    protocol: 169,
    namespaces: new Map(namespaces.map((item) => [item.name, item])),
    bgp: [],
    ignore: [],
    files: [file],
  };
}

/** Fills in what most differences share. */
export function difference(
  fields: Pick<Difference, 'kind' | 'desired' | 'observed'> & Partial<Difference>,
): Difference {
  const change = fields.desired === null ? 'extra' : fields.observed === null ? 'missing' : 'changed';
  return { netns: 'host0', change, class: 'drift', conflict: false, cause: null, ...fields } as Difference;
}

/** What a comparison found, all of it to be mended in the order given. */
export function found(differences: readonly Difference[], ignored = 0): InspectResult {
  const actions = { missing: 'create', changed: 'change', extra: 'delete' } as const;
  const steps = differences
    .filter((item) => !item.conflict)
    .map((item): Step => ({ action: actions[item.change], stage: 'settings', difference: item, notes: [] }));
  return {
    differences,
    ignored,
    items: 20,
    plan: { steps, conflicts: differences.filter((d) => d.conflict) },
  };
}

/** What an apply came to. */
export function converged(outcomes: readonly Outcome[], items: number): ConvergeResult {
  return { outcomes, left: [], ignored: 0, items, applied: NOTHING_APPLIED };
}

/** One host, its wire and one workload. */
export const small: DesiredNetwork = network([
  namespace('host0', {
    links: [
      link(
        'ens192',
        { kind: 'veth', peer: { netns: 'lan', name: 'host0' } },
        { mac: '02:00:00:00:00:20', mtu: 1500 },
      ),
      link('veth0', { kind: 'veth', peer: { netns: 'ns0', name: 'eth0' } }, { mac: 'ee:ee:ee:ee:ee:ee' }),
    ],
    addresses: [address('ens192', '192.168.1.32/24')],
    routes: [
      route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' }),
      route('10.20.1.2/32', { dev: 'veth0', scope: 253 }),
    ],
    sysctls: {
      'net.ipv4.ip_forward': '1',
      'net.ipv4.conf.veth0.proxy_arp': '1',
      'net.ipv4.conf.veth0.arp_ignore': '1',
      'net.ipv4.neigh.veth0.proxy_delay': '0',
    },
  }),
  namespace('lan', {
    links: [
      link('br0', { kind: 'bridge', stp: false, vlanFiltering: false }),
      link('host0', { kind: 'veth', peer: { netns: 'host0', name: 'ens192' } }, { master: 'br0' }),
    ],
  }),
  namespace('ns0', {
    links: [
      link('lo', { kind: 'existing' }),
      link('eth0', { kind: 'veth', peer: { netns: 'host0', name: 'veth0' } }),
    ],
    addresses: [address('eth0', '10.20.1.2/24')],
    neighbours: [
      {
        dev: 'eth0',
        dst: parseIp('169.254.1.1')!,
        mac: 'ee:ee:ee:ee:ee:ee',
        proxy: false,
        adopt: false,
        source: at(12, 3),
      },
    ],
    routes: [
      route('0.0.0.0/0', { gateway: '169.254.1.1', dev: 'eth0' }),
      route('169.254.1.1/32', { dev: 'eth0', scope: 253 }),
    ],
  }),
]);
