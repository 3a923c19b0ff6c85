// The prune guard: a truncated file is valid YAML, and this is what stands between it and an outage.
import { ReconcileError } from '../errors.ts';
import type { DesiredNetwork, ObservedNamespace, ObservedNetwork } from '../state/network.ts';
import type { Difference } from './difference.ts';
import { Ownership } from './ownership.ts';

/** Fewer deletions than this never stop a pass. */
export const GUARDED_FROM = 10;

/** Raises a `pruneGuard` error where a pass would delete more than half of our items, and at least ten. */
export function checkPruneGuard(
  differences: readonly Difference[],
  desired: DesiredNetwork,
  observed: ObservedNetwork,
): void {
  const ownerships = new Map<string, Ownership>();
  for (const netns of observed.namespaces.values()) ownerships.set(netns.name, ownershipOf(desired, netns));
  const countNetns = (netns: ObservedNamespace): number => countOurs(netns, ownerships.get(netns.name)!);
  let deletions = 0;
  for (const difference of differences) {
    if (difference.change !== 'extra') continue;
    if (difference.kind !== 'netns')
      deletions += isOurs(difference, ownerships.get(difference.netns)!) ? 1 : 0;
    else if (difference.observed!.madeBy === desired.name) deletions += countNetns(difference.observed!);
  }
  if (deletions < GUARDED_FROM) return;
  let ours = 0;
  for (const netns of observed.namespaces.values()) ours += countNetns(netns);
  if (deletions * 2 <= ours) return;
  throw new ReconcileError(
    'pruneGuard',
    `this would delete ${deletions} of our ${ours} items: nothing was changed`,
    {
      hint: 'if the file is really meant to be so much shorter, say --prune-all',
    },
  );
}

/** Of an extra item, whether it bears our mark: in a namespace that is managed in full, others' can be extra too. */
function isOurs(difference: Difference, ownership: Ownership): boolean {
  switch (difference.kind) {
    case 'link':
      return ownership.ownsLink(difference.observed!);
    case 'address':
    case 'neighbour':
    case 'route':
      return ownership.owns(difference.observed!);
    default:
      return false;
  }
}

/** A namespace that we made, and the links, addresses, neighbours and routes in it that bear our mark. */
function countOurs(netns: ObservedNamespace, ownership: Ownership): number {
  let count = netns.madeBy === ownership.owner.topology ? 1 : 0;
  for (const link of netns.links.values()) if (ownership.ownsLink(link)) count++;
  for (const items of [netns.addresses, netns.neighbours, netns.routes]) {
    for (const item of items) if (ownership.owns(item)) count++;
  }
  return count;
}

function ownershipOf(desired: DesiredNetwork, netns: ObservedNamespace): Ownership {
  const owner = { topology: desired.name, protocol: desired.protocol };
  return new Ownership(owner, netns, desired.namespaces.get(netns.name)?.manage ?? null);
}
