// Observes some routes of a namespace: those by single links, and those of single identities, without making an object
// of every other. The kernel filters by link; by identity it cannot.
import { type ObservedRoute, routeKey } from '../state/route.ts';
import { formatRouteDump, type LinkNames, parseRoute } from './codec/route.ts';
import { RT_TABLE_LOCAL, RTM_GETROUTE, RTPROT_KERNEL } from './constants.ts';
import type { Netns } from './netns.ts';

/** The routes by one link, or with ifindex 0 all, of both families and every table. Equivalent to `ip route show table all`. */
export function readRoutes(netns: Netns, nameOf: LinkNames, ifindex = 0): ObservedRoute[] {
  return netns.socket.dump(
    RTM_GETROUTE,
    (writer) => formatRouteDump(writer, 0, ifindex),
    (buffer, start, end) => parseStatedRoute(buffer, start, end, nameOf),
  );
}

/** A route of any table but `local`, and no IPv6 multicast or anycast entry that the kernel keeps for itself. */
export function parseStatedRoute(
  buffer: Buffer,
  start: number,
  end: number,
  nameOf: LinkNames,
): ObservedRoute | null {
  if (buffer[start + 4] === RT_TABLE_LOCAL) return null;
  const type = buffer[start + 7]!;
  if (type >= 2 && type <= 5 && buffer[start + 5] === RTPROT_KERNEL) return null;
  return parseRoute(buffer, start, end, nameOf);
}

/** The names of links: those known, and a way to ask for others. */
export interface LinkDirectory {
  readonly known: Map<number, string>;
  readonly read: (ifindex: number) => string | null;
}

/** Which routes to read. */
export interface RouteSelection {
  /** Those by these links, by ifindex. */
  readonly links: readonly number[];
  /** Those of these identities, by routeKey. */
  readonly keys: ReadonlySet<number | string>;
}

/** Reads routes, in the kernel's order, each once. Equivalent to `ip route show table all dev X`. */
export function readRoutesOf(
  netns: Netns,
  names: LinkDirectory,
  { links, keys }: RouteSelection,
): ObservedRoute[] {
  const found = links.map((ifindex) => dumpRoutes(netns, names, ifindex, null));
  if (keys.size > 0) found.push(dumpRoutes(netns, names, 0, keys));
  if (found.length < 2) return found[0] ?? [];
  // A route with two ways comes with both links; two routes of one identity differ in something.
  return [...new Map(found.flat().map((route) => [JSON.stringify(route), route])).values()];
}

/** Dumps routes; where one is by a link whose name is not known, asks for the name and dumps once more. */
function dumpRoutes(
  netns: Netns,
  names: LinkDirectory,
  ifindex: number,
  keys: ReadonlySet<number | string> | null,
): ObservedRoute[] {
  for (;;) {
    const unknown = new Set<number>();
    const nameOf: LinkNames = (index) => {
      const name = names.known.get(index);
      if (name === undefined) unknown.add(index);
      return name ?? null;
    };
    const routes = netns.socket.dump(
      RTM_GETROUTE,
      (writer) => formatRouteDump(writer, 0, ifindex),
      (buffer, start, end) => {
        if (keys !== null) {
          const nameless = parseStatedRoute(buffer, start, end, anonymous);
          if (nameless === null || !keys.has(routeKey(nameless))) return null;
        }
        return parseStatedRoute(buffer, start, end, nameOf);
      },
    );
    if (unknown.size === 0) return routes;
    // A link that is gone by now has no name; its routes go with it, and the kernel tells.
    for (const index of unknown) names.known.set(index, names.read(index) ?? '');
  }
}

const anonymous: LinkNames = () => null;
