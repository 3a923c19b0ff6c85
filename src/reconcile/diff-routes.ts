// Routes: what differs, by the kernel's FIB key. Several routes can share a key (IPv4 keeps duplicates, the first in
// force), so what is not plainly in sync is looked at as a list.
import { type DesiredRoute, type ObservedRoute, routeKey, sameRoute } from '../state/route.ts';
import { indexOfRoutes } from '../state/route-index.ts';
import { formatProtocol } from '../state/scope.ts';
import type { Comparison, Finding } from './diff.ts';
import type { Ownership } from './ownership.ts';

export function diffRoutes(comparison: Comparison): Finding[] {
  const { desired, observed, ownership } = comparison;
  const { routes } = desired;
  if (areRoutesAsWanted(routes, observed.routes, ownership)) return [];
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
    return [];
  }
  const findings: Finding[] = [];
  if (missing > 0) {
    for (let at = 0; at < routes.length; at++) {
      if (inSync[at] === 1) continue;
      const desired = routes[at]!;
      const standing = odd.get(at);
      if (standing !== undefined) findings.push(...compareList(desired, standing, ownership));
      else
        findings.push({
          kind: 'route',
          desired,
          observed: null,
          change: 'missing',
          foreign: false,
          cause: null,
        });
    }
  }
  for (const route of extra) findings.push(extraRoute(route));
  return findings;
}

function extraRoute(observed: ObservedRoute): Finding {
  return { kind: 'route', desired: null, observed, change: 'extra', foreign: false, cause: null };
}

/** Whether these very lists were compared, and every desired route found as it is wanted, and ours. */
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

/** Compares a desired route with all that the kernel has at its key, one or more, in the kernel's order. */
function compareList(
  desired: DesiredRoute,
  standing: readonly ObservedRoute[],
  ownership: Ownership,
): Finding[] {
  const ours = standing.filter((route) => ownership.owns(route));
  const changed = (observed: ObservedRoute, foreign: boolean, cause: string | null): Finding => {
    return { kind: 'route', desired, observed, change: 'changed', foreign, cause };
  };
  const allBut = (kept: ObservedRoute | null): Finding[] =>
    ours.filter((route) => route !== kept).map(extraRoute);
  const right = ours.find((route) => sameRoute(desired, route));
  if (right !== undefined) {
    const first = standing[0]!;
    if (!ownership.owns(first) && typeof desired.dst === 'number') {
      const cause = `shadowed by a route of proto ${formatProtocol(first.protocol)}`;
      return [changed(right, false, cause), ...allBut(right)];
    }
    if (ownership.marksNow(right)) return allBut(right);
    return [changed(right, false, `marked with protocol ${right.protocol} before`), ...allBut(right)];
  }
  // A foreign route already is what the file asks for.
  if (standing.some((route) => sameRoute(desired, route))) return allBut(null);
  if (ours.length === 0) return [changed(standing[0]!, true, null)];
  return [changed(ours[0]!, false, null), ...allBut(ours[0]!)];
}
