// The items of a snapshot as JSON and back: addresses, scopes and route types are text, and every field is there.
import type { ObservedAddress } from '../../state/address.ts';
import type { ObservedFdbEntry } from '../../state/fdb.ts';
import { formatIp, formatPrefix, type Ip, parseIp, parsePrefix } from '../../state/ip.ts';
import type { ObservedLink } from '../../state/link.ts';
import type { KindSettings } from '../../state/link-kind.ts';
import type { ObservedNeighbour } from '../../state/neighbour.ts';
import { type Nexthop, type ObservedRoute, sortNexthops } from '../../state/route.ts';
import { formatRouteType, formatScope, parseRouteType, parseScope } from '../../state/scope.ts';

/** A link's index follows from its name, and is looked up by it. */
export type Indexes = (dev: string) => number;

export type LinkJson = Omit<ObservedLink, 'settings' | 'ipv4Conf' | 'ipv6Conf'> & {
  readonly settings: SettingsJson | null;
  /** Whether the link has the tables of sysctls of this family. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
};

/** The settings of a tunnel, a vlan or a macvlan, as the topology format names them. */
type SettingsJson = Readonly<Record<string, string | number | boolean | null>>;

export function encodeLink({ ipv4Conf, ipv6Conf, settings, ...link }: ObservedLink): LinkJson {
  const texts = settings === null ? null : changeEnds(settings, (end) => formatOrNull(end as Ip | null));
  return {
    ...link,
    settings: texts as SettingsJson | null,
    ipv4: ipv4Conf !== null,
    ipv6: ipv6Conf !== null,
  };
}

export function decodeLink({ ipv4, ipv6, settings, ...link }: LinkJson): ObservedLink {
  const table = (isThere: boolean): Int32Array | null => (isThere ? new Int32Array(0) : null);
  const own = settings === null ? null : changeEnds(settings, (end) => parseOrNull(end as string | null));
  return {
    ...link,
    settings: own as KindSettings | null,
    ipv4Conf: table(ipv4),
    ipv6Conf: table(ipv6),
  };
}

/** Settings with the addresses of a tunnel's ends in another form. */
function changeEnds(settings: object, change: (end: unknown) => unknown): object {
  const entries = Object.entries(settings);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, name === 'local' || name === 'remote' ? change(value) : value]),
  );
}

export interface AddressJson {
  readonly dev: string;
  /** With the length of its subnet; of the peer's, where there is one. */
  readonly address: string;
  readonly peer: string | null;
  readonly scope: string;
  readonly noprefixroute: boolean;
  readonly protocol: number;
  readonly permanent: boolean;
  readonly secondary: boolean;
}

export function encodeAddress(item: ObservedAddress): AddressJson {
  const { dev, address, prefixlen, peer, scope, noprefixroute, protocol, permanent, secondary } = item;
  return {
    dev,
    address: formatPrefix(address, prefixlen),
    peer: formatOrNull(peer),
    scope: formatScope(scope),
    noprefixroute,
    protocol,
    permanent,
    secondary,
  };
}

export function decodeAddress(item: AddressJson, indexOf: Indexes): ObservedAddress {
  const { address, length } = known(parsePrefix(item.address), item.address);
  return {
    dev: item.dev,
    address,
    prefixlen: length,
    peer: parseOrNull(item.peer),
    scope: known(parseScope(item.scope), item.scope),
    noprefixroute: item.noprefixroute,
    ifindex: indexOf(item.dev),
    protocol: item.protocol,
    permanent: item.permanent,
    secondary: item.secondary,
  };
}

export type NeighbourJson = Omit<ObservedNeighbour, 'dst' | 'ifindex'> & { readonly dst: string };

export function encodeNeighbour({ ifindex: _ifindex, dst, ...rest }: ObservedNeighbour): NeighbourJson {
  return { ...rest, dst: formatIp(dst) };
}

export function decodeNeighbour(item: NeighbourJson, indexOf: Indexes): ObservedNeighbour {
  return { ...item, dst: known(parseIp(item.dst), item.dst), ifindex: indexOf(item.dev) };
}

export type FdbJson = Omit<ObservedFdbEntry, 'dst' | 'ifindex'> & { readonly dst: string | null };

export function encodeFdbEntry({ ifindex: _ifindex, dst, ...rest }: ObservedFdbEntry): FdbJson {
  return { ...rest, dst: formatOrNull(dst) };
}

export function decodeFdbEntry(item: FdbJson, indexOf: Indexes): ObservedFdbEntry {
  return { ...item, dst: parseOrNull(item.dst), ifindex: indexOf(item.dev) };
}

type NexthopJson = Omit<Nexthop, 'via'> & { readonly via: string | null };

export type RouteJson = Omit<
  ObservedRoute,
  'dst' | 'dstLength' | 'type' | 'scope' | 'via' | 'src' | 'nexthops'
> & {
  readonly dst: string;
  readonly type: string;
  readonly scope: string;
  readonly via: string | null;
  readonly src: string | null;
  readonly nexthops: readonly NexthopJson[] | null;
};

export function encodeRoute({ dstLength, ...route }: ObservedRoute): RouteJson {
  return {
    ...route,
    dst: formatPrefix(route.dst, dstLength),
    type: formatRouteType(route.type),
    scope: formatScope(route.scope),
    via: formatOrNull(route.via),
    src: formatOrNull(route.src),
    nexthops: route.nexthops?.map((hop) => ({ ...hop, via: formatOrNull(hop.via) })) ?? null,
  };
}

export function decodeRoute(item: RouteJson): ObservedRoute {
  const { address, length } = known(parsePrefix(item.dst), item.dst);
  const hops = item.nexthops?.map((hop) => ({ ...hop, via: parseOrNull(hop.via) })) ?? null;
  return {
    ...item,
    dst: address,
    dstLength: length,
    type: known(parseRouteType(item.type), item.type),
    scope: known(parseScope(item.scope), item.scope),
    via: parseOrNull(item.via),
    src: parseOrNull(item.src),
    nexthops: hops === null ? null : sortNexthops(hops),
  };
}

/** A word of a snapshot that no part of the program writes. */
export class UnknownWord extends Error {}

function known<T>(value: T | null | undefined, word: string): T {
  if (value === null || value === undefined) throw new UnknownWord(word);
  return value;
}

function formatOrNull(ip: Ip | null): string | null {
  return ip === null ? null : formatIp(ip);
}

function parseOrNull(text: string | null): Ip | null {
  return text === null ? null : known(parseIp(text), text);
}
