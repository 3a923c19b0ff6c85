// What the topology wants and others already have there: it satisfies the file and stays theirs. Recorded as applied, it
// would pass for an item of ours once its owner changes it.
import { addressKey } from '../state/address.ts';
import { neighbourKey } from '../state/neighbour.ts';
import type { DesiredNamespace, DesiredNetwork, ObservedNetwork } from '../state/network.ts';
import { routeKey } from '../state/route.ts';
import { areRoutesAsWanted } from './diff-routes.ts';
import { keyOf, type Subject } from './difference.ts';
import { Ownership } from './ownership.ts';

/** The keys of desired items at whose identity only foreign ones stand. */
export function* heldByOthers(desired: DesiredNetwork, observed: ObservedNetwork): Generator<string> {
  for (const wanted of desired.namespaces.values()) {
    for (const subject of heldIn(wanted, desired, observed)) yield keyOf({ ...subject, netns: wanted.name });
  }
}

function* heldIn(
  wanted: DesiredNamespace,
  { name: topology, protocol }: DesiredNetwork,
  observed: ObservedNetwork,
): Generator<Subject> {
  const found = observed.namespaces.get(wanted.name);
  if (found === undefined) return;
  const ownership = new Ownership({ topology, protocol }, found, wanted.manage);
  for (const desired of wanted.links.values()) {
    const link = found.links.get(desired.name);
    if (desired.spec.kind !== 'existing' && link !== undefined && !ownership.ownsLink(link))
      yield { kind: 'link', desired, observed: null };
  }
  for (const desired of held(wanted.addresses, found.addresses, addressKey, ownership))
    yield { kind: 'address', desired, observed: null };
  for (const desired of held(wanted.neighbours, found.neighbours, neighbourKey, ownership))
    yield { kind: 'neighbour', desired, observed: null };
  if (areRoutesAsWanted(wanted.routes, found.routes, ownership)) return;
  for (const desired of held(wanted.routes, found.routes, routeKey, ownership))
    yield { kind: 'route', desired, observed: null };
}

function* held<Desired, Observed extends { readonly protocol: number }>(
  wanted: readonly Desired[],
  found: readonly Observed[],
  identity: (item: Desired | Observed) => number | string,
  ownership: Ownership,
): Generator<Desired> {
  const foreign = new Set<number | string>();
  for (const item of found) if (!ownership.owns(item)) foreign.add(identity(item));
  if (foreign.size === 0) return;
  for (const item of found) if (ownership.owns(item)) foreign.delete(identity(item));
  for (const item of wanted) if (foreign.has(identity(item))) yield item;
}
