// Inspect: desired against an observed network, wherever that was observed, and the plan that would mend it. Pure.
import type { DesiredNetwork, ObservedNetwork } from '../state/network.ts';
import type { Applied } from './applied.ts';
import { type Diff, diff } from './diff.ts';
import type { Difference } from './difference.ts';
import { type Plan, plan } from './plan.ts';

export interface InspectResult {
  /** Every difference, conflicts included, by namespace and kind; without those the topology ignores. */
  readonly differences: readonly Difference[];
  /** How many differences the topology ignores. */
  readonly ignored: number;
  readonly plan: Plan;
  /** How many items the topology wants. */
  readonly items: number;
}

/** Compares with what was observed, and with what was applied last. */
export function inspectObserved(
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  options: { readonly adopt: boolean; readonly applied: Applied },
): InspectResult {
  return resultOf(desired, observed, diff(desired, observed, options));
}

/** What a comparison that was made comes to. */
export function resultOf(
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  { differences, ignored }: Diff,
): InspectResult {
  return {
    differences,
    ignored: ignored.length,
    plan: plan(differences, desired, observed),
    items: countItems(desired),
  };
}

/** Every namespace, link, address, neighbour, forwarding entry, route and sysctl of a topology. */
export function countItems(desired: DesiredNetwork): number {
  let count = 0;
  for (const { links, addresses, neighbours, fdb, routes, sysctls } of desired.namespaces.values()) {
    count +=
      1 + links.size + addresses.length + neighbours.length + fdb.length + routes.length + sysctls.size;
  }
  return count;
}
