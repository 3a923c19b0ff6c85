// Routes: what differs, by the kernel's FIB key. Several routes can share a key (IPv4 keeps duplicates, the first in
// force), so what is not plainly in sync is looked at as a list.
import { type DesiredRoute, type ObservedRoute, routeKey, sameRoute } from '../state/route.ts';
import { formatProtocol } from '../state/scope.ts';
import type { Comparison, Finding } from './diff.ts';

export function* diffRoutes(comparison: Comparison): Generator<Finding> {
  const { desired, observed, ownership } = comparison;
  const wanted = new Map<number | string, DesiredRoute>();
  for (const route of desired.routes) wanted.set(routeKey(route), route);
  const inSync = new Set<number | string>();
  const odd = new Map<number | string, ObservedRoute[]>();
  const extra: ObservedRoute[] = [];

  for (const route of observed.routes) {
    const key = routeKey(route);
    const match = wanted.get(key);
    if (match === undefined) {
      if (ownership.isExtraRoute(route)) extra.push(route);
    } else if (inSync.has(key)) {
      if (ownership.owns(route)) extra.push(route);
    } else if (!odd.has(key) && ownership.marksNow(route) && sameRoute(match, route)) {
      inSync.add(key);
    } else {
      const list = odd.get(key);
      if (list === undefined) odd.set(key, [route]);
      else list.push(route);
    }
  }

  if (inSync.size < wanted.size) {
    for (const [key, route] of wanted) {
      if (!inSync.has(key)) yield* compareList(route, odd.get(key) ?? [], comparison);
    }
  }
  for (const route of extra) {
    yield { kind: 'route', desired: null, observed: route, change: 'extra', foreign: false, cause: null };
  }
}

/** Compares a desired route with all that the kernel has at its key, in the kernel's order. */
function* compareList(
  desired: DesiredRoute,
  standing: readonly ObservedRoute[],
  { ownership }: Comparison,
): Generator<Finding> {
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
  if (standing.length === 0) {
    yield { kind: 'route', desired, observed: null, change: 'missing', foreign: false, cause: null };
    return;
  }
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
