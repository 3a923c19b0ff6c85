// The iproute2 (6.1) and sysctl(8) commands of addresses, neighbours, forwarding entries, routes and sysctls.
// `protocol` is always the mark the item bears or is to bear; iproute2 6.1 cannot give one to an address.
import type { SysctlValue } from '../../reconcile/difference.ts';
import type { Address } from '../../state/address.ts';
import type { FdbEntry } from '../../state/fdb.ts';
import { containsIp, familyOf, formatIp, formatPrefix, type Ip } from '../../state/ip.ts';
import type { Neighbour } from '../../state/neighbour.ts';
import { SELF } from '../../state/network.ts';
import { defaultMetric, formatDst, isDeviceless, MAIN_TABLE, type Route } from '../../state/route.ts';
import { formatRouteType, formatScope, RTN_UNICAST, SCOPE_GLOBAL } from '../../state/scope.ts';
import { parseDeviceSysctl, sysctlPath } from '../../state/sysctl.ts';
import { commandLine, ip } from './shell.ts';

type Word = string | number;

export function addAddress(netns: string, address: Address): string {
  return ip(netns, 'address', 'add', ...addressWords(address));
}

/** Changes an address's flags in place; the kernel changes nothing else of one. */
export function changeAddress(netns: string, address: Address): string {
  return ip(netns, 'address', 'change', ...addressWords(address));
}

export function deleteAddress(netns: string, address: Address): string {
  return ip(netns, 'address', 'del', ...localWords(address), 'dev', address.dev);
}

/** Deletes an IPv4 address whose secondaries move up instead of going with it, whatever its link is set to do. */
export function deletePrimary(netns: string, address: Address): string[] {
  const key = `net.ipv4.conf.${address.dev}.promote_secondaries`;
  return [
    `promote=$(${sysctl(netns, '-n', sysctlName(key))})`,
    writeSysctl(netns, { key, value: '1' }),
    deleteAddress(netns, address),
    `${sysctl(netns, '-qw', `${sysctlName(key)}=`)}"$promote"`,
  ];
}

export function replaceNeighbour(netns: string, neighbour: Neighbour, protocol: number): string {
  const mac = neighbour.mac === null ? [] : ['lladdr', neighbour.mac];
  const state = neighbour.proxy ? [] : ['nud', 'permanent'];
  const words = [...neighbourWords(neighbour), ...mac, 'dev', neighbour.dev, ...state, 'protocol', protocol];
  return ip(netns, 'neighbour', 'replace', ...words);
}

export function deleteNeighbour(netns: string, neighbour: Neighbour): string {
  return ip(netns, 'neighbour', 'del', ...neighbourWords(neighbour), 'dev', neighbour.dev);
}

export function replaceFdbEntry(netns: string, entry: FdbEntry): string {
  const where = entry.dst === null ? ['master', 'static'] : ['dst', formatIp(entry.dst), 'self', 'permanent'];
  return bridge(netns, 'replace', entry, where);
}

export function deleteFdbEntry(netns: string, entry: FdbEntry): string {
  return bridge(netns, 'del', entry, entry.dst === null ? ['master'] : ['dst', formatIp(entry.dst), 'self']);
}

export function addRoute(netns: string, route: Route, protocol: number): string {
  return ip(netns, 'route', 'add', ...routeWords(route, protocol));
}

export function replaceRoute(netns: string, route: Route, protocol: number): string {
  return ip(netns, 'route', 'replace', ...routeWords(route, protocol));
}

/** Deletes exactly this route: the kernel refuses where type, protocol, metric or scope is another's. */
export function deleteRoute(
  netns: string,
  route: Route & { readonly tos?: number },
  protocol: number,
): string {
  const words: Word[] = [...typeWords(route), formatDst(route), ...wayWords(route)];
  if (route.tos) words.push('tos', `0x${route.tos.toString(16)}`);
  if (route.table !== MAIN_TABLE) words.push('table', route.table);
  if (route.metric !== 0) words.push('metric', route.metric);
  if (familyOf(route.dst) === 4 && route.scope !== SCOPE_GLOBAL)
    words.push('scope', formatScope(route.scope));
  return ip(netns, 'route', 'del', ...words, 'proto', protocol);
}

export function writeSysctl(netns: string, { key, value }: SysctlValue): string {
  return sysctl(netns, '-qw', `${sysctlName(key)}=${value}`);
}

/** The name as sysctl(8) wants it: with slashes where a device has dots. */
function sysctlName(key: string): string {
  const dotted = parseDeviceSysctl(key)?.dev.includes('.') ?? false;
  return dotted ? sysctlPath(key).slice('/proc/sys/'.length) : key;
}

function sysctl(netns: string, ...words: readonly string[]): string {
  return commandLine([...(netns === SELF ? [] : ['ip', 'netns', 'exec', netns]), 'sysctl', ...words]);
}

const loopback = { address: 0x7f000000, length: 8 };

function addressWords(address: Address): Word[] {
  const words: Word[] = [...localWords(address), 'dev', address.dev];
  const local = address.address;
  // iproute2 gives 127.0.0.0/8 the scope host by itself; IPv6 scopes follow from the address.
  if (familyOf(local) === 4 && (address.scope !== SCOPE_GLOBAL || containsIp(loopback, local))) {
    words.push('scope', formatScope(address.scope));
  }
  if (address.noprefixroute) words.push('noprefixroute');
  return words;
}

function localWords(address: Address): Word[] {
  if (address.peer === null) return [formatPrefix(address.address, address.prefixlen)];
  return [formatIp(address.address), 'peer', formatPrefix(address.peer, address.prefixlen)];
}

function neighbourWords(neighbour: Neighbour): Word[] {
  return neighbour.proxy ? ['proxy', formatIp(neighbour.dst)] : [formatIp(neighbour.dst)];
}

function bridge(netns: string, verb: string, entry: FdbEntry, where: readonly Word[]): string {
  const program = netns === SELF ? ['bridge'] : ['bridge', '-n', netns];
  return commandLine([...program, 'fdb', verb, entry.mac, 'dev', entry.dev, ...where]);
}

function routeWords(route: Route, protocol: number): Word[] {
  const words: Word[] = [...typeWords(route), formatDst(route), ...wayWords(route)];
  if (route.src !== null) words.push('src', formatIp(route.src));
  if (route.table !== MAIN_TABLE) words.push('table', route.table);
  if (route.metric !== defaultMetric(route.dst)) words.push('metric', route.metric);
  if (familyOf(route.dst) === 4 && (route.scope !== SCOPE_GLOBAL || isDirect(route))) {
    words.push('scope', formatScope(route.scope));
  }
  words.push('proto', protocol);
  if (route.mtu !== 0) words.push('mtu', route.mtu);
  if (route.onlink) words.push('onlink');
  for (const hop of route.nexthops ?? []) {
    words.push('nexthop', ...viaWords(route.dst, hop.via));
    if (hop.dev !== null) words.push('dev', hop.dev);
    words.push('weight', hop.weight);
    if (hop.onlink) words.push('onlink');
  }
  return words;
}

/** A device and no gateway: iproute2 would make its scope `link` by itself. */
function isDirect(route: Route): boolean {
  return route.type === RTN_UNICAST && route.via === null && route.nexthops === null;
}

function typeWords(route: Route): Word[] {
  return route.type === RTN_UNICAST ? [] : [formatRouteType(route.type)];
}

function wayWords(route: Route): Word[] {
  const dev = route.dev === null || isDeviceless(route.type) ? [] : ['dev', route.dev];
  return [...viaWords(route.dst, route.via), ...dev];
}

function viaWords(dst: Ip, via: Ip | null): Word[] {
  if (via === null) return [];
  return familyOf(via) === familyOf(dst) ? ['via', formatIp(via)] : ['via', 'inet6', formatIp(via)];
}
