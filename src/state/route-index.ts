// Where each route of a list stands, by its identity. A list is compared again and again; its index is made once.
import { type Route, routeKey } from './route.ts';

/** Places in a list, by routeKey. */
export type RouteIndex = ReadonlyMap<number | string, number>;

/** The index of a list of routes, no two of one identity. */
export function indexOfRoutes(routes: readonly Route[]): RouteIndex {
  const known = indexes.get(routes);
  if (known !== undefined) return known;
  const index = new Map<number | string, number>();
  for (let at = 0; at < routes.length; at++) index.set(routeKey(routes[at]!), at);
  indexes.set(routes, index);
  return index;
}

/** The index of a list where it is made already. */
export function knownIndex(routes: readonly Route[]): Map<number | string, number> | null {
  return indexes.get(routes) ?? null;
}

/** Keeps the index of a list that was made along with it. */
export function keepIndex(routes: readonly Route[], index: Map<number | string, number>): void {
  indexes.set(routes, index);
}

/**
 * Makes the index of a list from that of another, which loses it: the two begin alike up to `start`, and end alike from
 * `end` of the new one on. Where that would hold two routes of one identity, the new list has no index yet either.
 */
export function handOnIndex(
  from: readonly Route[],
  to: readonly Route[],
  { start, end }: { readonly start: number; readonly end: number },
): void {
  const index = indexes.get(from);
  if (index === undefined || index.size !== from.length) return;
  indexes.delete(from);
  const shift = to.length - from.length;
  for (let at = start; at < end - shift; at++) index.delete(routeKey(from[at]!));
  for (let at = start; at < end; at++) index.set(routeKey(to[at]!), at);
  if (index.size !== to.length) return;
  if (shift !== 0) for (let at = end; at < to.length; at++) index.set(routeKey(to[at]!), at);
  indexes.set(to, index);
}

const indexes = new WeakMap<readonly Route[], Map<number | string, number>>();
