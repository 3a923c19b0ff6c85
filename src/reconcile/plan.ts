// Plan: the steps that mend the differences, ordered by need and not by luck. What is new is made before what is old
// is taken away; only what stands in the way of something new goes first. Pure.

import { sameAddress } from '../state/address.ts';
import type { DesiredLink, ObservedLink } from '../state/link.ts';
import {
  type DesiredNetwork,
  emptyNamespace,
  type ObservedNamespace,
  type ObservedNetwork,
} from '../state/network.ts';
import type { Route } from '../state/route.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import {
  describeCollateral,
  secondariesOf,
  takenByAddress,
  takenByLink,
  takenByMacChange,
} from './collateral.ts';
import type { Comparison } from './diff.ts';
import { compareLink } from './diff-links.ts';
import type { Difference } from './difference.ts';
import { depthOf } from './link-depth.ts';
import { Ownership } from './ownership.ts';

/** `recreate`: deleted and made anew, for what the kernel cannot change in place. */
export type Action = 'create' | 'change' | 'recreate' | 'delete';

/** Everything of one stage is carried out, namespace by namespace, before the next begins. */
export type Stage = 'namespaces' | 'clearing' | 'links' | 'settings' | 'removals' | 'farewells';

export interface Step {
  readonly action: Action;
  readonly stage: Stage;
  readonly difference: Difference;
  /** What it takes with it, or why it is done this way; one clause each. */
  readonly notes: readonly string[];
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Differences no step mends: conflicts. */
  readonly conflicts: readonly Difference[];
}

const stages: readonly Stage[] = ['namespaces', 'clearing', 'links', 'settings', 'removals', 'farewells'];

export function plan(
  differences: readonly Difference[],
  desired: DesiredNetwork,
  observed: ObservedNetwork,
): Plan {
  const context = new Context(differences, desired, observed);
  const buckets = new Map<number, Step[]>();
  const namespaces = new Map<string, number>();
  for (const difference of differences) {
    if (difference.conflict) continue;
    let namespace = namespaces.get(difference.netns);
    if (namespace === undefined) {
      namespace = namespaces.size;
      namespaces.set(difference.netns, namespace);
    }
    const { step, phase } = planStep(difference, context);
    const rank = (stages.indexOf(step.stage) * differences.length + namespace) * PHASES + phase;
    const bucket = buckets.get(rank);
    if (bucket === undefined) buckets.set(rank, [step]);
    else bucket.push(step);
  }
  const ranks = [...buckets.keys()].sort((a, b) => a - b);
  const steps = ranks.flatMap((rank) => buckets.get(rank)!);
  return { steps, conflicts: differences.filter((difference) => difference.conflict) };
}

/** More than any phase. */
const PHASES = 16;

interface Placed {
  readonly step: Step;
  /** The order within a stage and a namespace. */
  readonly phase: number;
}

function planStep(difference: Difference, context: Context): Placed {
  const simple: Action =
    difference.change === 'missing' ? 'create' : difference.change === 'extra' ? 'delete' : 'change';
  if (difference.kind === 'route') {
    const viaGateway = isViaGateway((difference.desired ?? difference.observed)!);
    return simple === 'delete'
      ? placeOf(difference, 'removals', viaGateway ? 1 : 2, simple)
      : placeOf(difference, 'settings', viaGateway ? 7 : 6, simple);
  }
  const place: Place = (stage, phase, action, notes) => placeOf(difference, stage, phase, action, notes);
  switch (difference.kind) {
    case 'netns':
      return simple === 'delete' ? place('farewells', 1, simple) : place('namespaces', 0, simple);
    case 'bgp':
      return place('farewells', 2, simple, ['no step brings a session up: BIRD does, once both ends run']);
    case 'link':
      return planLink(difference, context, place);
    case 'sysctl': {
      const device = parseDeviceSysctl(difference.desired?.key ?? difference.observed!.key);
      const ofLink = device !== null && device.dev !== 'all' && device.dev !== 'default';
      return ofLink ? place('settings', 2, 'change') : place('namespaces', 1, 'change');
    }
    case 'address':
      return planAddress(difference, context, place);
    case 'neighbour':
    case 'fdb':
      return simple === 'delete' ? place('removals', 3, simple) : place('settings', 5, simple);
  }
}

function placeOf(
  difference: Difference,
  stage: Stage,
  phase: number,
  action: Action,
  notes: readonly string[] = noNotes,
): Placed {
  return { step: { action, stage, difference, notes }, phase };
}

const noNotes: readonly string[] = [];

type Place = (stage: Stage, phase: number, action: Action, notes?: readonly string[]) => Placed;

function planLink(difference: Difference & { kind: 'link' }, context: Context, place: Place): Placed {
  const { desired, observed, netns } = difference;
  if (desired === null) {
    const taken = describeCollateral(
      context.foreign(netns, takenByLink(context.observed(netns), observed!.name)),
    );
    const notes = taken === '' ? [] : [`takes foreign items with it: ${taken}`];
    return context.isInTheWay(netns, observed!)
      ? place('clearing', 1, 'delete', notes)
      : place('removals', 5, 'delete', notes);
  }
  const depth = context.depth(netns, desired);
  if (observed === null) return place('links', desired.spec.kind === 'bridge' ? 0 : 1 + depth, 'create');
  const delta = compareLink(desired, observed, context.comparison(netns));
  if (delta?.recreate) {
    const taken = describeCollateral(takenByLink(context.observed(netns), observed.name));
    return place('links', 1 + depth, 'recreate', [
      delta.recreate,
      ...(taken === '' ? [] : [`puts back ${taken}`]),
    ]);
  }
  const taken =
    delta?.mac === undefined
      ? ''
      : describeCollateral(takenByMacChange(context.observed(netns), observed.name));
  return place('settings', 1, 'change', taken === '' ? [] : [`puts back ${taken}`]);
}

function planAddress(difference: Difference & { kind: 'address' }, context: Context, place: Place): Placed {
  const { desired, observed, netns } = difference;
  if (observed === null) return place('settings', 3, 'create');
  const notes: string[] = [];
  if (secondariesOf(context.observed(netns), observed).length > 0) notes.push('promotes its secondaries');
  if (desired !== null && canChangeInPlace(difference)) return place('settings', 3, 'change');
  const stays = context.keepsAddress(netns, difference);
  const taken = describeCollateral(takenByAddress(context.observed(netns), observed, stays));
  if (taken !== '') notes.push(`the last IPv4 address of ${observed.dev}: puts back ${taken}`);
  return desired === null ? place('removals', 4, 'delete', notes) : place('settings', 4, 'recreate', notes);
}

/** The kernel rewrites an address's mark in place, and an IPv6 address's noprefixroute; all else needs a new one. */
export function canChangeInPlace({ desired, observed, cause }: Difference & { kind: 'address' }): boolean {
  if (desired === null || observed === null || cause !== null) return false;
  if (sameAddress(desired, observed)) return true;
  return (
    typeof desired.address === 'string' &&
    sameAddress(desired, { ...observed, noprefixroute: desired.noprefixroute })
  );
}

function isViaGateway(route: Route): boolean {
  return route.via !== null || (route.nexthops?.some((hop) => hop.via !== null) ?? false);
}

/** What planning needs to look up, each made once. */
class Context {
  readonly #desired: DesiredNetwork;
  readonly #observed: ObservedNetwork;
  readonly #comparisons = new Map<string, Comparison>();
  /** `NETNS NAME` of link ends that are to be made, with which an extra link of the name would clash. */
  readonly #newEnds = new Set<string>();
  /** Observed items that are to be deleted. */
  readonly #going = new Set<unknown>();

  constructor(differences: readonly Difference[], desired: DesiredNetwork, observed: ObservedNetwork) {
    this.#desired = desired;
    this.#observed = observed;
    for (const difference of differences) {
      if (difference.kind === 'link' && difference.desired !== null)
        this.#addNewEnds(difference.netns, difference.desired, difference.observed);
      if (difference.change === 'extra') this.#going.add(difference.observed);
    }
  }

  #addNewEnds(netns: string, link: DesiredLink, observed: ObservedLink | null): void {
    const remade = observed === null || compareLink(link, observed, this.comparison(netns))?.recreate;
    if (!remade) return;
    this.#newEnds.add(`${netns} ${link.name}`);
    if (link.spec.kind === 'veth') this.#newEnds.add(`${link.spec.peer.netns} ${link.spec.peer.name}`);
  }

  observed(netns: string): ObservedNamespace {
    return this.#observed.namespaces.get(netns)!;
  }

  comparison(netns: string): Comparison {
    let comparison = this.#comparisons.get(netns);
    if (comparison === undefined) {
      const desired = this.#desired.namespaces.get(netns) ?? emptyNamespace(netns);
      const observed = this.observed(netns);
      const owner = { topology: this.#desired.name, protocol: this.#desired.protocol };
      const ownership = new Ownership(owner, observed, desired.manage);
      comparison = { desired, observed, ownership, appliedSysctls: [], freshSysctls: new Map() };
      this.#comparisons.set(netns, comparison);
    }
    return comparison;
  }

  /** How many links a link stands on. */
  depth(netns: string, link: DesiredLink): number {
    return depthOf(this.#desired.namespaces.get(netns)?.links ?? new Map(), link);
  }

  /** Of what a step takes along, that which is nobody's of ours. */
  foreign(netns: string, taken: ReturnType<typeof takenByLink>): ReturnType<typeof takenByLink> {
    const { ownership } = this.comparison(netns);
    return {
      addresses: taken.addresses.filter((address) => !ownership.isExtraAddress(address)),
      neighbours: taken.neighbours.filter((neighbour) => !ownership.isExtraNeighbour(neighbour)),
      routes: taken.routes.filter((route) => !ownership.isExtraRoute(route)),
    };
  }

  /** Whether an extra link holds a name that a new link needs, at either of its ends. */
  isInTheWay(netns: string, link: ObservedLink): boolean {
    const { peer } = link;
    return (
      this.#newEnds.has(`${netns} ${link.name}`) ||
      (peer !== null && this.#newEnds.has(`${peer.netns} ${peer.name}`))
    );
  }

  /** Whether the link keeps another IPv4 address when this one is deleted. */
  keepsAddress(netns: string, difference: Difference & { kind: 'address' }): boolean {
    const { dev } = difference.observed!;
    const desired = this.#desired.namespaces.get(netns)?.addresses ?? [];
    const isOther = (address: { dev: string; address: unknown }): boolean =>
      address.dev === dev && typeof address.address === 'number';
    return (
      desired.some((address) => isOther(address) && address !== difference.desired) ||
      this.observed(netns).addresses.some(
        (address) => isOther(address) && address !== difference.observed && !this.#going.has(address),
      )
    );
  }
}
