// The prune guard: a truncated file is valid YAML, and this is what stands between it and an outage.
import { ReconcileError } from '../errors.ts';
import type { DesiredNetwork, ObservedNamespace, ObservedNetwork } from '../state/network.ts';
import type { Difference } from './difference.ts';
import { Ownership } from './ownership.ts';

/** Fewer deletions than this never stop a pass. */
const LEAST = 10;

/** Raises a `pruneGuard` error where a pass would delete more than half of our items, and at least ten. */
export function checkPruneGuard(
  differences: readonly Difference[],
  desired: DesiredNetwork,
  observed: ObservedNetwork,
): void {
  const deletions = differences.reduce((sum, difference) => {
    if (difference.change !== 'extra') return sum;
    return sum + (difference.kind === 'netns' ? countOurs(desired, difference.observed!) : 1);
  }, 0);
  if (deletions < LEAST) return;
  let ours = 0;
  for (const netns of observed.namespaces.values()) ours += countOurs(desired, netns);
  if (deletions * 2 <= ours) return;
  throw new ReconcileError(
    'pruneGuard',
    `this would delete ${deletions} of our ${ours} items: nothing was changed`,
    {
      hint: 'if the file is really meant to be so much shorter, say --prune-all',
    },
  );
}

/** The links, addresses, neighbours and routes in a namespace that bear our mark. */
function countOurs(desired: DesiredNetwork, netns: ObservedNamespace): number {
  const owner = { topology: desired.name, protocol: desired.protocol };
  const ownership = new Ownership(owner, netns, desired.namespaces.get(netns.name)?.manage ?? null);
  let count = netns.madeBy === desired.name ? 1 : 0;
  for (const link of netns.links.values()) if (ownership.ownsLink(link)) count++;
  for (const items of [netns.addresses, netns.neighbours, netns.routes]) {
    for (const item of items) if (ownership.owns(item)) count++;
  }
  return count;
}
