// Routes: what differs, by the kernel's FIB key. Several routes can share a key (IPv4 keeps duplicates, the first in
// force), so what is not plainly in sync is looked at as a list.
import { type DesiredRoute, type ObservedRoute, routeKey, sameRoute } from '../state/route.ts';
import { formatProtocol } from '../state/scope.ts';
import type { Comparison, Finding } from './diff.ts';
import type { Ownership } from './ownership.ts';

export function* diffRoutes(comparison: Comparison): Generator<Finding> {
  const { desired, observed, ownership } = comparison;
  const { routes } = desired;
  if (areRoutesAsWanted(routes, observed.routes, ownership)) return;
  const wanted = indexOfRoutes(routes);
  const inSync = new Uint8Array(routes.length);
  let missing = wanted.size;
  const odd = new Map<number, ObservedRoute[]>();
  const extra: ObservedRoute[] = [];

  for (const route of observed.routes) {
    const at = wanted.get(routeKey(route));
    if (at === undefined) {
      if (ownership.isExtraRoute(route)) extra.push(route);
    } else if (inSync[at] === 1) {
      if (ownership.owns(route)) extra.push(route);
    } else if (!odd.has(at) && ownership.marksNow(route) && sameRoute(routes[at]!, route)) {
      inSync[at] = 1;
      missing--;
    } else {
      const list = odd.get(at);
      if (list === undefined) odd.set(at, [route]);
      else list.push(route);
    }
  }

  if (missing === 0 && odd.size === 0 && extra.length === 0) {
    asWanted.set(observed.routes, { routes, ownership });
    return;
  }
  if (missing > 0) {
    for (const at of wanted.values()) {
      if (inSync[at] === 0) yield* compareList(routes[at]!, odd.get(at) ?? none, comparison);
    }
  }
  for (const route of extra) {
    yield { kind: 'route', desired: null, observed: route, change: 'extra', foreign: false, cause: null };
  }
}

const none: readonly ObservedRoute[] = [];

/** Whether these very lists were compared, and every desired route found as it is wanted, ours, and alone at its key. */
export function areRoutesAsWanted(
  desired: readonly DesiredRoute[],
  observed: readonly ObservedRoute[],
  ownership: Ownership,
): boolean {
  const known = asWanted.get(observed);
  return known !== undefined && known.routes === desired && known.ownership.isSameAs(ownership);
}

const asWanted = new WeakMap<
  readonly ObservedRoute[],
  { readonly routes: readonly DesiredRoute[]; readonly ownership: Ownership }
>();

/** The places of routes in a list by their keys; made once for a list, which is compared again and again. */
export function indexOfRoutes(routes: readonly DesiredRoute[]): ReadonlyMap<number | string, number> {
  const known = indexes.get(routes);
  if (known !== undefined) return known;
  const index = new Map<number | string, number>();
  for (let at = 0; at < routes.length; at++) index.set(routeKey(routes[at]!), at);
  indexes.set(routes, index);
  return index;
}

const indexes = new WeakMap<readonly DesiredRoute[], ReadonlyMap<number | string, number>>();

/** Compares a desired route with all that the kernel has at its key, in the kernel's order. */
function* compareList(
  desired: DesiredRoute,
  standing: readonly ObservedRoute[],
  { ownership }: Comparison,
): Generator<Finding> {
  if (standing.length === 0) {
    yield { kind: 'route', desired, observed: null, change: 'missing', foreign: false, cause: null };
    return;
  }
  const ours = standing.filter((route) => ownership.owns(route));
  const changed = (observed: ObservedRoute, foreign: boolean, cause: string | null): Finding => {
    return { kind: 'route', desired, observed, change: 'changed', foreign, cause };
  };
  const extra = function* (kept: ObservedRoute | null): Generator<Finding> {
    for (const route of ours) {
      if (route === kept) continue;
      yield { kind: 'route', desired: null, observed: route, change: 'extra', foreign: false, cause: null };
    }
  };
  const right = ours.find((route) => sameRoute(desired, route));
  if (right !== undefined) {
    const first = standing[0]!;
    if (!ownership.owns(first) && typeof desired.dst === 'number') {
      yield changed(right, false, `shadowed by a route of proto ${formatProtocol(first.protocol)}`);
    } else if (!ownership.marksNow(right)) {
      yield changed(right, false, `marked with protocol ${right.protocol} before`);
    }
    yield* extra(right);
    return;
  }
  if (standing.some((route) => sameRoute(desired, route))) {
    yield* extra(null); // a foreign route already is what the file asks for
    return;
  }
  if (ours.length === 0) {
    yield changed(standing[0]!, true, null);
    return;
  }
  yield changed(ours[0]!, false, null);
  yield* extra(ours[0]!);
}
