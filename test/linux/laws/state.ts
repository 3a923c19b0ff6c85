// The kernel's state as lines of text, one an item and setting, so that two states are compared by sets of lines. What
// nobody chose is left out: ifindexes, random hardware addresses, what the kernel makes by itself and in its own time.
import { expect } from 'vitest';
import { formatNeighbourTableDump, parseNeighbourTable } from '../../../src/kernel/codec/neighbour-table.ts';
import { RTM_GETNEIGHTBL } from '../../../src/kernel/constants.ts';
import type { Machine } from '../../../src/kernel/machine.ts';
import { observe } from '../../../src/kernel/observe.ts';
import { readSysctl } from '../../../src/kernel/sysctl.ts';
import type { ObservedAddress } from '../../../src/state/address.ts';
import { formatIp, formatPrefix } from '../../../src/state/ip.ts';
import type { ObservedLink } from '../../../src/state/link.ts';
import { linkGroup } from '../../../src/state/mark.ts';
import type { ObservedNeighbour } from '../../../src/state/neighbour.ts';
import type { DesiredNetwork, ObservedNamespace } from '../../../src/state/network.ts';
import { formatRouteKey, type ObservedRoute } from '../../../src/state/route.ts';
import { RTPROT_KERNEL } from '../../../src/state/scope.ts';

/** The sysctls of a namespace of ours that random topologies set, and what the kernel changes along with them. */
const namespaceSysctls = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv4.conf.all.accept_redirects',
  'net.ipv4.conf.default.forwarding',
  'net.ipv4.conf.default.rp_filter',
  'net.ipv4.conf.default.arp_ignore',
  'net.ipv4.fib_multipath_hash_policy',
  'net.ipv4.tcp_ecn',
  'net.ipv6.conf.all.forwarding',
  'net.ipv6.conf.default.forwarding',
  'net.ipv6.conf.default.accept_ra',
];

/** Reads the state of every named namespace and of the machine's own, as a desired network sees it. */
export function readState(machine: Machine, desired: DesiredNetwork): string[] {
  machine.release();
  const names = ['self', ...machine.names()];
  const observed = observe(machine, {
    topology: desired.name,
    names: new Set(names),
    sysctlsOf: () => [],
    fresh: [],
  });
  const lines: string[] = [];
  for (const name of [...observed.namespaces.keys()].sort()) {
    const netns = observed.namespaces.get(name)!;
    const own = [...linesOf(netns, desired), ...readSettings(machine, netns, desired)];
    lines.push(...own.map((line) => `${name}: ${line}`));
  }
  return lines.sort();
}

/** Raises unless two states are the same, with what one has and the other lacks as a patch shows it. */
export function expectSame(expected: readonly string[], found: readonly string[]): void {
  const [wanted, had] = [new Set(expected), new Set(found)];
  const lost = expected.filter((line) => !had.has(line)).map((line) => `- ${line}\n`);
  const left = found.filter((line) => !wanted.has(line)).map((line) => `+ ${line}\n`);
  if (lost.length + left.length > 0) throw new Error(`the states differ:\n${[...lost, ...left].join('')}`);
  expect(found).toEqual(expected);
}

function* linesOf(netns: ObservedNamespace, desired: DesiredNetwork): Generator<string> {
  yield `made by ${netns.madeBy}`;
  // Where nothing bears our mark a claim says that something did once, or was changed.
  if (holdsMarked(netns, desired)) {
    for (const { protocol, topology } of netns.claims) yield `claimed by ${topology} under ${protocol}`;
  }
  const wanted = desired.namespaces.get(netns.name);
  for (const link of netns.links.values()) {
    const stated = wanted?.links.get(link.name)?.mac;
    yield describeLink(link, typeof stated === 'string');
  }
  for (const address of netns.addresses) if (!isKernelAddress(address)) yield describeAddress(address);
  for (const neighbour of netns.neighbours) yield describeNeighbour(neighbour);
  for (const route of netns.routes) if (!isKernelRoute(route)) yield describeRoute(route);
}

function holdsMarked({ madeBy, links, ...items }: ObservedNamespace, desired: DesiredNetwork): boolean {
  const marked = [...items.addresses, ...items.neighbours, ...items.routes];
  const group = linkGroup(desired.name);
  return (
    madeBy !== null ||
    [...links.values()].some((link) => link.group === group) ||
    marked.some(({ protocol }) => protocol === desired.protocol)
  );
}

function describeLink(link: ObservedLink, showsMac: boolean): string {
  const peer = link.peer === null ? 'none' : `${link.peer.netns}/${link.peer.name}`;
  const mac = showsMac && link.kind !== '' ? link.mac : 'any';
  const bridge = link.bridge === null ? '' : ` stp ${link.bridge.stp} vlan ${link.bridge.vlanFiltering}`;
  const words = `up ${link.up} mtu ${link.mtu} mac ${mac} master ${link.master} peer ${peer}${bridge}`;
  const alias = link.name === 'lo' ? '' : ` alias ${link.alias}`;
  return `link ${link.name} kind ${link.kind} ${words} group ${link.group.toString(16)}${alias}`;
}

/** ::1, 127.0.0.1 of `lo` and link-local addresses come by themselves, some of them late. */
function isKernelAddress(address: ObservedAddress): boolean {
  return (address.protocol > 0 && address.protocol <= 3) || address.address === 0x7f000001;
}

function describeAddress(address: ObservedAddress): string {
  const { dev, scope, noprefixroute, protocol, permanent, secondary } = address;
  const peer = address.peer === null ? '' : ` peer ${formatIp(address.peer)}`;
  const words = `${dev} ${formatPrefix(address.address, address.prefixlen)}${peer}`;
  const place = typeof address.address === 'number' ? ` ${secondary ? 'secondary' : 'primary'}` : '';
  return `address ${words} scope ${scope} noprefixroute ${noprefixroute} proto ${protocol} permanent ${permanent}${place}`;
}

function describeNeighbour({ dev, dst, mac, proxy, protocol, permanent }: ObservedNeighbour): string {
  return `neighbour ${dev} ${formatIp(dst)} mac ${mac} proxy ${proxy} proto ${protocol} permanent ${permanent}`;
}

/** The kernel's routes to subnets are shown, but not IPv6's to link-local subnets, groups and peers: they come late. */
function isKernelRoute({ protocol, dst, dstLength }: ObservedRoute): boolean {
  if (protocol !== RTPROT_KERNEL || typeof dst === 'number') return false;
  return dstLength === 128 || dst.startsWith('fe80') || dst.startsWith('ff00');
}

function describeRoute(route: ObservedRoute): string {
  const { type, scope, via, dev, src, mtu, onlink, nexthops, protocol, tos, unstatable } = route;
  const ips = [via, src].map((ip) => (ip === null ? '-' : formatIp(ip))).join(' ');
  const hops = nexthops === null ? '' : JSON.stringify(nexthops);
  return `route ${formatRouteKey(route)} type ${type} scope ${scope} ${ips} dev ${dev} mtu ${mtu} onlink ${onlink} proto ${protocol} tos ${tos} ${unstatable} ${hops}`;
}

/** Every setting of links of ours; of a namespace of ours the settings that topologies touch. */
function readSettings(machine: Machine, netns: ObservedNamespace, desired: DesiredNetwork): string[] {
  const opened = machine.namespace(netns.name)!;
  const lines: string[] = [];
  const made = netns.madeBy === desired.name;
  if (made) {
    opened.enter(() => {
      for (const key of namespaceSysctls) lines.push(`sysctl ${key} ${readSysctl(key)}`);
    });
  }
  const links = [...netns.links.values()].filter((link) => link.alias !== '' && link.name !== 'lo');
  for (const link of links) {
    for (const [family, conf] of [
      ['ipv4', link.ipv4Conf],
      ['ipv6', link.ipv6Conf],
    ] as const) {
      for (const [i, value] of (conf ?? []).entries()) {
        // In a namespace that is not ours ip_forward stays what an earlier file made it, and new links follow it.
        const isForwarding = i === 0;
        if (!isForwarding || made) lines.push(`conf ${family} ${link.name} ${i} ${value}`);
      }
    }
  }
  const tables = opened.socket.dump(RTM_GETNEIGHTBL, formatNeighbourTableDump, parseNeighbourTable);
  for (const { family, ifindex, values } of tables) {
    const link = links.find((one) => one.ifindex === ifindex);
    if (link !== undefined) lines.push(`neigh ${family} ${link.name} ${JSON.stringify([...values])}`);
  }
  return lines;
}
