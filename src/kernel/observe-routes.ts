// Observes the routes of a namespace: all, those that matter where others have very many, those by single links, and
// those of single identities, without making an object of every other. The kernel filters by link; by identity it cannot.
import type { ObservedNamespace } from '../state/network.ts';
import type { ObservedRoute } from '../state/route.ts';
import { formatRouteDump, type LinkNames, parseRoute, routeKeyAt } from './codec/route.ts';
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

/** Whose a namespace is. */
export type NamespaceMarks = Pick<ObservedNamespace, 'name' | 'madeBy' | 'claims'>;

/** What was read of a namespace's routes. */
export type RouteReading = Pick<ObservedNamespace, 'routes' | 'routesLeftOut'>;

/** Reads the routes of a namespace, whose links have these names by ifindex. */
export type RouteReader = (
  netns: Netns,
  names: ReadonlyMap<number, string>,
  marks: NamespaceMarks,
) => RouteReading;

/** Reads all routes of a namespace, foreign ones too. */
export const readAllRoutes: RouteReader = (netns, names) => ({
  routes: readRoutes(netns, (ifindex) => names.get(ifindex) ?? null),
});

/** Which routes matter in a namespace that has very many. */
export interface RouteInterest {
  /** RTPROT_*: whose routes do, whatever they are. */
  readonly protocols: ReadonlySet<number>;
  /** Identities, by routeKey, at which those of others do. */
  readonly keys: Pick<ReadonlySet<number | string>, 'has'>;
}

/** Routes of others are all read up to so many: a routing daemon with a full table has a hundred times as many. */
const FEW = 10_000;

/** Parses, message by message of a dump, the routes that matter; of others the first few always do. */
export class Relevance {
  /** Some were left out. */
  leftOut = false;
  readonly #interest: RouteInterest;
  #others = 0;

  constructor(interest: RouteInterest) {
    this.#interest = interest;
  }

  /** Parses messages, with these names of links by ifindex; null for a route that does not matter. */
  parser(
    names: ReadonlyMap<number, string>,
  ): (buffer: Buffer, start: number, end: number) => ObservedRoute | null {
    const nameOf: LinkNames = (ifindex) => names.get(ifindex) ?? null;
    return (buffer, start, end) =>
      this.#matters(buffer, start, end) ? parseStatedRoute(buffer, start, end, nameOf) : null;
  }

  #matters(buffer: Buffer, start: number, end: number): boolean {
    if (this.#interest.protocols.has(buffer[start + 5]!) || ++this.#others <= FEW) return true;
    if (this.#interest.keys.has(routeKeyAt(buffer, start, end))) return true;
    this.leftOut = true;
    return false;
  }
}

/** A reader that leaves out, of very many routes of others, those that do not matter. */
export function readRelevantRoutes(interestIn: (marks: NamespaceMarks) => RouteInterest): RouteReader {
  return (netns, names, marks) => {
    const relevance = new Relevance(interestIn(marks));
    const routes = netns.socket.dump(
      RTM_GETROUTE,
      (writer) => formatRouteDump(writer, 0),
      relevance.parser(names),
    );
    return relevance.leftOut ? { routes, routesLeftOut: true } : { routes };
  };
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
        if (keys !== null && !keys.has(routeKeyAt(buffer, start, end))) return null;
        return parseStatedRoute(buffer, start, end, nameOf);
      },
    );
    if (unknown.size === 0) return routes;
    // A link that is gone by now has no name; its routes go with it, and the kernel tells.
    for (const index of unknown) names.known.set(index, names.read(index) ?? '');
  }
}
