// What an edit changes, where that is routes alone: most edits of large files. Nothing else hangs on a route, so that
// these can be compared and mended by themselves. Pure.
import { isDeepStrictEqual } from 'node:util';
import type { DesiredNamespace, DesiredNetwork } from '../state/network.ts';
import type { Place } from '../state/place.ts';
import { type DesiredRoute, routeKey, sameWords } from '../state/route.ts';

/** Of one namespace; a route that is another than before is in both. */
export interface RouteChanges {
  readonly gone: readonly DesiredRoute[];
  readonly come: readonly DesiredRoute[];
}

/** The changed routes by namespace, none where nothing changed; null where more than routes did. */
export function changedRoutes(
  before: DesiredNetwork,
  after: DesiredNetwork,
): ReadonlyMap<string, RouteChanges> | null {
  if (!sameBeside(before, after) || before.namespaces.size !== after.namespaces.size) return null;
  const changes = new Map<string, RouteChanges>();
  for (const [name, namespace] of after.namespaces) {
    const known = before.namespaces.get(name);
    if (known === undefined || !sameItems(known, namespace)) return null;
    const changed = compareRoutes(known.routes, namespace.routes);
    if (changed.gone.length > 0 || changed.come.length > 0) changes.set(name, changed);
  }
  return changes;
}

/** Whether two networks are one but for their namespaces. */
function sameBeside(before: DesiredNetwork, after: DesiredNetwork): boolean {
  return (
    before.name === after.name &&
    before.protocol === after.protocol &&
    isDeepStrictEqual(before.ignore, after.ignore) &&
    isDeepStrictEqual(before.bgp, after.bgp)
  );
}

/** Whether two namespaces are one but for their routes, wherever it is said. */
function sameItems(before: DesiredNamespace, after: DesiredNamespace): boolean {
  if (before === after) return true;
  const lists = (of: DesiredNamespace): readonly (readonly Said[])[] => [
    [...of.links.values()],
    of.addresses,
    of.neighbours,
    of.fdb,
    [...of.sysctls.values()],
  ];
  const others = lists(before);
  return (
    before.manage === after.manage &&
    lists(after).every((items, at) => {
      const known = others[at]!;
      return items.length === known.length && items.every((item, index) => sameItem(known[index]!, item));
    })
  );
}

interface Said {
  readonly source: Place;
}

function sameItem(before: Said, after: Said): boolean {
  return before === after || isDeepStrictEqual({ ...before, source: 0 }, { ...after, source: 0 });
}

function isSame(a: DesiredRoute, b: DesiredRoute): boolean {
  const sameKey =
    a.dst === b.dst && a.dstLength === b.dstLength && a.table === b.table && a.metric === b.metric;
  return a === b || (sameKey && a.adopt === b.adopt && sameWords(a, b));
}

/** Compares two lists: what they begin and end with alike is passed over, and the rest looked up by key. */
function compareRoutes(before: readonly DesiredRoute[], after: readonly DesiredRoute[]): RouteChanges {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && isSame(before[start]!, after[start]!)) start++;
  let behind = 0;
  while (
    behind < shorter - start &&
    isSame(before[before.length - 1 - behind]!, after[after.length - 1 - behind]!)
  )
    behind++;
  const gone = new Map<number | string, DesiredRoute>();
  for (const route of before.slice(start, before.length - behind)) gone.set(routeKey(route), route);
  const come: DesiredRoute[] = [];
  for (const route of after.slice(start, after.length - behind)) {
    const known = gone.get(routeKey(route));
    if (known !== undefined && isSame(known, route)) gone.delete(routeKey(route));
    else come.push(route);
  }
  return { gone: [...gone.values()], come };
}
