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

/** Keeps the index of a list that was made along with it. */
export function keepIndex(routes: readonly Route[], index: RouteIndex): void {
  indexes.set(routes, index);
}

const indexes = new WeakMap<readonly Route[], RouteIndex>();
