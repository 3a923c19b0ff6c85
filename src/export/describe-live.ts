// A live network as a desired one: what a topology can say of it, so that applied to the same machine it changes
// nothing. Pure. What the kernel or a daemon makes by itself is left out; what cannot be said is named.
import type { DesiredAddress, ObservedAddress } from '../state/address.ts';
import type { DesiredFdbEntry } from '../state/fdb.ts';
import type { DesiredNeighbour } from '../state/neighbour.ts';
import {
  type DesiredNamespace,
  type DesiredNetwork,
  emptyNamespace,
  type ObservedNamespace,
  type ObservedNetwork,
  SELF,
} from '../state/network.ts';
import { NOWHERE } from '../state/place.ts';
import { type DesiredRoute, formatRouteKey, type ObservedRoute, routeKey } from '../state/route.ts';
import { formatProtocol, RTPROT_KERNEL } from '../state/scope.ts';
import { type DesiredSysctl, deviceSysctlKey, parseDeviceSysctl } from '../state/sysctl.ts';
import { describeLinks } from './describe-links.ts';

/** Sysctls of a whole namespace that are said where they differ from a fresh namespace's. */
export const namespaceSysctls = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.arp_ignore',
  'net.ipv4.conf.all.proxy_arp',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv6.conf.all.disable_ipv6',
  'net.ipv6.conf.all.forwarding',
] as const;

export interface LiveNetwork {
  readonly network: DesiredNetwork;
  /** What a topology cannot say, one clause each. */
  readonly leftOut: readonly string[];
}

/** A namespace as items of a topology, with what cannot be said of it. */
export interface Description {
  readonly namespace: DesiredNamespace;
  readonly leftOut: readonly string[];
}

const DEFAULT_PROTOCOL = 169;

/** The topology of some observed namespaces, under a name or, where one topology made or claimed them all, under its own. */
export function describeLive(
  observed: ObservedNetwork,
  names: readonly string[],
  name: string | null,
): LiveNetwork {
  const chosen = names.flatMap((netns) => observed.namespaces.get(netns) ?? []);
  const owner = name === null ? ownerOf(chosen) : null;
  const wanted = new Set(names);
  const descriptions = chosen.map((namespace) => describeNamespace(namespace, wanted, observed.freshSysctls));
  const network: DesiredNetwork = {
    name: name ?? owner?.topology ?? 'exported',
    protocol: owner?.protocol ?? DEFAULT_PROTOCOL,
    namespaces: new Map(descriptions.map(({ namespace }) => [namespace.name, namespace])),
    ignore: [],
    bgp: [],
    files: [],
  };
  return { network, leftOut: descriptions.flatMap(({ leftOut }) => leftOut) };
}

/** The one topology that claims all of the namespaces; null where there is none, or several. */
function ownerOf(namespaces: readonly ObservedNamespace[]): { topology: string; protocol: number } | null {
  const claims = namespaces.map((namespace) => namespace.claims[0]);
  const [first] = claims;
  return first !== undefined && claims.every((claim) => claim?.topology === first.topology) ? first : null;
}

const validName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function describeNamespace(
  observed: ObservedNamespace,
  wanted: ReadonlySet<string>,
  fresh: ReadonlyMap<string, string>,
): Description {
  const { name } = observed;
  if (name !== SELF && !validName.test(name)) {
    return {
      namespace: emptyNamespace(name),
      leftOut: [`${name}: no name for a topology`],
    };
  }
  const { links, leftOut } = describeLinks(observed, wanted);
  const known = (item: { readonly dev: string }): boolean => links.has(item.dev);
  const routes = describeRoutes(observed, new Set(links.keys()));
  return {
    namespace: {
      name,
      manage: null,
      source: NOWHERE,
      links,
      addresses: observed.addresses.filter(known).filter(isStated).map(asDesired),
      neighbours: observed.neighbours.filter(known).map(
        ({ dev, dst, mac, proxy }): DesiredNeighbour => ({
          dev,
          dst,
          mac,
          proxy,
          adopt: false,
          source: NOWHERE,
        }),
      ),
      fdb: observed.fdb
        .filter((entry) => known(entry) && entry.stated)
        .map(({ dev, mac, dst }): DesiredFdbEntry => ({ dev, mac, dst, adopt: false, source: NOWHERE })),
      routes: routes.stated,
      sysctls: describeSysctls(observed, new Set(links.keys()), fresh),
    },
    leftOut: [...leftOut, ...routes.leftOut].map((what) => `${name}: ${what}`),
  };
}

/** What the kernel gives by itself bears the mark 1 to 3; what has a lifetime is a daemon's. */
function isStated({ permanent, protocol, dev, address }: ObservedAddress): boolean {
  const own = dev === 'lo' && (address === 0x7f000001 || address === '::1');
  return permanent && !own && !(protocol >= 1 && protocol <= 3);
}

function asDesired({ dev, address, prefixlen, peer, scope, noprefixroute }: ObservedAddress): DesiredAddress {
  return { dev, address, prefixlen, peer, scope, noprefixroute, adopt: false, source: NOWHERE };
}

/** Protocols of those who put their routes back themselves: redirect, router advertisements, DHCP and routing daemons. */
const made: ReadonlySet<number> = new Set([1, RTPROT_KERNEL, 9, 11, 12, 16, 18, 42, 186, 187, 188, 189, 192]);
const statable: ReadonlySet<number> = new Set([1, 6, 7, 8, 9]);

function describeRoutes(
  observed: ObservedNamespace,
  links: ReadonlySet<string>,
): { readonly stated: DesiredRoute[]; readonly leftOut: string[] } {
  const stated = new Map<number | string, DesiredRoute>();
  const leftOut: string[] = [];
  for (const route of observed.routes) {
    if (made.has(route.protocol)) {
      if (route.protocol !== RTPROT_KERNEL)
        leftOut.push(`route ${formatRouteKey(route)} belongs to ${formatProtocol(route.protocol)}`);
      continue;
    }
    const { protocol: _protocol, tos, unstatable, ...rest } = route;
    const reason =
      whyNotStated(route, links) ?? (stated.has(routeKey(route)) ? 'there is another of its key' : null);
    if (reason !== null || tos !== 0 || unstatable) {
      leftOut.push(`route ${formatRouteKey(route)}: ${reason ?? 'a topology cannot say all of it'}`);
      continue;
    }
    stated.set(routeKey(route), { ...rest, adopt: false, source: NOWHERE });
  }
  return { stated: [...stated.values()], leftOut };
}

function whyNotStated(route: ObservedRoute, links: ReadonlySet<string>): string | null {
  if (!statable.has(route.type)) return 'its type is none of a topology';
  const devs = [route.dev, ...(route.nexthops ?? []).map((hop) => hop.dev)].filter((dev) => dev !== null);
  const unknown = devs.find((dev) => !links.has(dev));
  return unknown === undefined ? null : `it leads by ${unknown}, which is left out`;
}

/** What differs from a fresh namespace, and on links from what a new link there would have. */
function describeSysctls(
  observed: ObservedNamespace,
  links: ReadonlySet<string>,
  fresh: ReadonlyMap<string, string>,
): Map<string, DesiredSysctl> {
  const stated = new Map<string, DesiredSysctl>();
  for (const [key, value] of observed.sysctls) {
    const device = parseDeviceSysctl(key);
    if (device === null || device.dev === 'all') {
      if (value !== fresh.get(key)) stated.set(key, { key, value, source: NOWHERE });
      continue;
    }
    const { family, table, dev, leaf } = device;
    if (!links.has(dev) || value === observed.sysctls.get(deviceSysctlKey(family, table, 'default', leaf)))
      continue;
    stated.set(key, { key, value, source: NOWHERE });
  }
  return stated;
}
