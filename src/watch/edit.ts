// Carries out an edit of routes by its difference: what went and what came are handed to the diff, the plan and the
// apply of a whole pass, and what the kernel has there is known from the last one and from its events since. Whatever is
// not sure to be so, or does not go through at once, is left to a whole pass.
import type { Machine } from '../kernel/machine.ts';
import { claimsOf } from '../kernel/observe.ts';
import { type Knowledge, observeParts, type Part, readLink } from '../kernel/observe-part.ts';
import { type Applied, reviseApplied, wasAppliedSame } from '../reconcile/applied.ts';
import { apply } from '../reconcile/apply.ts';
import { diff } from '../reconcile/diff.ts';
import { countItems } from '../reconcile/inspect.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import { plan } from '../reconcile/plan.ts';
import { GUARDED_FROM } from '../reconcile/prune-guard.ts';
import { saveApplied } from '../reconcile/run-directory.ts';
import { type DesiredNetwork, emptyNamespace, isEmptyNamespace } from '../state/network.ts';
import { type DesiredRoute, type ObservedRoute, routeKey } from '../state/route.ts';
import { changedRoutes, type RouteChanges } from './changed-routes.ts';

export interface EditOptions {
  readonly applied: Applied;
  /** The links of a namespace by ifindex, as events last told them. */
  readonly linksOf: Knowledge['linksOf'];
}

/** What an edit came to; where it is not all that there is to do, a whole pass does the rest. */
export interface Edited extends ConvergeResult {
  readonly isAll: boolean;
}

/** Mends what a network wants otherwise than the one in force did; null, with nothing done, where it takes a whole pass. */
export function editRoutes(
  machine: Machine,
  inForce: DesiredNetwork,
  network: DesiredNetwork,
  { applied, linksOf }: EditOptions,
): Edited | null {
  const changes = changedRoutes(inForce, network);
  if (changes === null || mayPrune(changes)) return null;
  const parts = new Map<string, Part>();
  for (const [netns, changed] of changes) {
    const isEmpty = isEmptyNamespace(network.namespaces.get(netns)!); // its claim goes
    if (isEmpty || !isClaimed(machine, netns, network)) return null;
    parts.set(netns, partOf(netns, changed, network.protocol, applied));
  }
  const observed = observeParts(machine, parts, { peerOf: () => null, linksOf });
  const desired = restrict(network, changes);
  const { differences } = diff(desired, observed, {
    adopt: false,
    applied,
    partial: new Set(changes.keys()),
  });
  const steps = plan(differences, desired, observed);
  const outcomes = apply(machine, steps, desired, observed, { combine: true, onStep: () => {} });
  const isDone = outcomes.every(({ outcome }) => outcome === 'done');
  const result = { outcomes, left: [], ignored: 0, items: countItems(network) };
  if (!isDone || outcomes.length !== countKeys(changes)) return { ...result, applied, isAll: false };
  const record = reviseApplied(applied, changes, network.protocol);
  saveApplied(machine, network.name, record);
  return { ...result, applied: record, isAll: true };
}

/** Whether the prune guard may have a word: it judges the whole. */
function mayPrune(changes: ReadonlyMap<string, RouteChanges>): boolean {
  let gone = 0;
  for (const changed of changes.values()) gone += changed.gone.length;
  return gone >= GUARDED_FROM;
}

/** How many routes an edit changes. */
function countKeys(changes: ReadonlyMap<string, RouteChanges>): number {
  let count = 0;
  for (const { gone, come } of changes.values()) count += new Set([...gone, ...come].map(routeKey)).size;
  return count;
}

function partOf(netns: string, { gone, come }: RouteChanges, protocol: number, applied: Applied): Part {
  const told: ObservedRoute[] = [];
  const routeKeys = new Set<number | string>();
  const coming = new Set(come.map(routeKey));
  for (const route of gone) {
    const key = routeKey(route);
    const stands = wasAppliedSame(
      applied,
      netns,
      { kind: 'route', desired: route, observed: null },
      protocol,
    );
    if (stands && isPlain(route, coming.has(key)))
      told.push({ ...route, protocol, tos: 0, unstatable: false });
    else routeKeys.add(key);
  }
  // Where something stands at the key of a route that comes, the kernel refuses it.
  return { whole: false, devices: new Map(), told, routeKeys, sysctls: [] };
}

/** Whether a route that was applied stands as one: IPv6 merges those of one key, and what replaces it must hit it alone. */
function isPlain(route: DesiredRoute, isReplaced: boolean): boolean {
  return route.nexthops === null && route.dev !== null && (typeof route.dst === 'number' || !isReplaced);
}

/** Whether a namespace bears the topology's claim and no older one. A `lo` that is down tells of no change: it is asked. */
function isClaimed(machine: Machine, name: string, network: DesiredNetwork): boolean {
  const netns = machine.namespace(name);
  const lo = netns === null ? null : readLink(netns, 'lo');
  const own = lo === null ? [] : claimsOf(lo).filter(({ topology }) => topology === network.name);
  return own.length === 1 && own[0]!.protocol === network.protocol;
}

function restrict(network: DesiredNetwork, changes: ReadonlyMap<string, RouteChanges>): DesiredNetwork {
  const namespaces = [...changes].map(([netns, { come }]) => {
    const { manage, source } = network.namespaces.get(netns)!;
    return [netns, { ...emptyNamespace(netns), manage, source, routes: come }] as const;
  });
  return { ...network, bgp: [], namespaces: new Map(namespaces) };
}
