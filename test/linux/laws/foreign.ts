// Foreign things in namespaces that are not ours: what other people, programs and daemons have there, on devices of
// their own and on ours.
import type { Machine } from '../../../src/kernel/machine.ts';
import { observe } from '../../../src/kernel/observe.ts';
import { Requests } from '../../../src/kernel/requests.ts';
import type { Address } from '../../../src/state/address.ts';
import { formatIp, formatPrefix, type Ip, parseIp, parsePrefix } from '../../../src/state/ip.ts';
import type { DesiredLink } from '../../../src/state/link.ts';
import { linkGroup } from '../../../src/state/mark.ts';
import type { DesiredNetwork, ObservedNamespace } from '../../../src/state/network.ts';
import { type DesiredRoute, formatRouteKey, type Route, routeKey } from '../../../src/state/route.ts';
import { addressIn, EXISTING, existingSlot } from '../arbitrary/places.ts';
import { bridge } from './world.ts';

/** Namespaces that stood there before any topology. */
export const foundNamespaces = ['old', 'self'] as const;

const RTPROT_BOOT = 3;
const RTPROT_STATIC = 4;
const RTPROT_BIRD = 12;
const foreignProtocols: ReadonlySet<number> = new Set([RTPROT_BOOT, RTPROT_STATIC, RTPROT_BIRD]);

const FOREIGN_LINK = 'theirs';
const FOREIGN_MAC = '02:00:00:00:00:ff';

/** Gives each found namespace a device of others with all kinds of items, and `self` items on the existing device. */
export function addForeign(machine: Machine): void {
  for (const [n, name] of foundNamespaces.entries()) {
    const requests = open(machine, name);
    requests.linkAdd(null, bridge(FOREIGN_LINK), { group: 0, peer: null, lower: 0, up: true });
    requests.flush();
    putOn(machine, name, FOREIGN_LINK, 70 + 2 * n);
  }
  addInSubnet(machine, 0);
  putOn(machine, 'self', EXISTING, 79);
}

/** Gives the existing device addresses of others in the very subnet that topologies use: before ours, or behind them. */
export function addInSubnet(machine: Machine, subnet: number): void {
  const requests = open(machine, 'self');
  const ifindex = indexesOf(machine, 'self').get(EXISTING)!;
  for (const host of [8, 9]) {
    const address = plainAddress(EXISTING, `${addressIn(4, existingSlot, subnet, host)}/24`);
    requests.addressAdd(null, address, ifindex, { protocol: 0, nodad: true });
  }
  requests.flush();
}

/**
 * Gives a link neighbours and routes of others, and in subnets of an even number addresses: on other links an address of
 * ours may be the only one, on which the kernel lets all else depend.
 */
export function putOn(machine: Machine, netns: string, dev: string, number: number): void {
  const requests = open(machine, netns);
  const indexes = indexesOf(machine, netns);
  const ifindex = indexes.get(dev)!;
  const isAddressed = number % 2 === 0;
  for (const text of [`10.${number}.0.1/24`, `10.${number}.0.2/24`, `fd77:${number}::1/64`]) {
    const mark = { protocol: 0, nodad: true };
    if (isAddressed) requests.addressAdd(null, plainAddress(dev, text), ifindex, mark);
  }
  for (const text of [`10.${number}.0.50`, `fd77:${number}::50`]) {
    const neighbour = { dev, dst: parseIp(text)!, mac: FOREIGN_MAC, proxy: false };
    requests.neighbourReplace(null, neighbour, ifindex, 0);
  }
  const indexOf = (name: string): number => indexes.get(name) ?? 0;
  const byDevice: Array<[Route, number]> = [
    [route(`172.20.${number}.0/24`, { dev, scope: 253 }), RTPROT_BOOT],
    [route(`172.23.${number}.0/24`, { dev, scope: 253, table: 100 }), RTPROT_STATIC],
    [route(`172.24.${number}.0/24`, { type: 6 }), RTPROT_STATIC],
    [route(`fd77:2${number}::/64`, { dev, metric: 1024 }), RTPROT_BOOT],
  ];
  const byRouter: Array<[Route, number]> = [
    [route(`172.21.${number}.0/24`, { dev, via: parseIp(`10.${number}.0.9`) }), RTPROT_STATIC],
    [route(`172.22.${number}.0/24`, { dev, via: parseIp(`10.${number}.0.9`), metric: 50 }), RTPROT_BIRD],
    [route(`fd77:3${number}::/64`, { dev, via: parseIp(`fd77:${number}::9`), metric: 1024 }), RTPROT_BIRD],
  ];
  for (const [one, protocol] of isAddressed ? [...byDevice, ...byRouter] : byDevice)
    requests.routeAdd(null, one, protocol, indexOf, 'exclusive');
  requests.flush();
}

/** Puts foreign routes where a topology wants its own that lead nowhere: every other one just so, the rest another. */
export function occupy(machine: Machine, desired: DesiredNetwork, before: DesiredNetwork): void {
  for (const name of foundNamespaces) {
    const taken = new Set((before.namespaces.get(name)?.routes ?? []).map(routeKey));
    const wanted = (desired.namespaces.get(name)?.routes ?? []).filter(
      (one) => one.type !== 1 && !taken.has(routeKey(one)),
    );
    const requests = open(machine, name);
    for (const [i, one] of wanted.entries()) {
      const type = i % 2 === 0 ? one.type : one.type === 7 ? 8 : 7;
      requests.routeAdd(null, { ...one, type }, RTPROT_STATIC, () => 0, 'exclusive');
    }
    requests.flush();
  }
}

/** Foreign items, one a line, with the link each is on (null: none). */
export function readForeign(machine: Machine, desired: DesiredNetwork): Map<string, string | null> {
  machine.release();
  const { name: topology } = desired;
  const names = new Set(['self', ...machine.names()]);
  const { namespaces } = observe(machine, { topology, names, sysctlsOf: () => [], fresh: [] });
  const lines = new Map<string, string | null>();
  for (const name of foundNamespaces) {
    for (const [line, dev] of foreignIn(namespaces.get(name)!, linkGroup(topology)))
      lines.set(`${name}: ${line}`, dev === null ? null : `${name} ${dev}`);
  }
  return lines;
}

function* foreignIn(netns: ObservedNamespace, group: number): Generator<[string, string | null]> {
  for (const { name, kind, up, mtu, mac, alias, ...link } of netns.links.values()) {
    if (link.group !== group) yield [`link ${name} ${kind} ${up} ${mtu} ${mac} ${alias}`, name];
  }
  for (const { dev, address, prefixlen, scope, protocol } of netns.addresses) {
    if (protocol === 0) yield [`address ${dev} ${formatPrefix(address, prefixlen)} ${scope}`, dev];
  }
  for (const { dev, dst, mac, protocol } of netns.neighbours) {
    if (protocol === 0) yield [`neighbour ${dev} ${formatIp(dst)} ${mac}`, dev];
  }
  for (const one of netns.routes) {
    if (!foreignProtocols.has(one.protocol)) continue;
    const { dev, via, type, scope, protocol } = one;
    const gateway = via === null ? '' : ` via ${formatIp(via)}`;
    yield [`route ${formatRouteKey(one)} ${type} ${scope}${gateway} dev ${dev} proto ${protocol}`, dev];
  }
}

/** `NETNS LINK` of links of ours that go from one topology to another without losing what is on them. */
export function keptLinks(machine: Machine, from: DesiredNetwork, to: DesiredNetwork): string[] {
  return foundNamespaces.flatMap((name) => {
    const before = from.namespaces.get(name)?.links;
    const after = to.namespaces.get(name)?.links;
    return [...(before?.values() ?? [])]
      .filter((link) => link.name !== 'lo' && link.spec.kind !== 'existing')
      .filter((link) => isKept(link, after?.get(link.name), [from, to], name))
      .map((link) => `${name} ${link.name}`)
      .filter((key) => indexesOf(machine, name).has(key.slice(name.length + 1)));
  });
}

/** Up and with IPv6 in both, and the same pair or bridge; and no port takes a bridge's IPv6 away by its small MTU. */
function isKept(
  link: DesiredLink,
  other: DesiredLink | undefined,
  networks: readonly DesiredNetwork[],
  netns: string,
): boolean {
  if (other === undefined || JSON.stringify(link.spec) !== JSON.stringify(other.spec)) return false;
  const isLow = ({ up, mtu }: DesiredLink): boolean => up === false || (mtu !== null && mtu < 1280);
  if (isLow(link) || isLow(other)) return false;
  const key = `net.ipv6.conf.${link.name}.disable_ipv6`;
  const there = networks.map(({ namespaces }) => namespaces.get(netns)!);
  if (there.some(({ sysctls }) => sysctls.get(key)?.value === '1')) return false;
  return !there.some(({ links }) =>
    [...links.values()].some((port) => port.master === link.name && port.mtu !== null && port.mtu < 1280),
  );
}

function open(machine: Machine, netns: string): Requests<null> {
  return new Requests<null>(machine.namespace(netns)!.socket, (_tag, error) => {
    throw error;
  });
}

function indexesOf(machine: Machine, netns: string): ReadonlyMap<string, number> {
  const scope = { topology: '', names: new Set([netns]), sysctlsOf: () => [], fresh: [] };
  const found = observe(machine, scope).namespaces.get(netns)!;
  return new Map([...found.links.values()].map(({ name, ifindex }) => [name, ifindex]));
}

function plainAddress(dev: string, text: string): Address {
  const { address, length } = parsePrefix(text)!;
  return { dev, address, prefixlen: length, peer: null, scope: 0, noprefixroute: false };
}

function route(dst: string, said: Partial<DesiredRoute> & { readonly via?: Ip | null }): Route {
  const { address, length } = parsePrefix(dst)!;
  const plain = { table: 254, metric: 0, type: 1, scope: 0, via: null, dev: null, src: null, mtu: 0 };
  return { dst: address, dstLength: length, ...plain, onlink: false, nexthops: null, ...said };
}
