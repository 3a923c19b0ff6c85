// Collateral: what the kernel takes along, unasked, when a step is carried out. What is not ours to lose is put back.
import type { ObservedAddress } from '../state/address.ts';
import { maskIp } from '../state/ip.ts';
import type { ObservedNeighbour } from '../state/neighbour.ts';
import type { ObservedNamespace } from '../state/network.ts';
import type { ObservedRoute } from '../state/route.ts';
import { RTPROT_KERNEL } from '../state/scope.ts';

/** Items of a namespace that a step takes along. */
export interface Collateral {
  readonly addresses: readonly ObservedAddress[];
  readonly neighbours: readonly ObservedNeighbour[];
  readonly routes: readonly ObservedRoute[];
}

export const NO_COLLATERAL: Collateral = { addresses: [], neighbours: [], routes: [] };

/** IFA_PROTO values up to here, and routes of RTPROT_KERNEL, come back by themselves. */
const IFAPROT_KERNEL_LAST = 3;

/** Deleting a link takes all that is on it. */
export function takenByLink(netns: ObservedNamespace, dev: string): Collateral {
  let onLinks = sorted.get(netns);
  if (onLinks === undefined) {
    onLinks = sortByLink(netns);
    sorted.set(netns, onLinks);
  }
  return onLinks.get(dev) ?? NO_COLLATERAL;
}

/** What links take, of each observation that was asked for: where many links go, each is not looked for among all items. */
const sorted = new WeakMap<ObservedNamespace, ReadonlyMap<string, Collateral>>();

function sortByLink(netns: ObservedNamespace): ReadonlyMap<string, Collateral> {
  const onLinks = new Map<string, { [Kind in keyof Collateral]: Array<Collateral[Kind][number]> }>();
  const on = (dev: string) => {
    const known = onLinks.get(dev) ?? { addresses: [], neighbours: [], routes: [] };
    onLinks.set(dev, known);
    return known;
  };
  for (const address of netns.addresses)
    if (!(address.protocol > 0 && address.protocol <= IFAPROT_KERNEL_LAST))
      on(address.dev).addresses.push(address);
  for (const neighbour of netns.neighbours) on(neighbour.dev).neighbours.push(neighbour);
  for (const route of netns.routes)
    if (route.protocol !== RTPROT_KERNEL) for (const dev of devicesOf(route)) on(dev).routes.push(route);
  return onLinks;
}

/** Changing a hardware address takes the neighbours of the link. */
export function takenByMacChange(netns: ObservedNamespace, dev: string): Collateral {
  return {
    ...NO_COLLATERAL,
    neighbours: netns.neighbours.filter((neighbour) => neighbour.dev === dev && !neighbour.proxy),
  };
}

/**
 * Deleting the last IPv4 address of a link takes every IPv4 route by it, and its IPv4 neighbours and proxies, without
 * a word; `remaining` tells whether another address stays.
 */
export function takenByAddress(
  netns: ObservedNamespace,
  address: ObservedAddress,
  remaining: boolean,
): Collateral {
  if (typeof address.address !== 'number' || remaining) return NO_COLLATERAL;
  return {
    addresses: [],
    neighbours: netns.neighbours.filter((n) => n.dev === address.dev && typeof n.dst === 'number'),
    routes: netns.routes.filter(
      (route) =>
        typeof route.dst === 'number' && usesDevice(route, address.dev) && route.protocol !== RTPROT_KERNEL,
    ),
  };
}

/** The IPv4 addresses that would go with a primary, were they not promoted in time. */
export function secondariesOf(netns: ObservedNamespace, primary: ObservedAddress): ObservedAddress[] {
  if (typeof primary.address !== 'number' || primary.secondary) return [];
  const subnet = maskIp(primary.address, primary.prefixlen);
  return netns.addresses.filter(
    (address) =>
      address.secondary &&
      address.dev === primary.dev &&
      address.prefixlen === primary.prefixlen &&
      maskIp(address.address, address.prefixlen) === subnet,
  );
}

function usesDevice(route: ObservedRoute, dev: string): boolean {
  return route.dev === dev || (route.nexthops?.some((hop) => hop.dev === dev) ?? false);
}

function devicesOf(route: ObservedRoute): ReadonlySet<string> {
  const ways = [route.dev, ...(route.nexthops ?? []).map((hop) => hop.dev)];
  return new Set(ways.filter((dev) => dev !== null));
}

/** `2 routes, 1 address`; empty for nothing. */
export function describeCollateral(collateral: Collateral): string {
  const counts: Array<[number, string, string]> = [
    [collateral.addresses.length, 'address', 'addresses'],
    [collateral.neighbours.length, 'neighbour', 'neighbours'],
    [collateral.routes.length, 'route', 'routes'],
  ];
  return counts
    .filter(([count]) => count > 0)
    .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`)
    .join(', ');
}
