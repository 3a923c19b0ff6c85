// Diff: desired against observed, item by item at the kernel's own identities. Pure: the same input gives the same
// differences in the same order, by namespace and then by kind in the order things need each other.
import type { DesiredAddress } from '../state/address.ts';
import { ignoreTest } from '../state/ignore.ts';
import {
  type DesiredNamespace,
  type DesiredNetwork,
  emptyNamespace,
  isEmptyNamespace,
  type ObservedNamespace,
  type ObservedNetwork,
} from '../state/network.ts';
import { wasFirst } from './address-order.ts';
import { type Applied, wasApplied, wasAppliedSame } from './applied.ts';
import { diffAddresses } from './diff-addresses.ts';
import { diffBgp } from './diff-bgp.ts';
import { causeOfLoss, causeOfReplacement } from './diff-causes.ts';
import { diffDroppedLoopback, diffLinks } from './diff-links.ts';
import { diffFdb, diffNeighbours } from './diff-neighbours.ts';
import { diffRoutes } from './diff-routes.ts';
import { diffSysctls } from './diff-sysctls.ts';
import {
  type Change,
  type Difference,
  type DifferenceClass,
  differenceKey,
  type Subject,
} from './difference.ts';
import { Ownership } from './ownership.ts';

/** What a comparison finds, before it is known why. */
export type Finding = Subject & {
  readonly change: Change;
  /** What stands at the desired identity is not ours. */
  readonly foreign: boolean;
  readonly cause: string | null;
  /** Of an address that stands before it: the one that the file has first in their subnet. */
  readonly behind?: DesiredAddress;
};

/** A namespace that exists and is wanted: what the comparisons of the kinds work on. */
export interface Comparison {
  readonly desired: DesiredNamespace;
  readonly observed: ObservedNamespace;
  readonly ownership: Ownership;
  /** Sysctls that were applied to it before. */
  readonly appliedSysctls: readonly string[];
  readonly freshSysctls: ReadonlyMap<string, string>;
}

export interface DiffOptions {
  /** Foreign items at desired identities are ours to overwrite. */
  readonly adopt: boolean;
  readonly applied: Applied;
  /** Namespaces of which only a part is given on both sides: what is said of a whole one is not judged. */
  readonly partial?: ReadonlySet<string>;
}

export interface Diff {
  readonly differences: readonly Difference[];
  /** Differences that the topology says are known: counted, and left alone. */
  readonly ignored: readonly Difference[];
  /** `NETNS KEY` of sysctls that left the file where they cannot be put back: they stay. */
  readonly left: readonly string[];
}

export function diff(desired: DesiredNetwork, observed: ObservedNetwork, options: DiffOptions): Diff {
  const differences: Difference[] = [];
  const ignored: Difference[] = [];
  const left: string[] = [];
  const isIgnored = ignoreTest(desired.ignore);
  for (const name of namesOf(desired, observed)) {
    const wanted = desired.namespaces.get(name) ?? emptyNamespace(name);
    const found = observed.namespaces.get(name);
    const findings =
      found === undefined
        ? missingNamespace(wanted)
        : compareNamespace(desired, wanted, found, observed.freshSysctls, options, left);
    for (const finding of findings) {
      const difference = classify(name, finding, desired, observed, options);
      const known = desired.ignore.length > 0 && isIgnored(name, difference.kind, differenceKey(difference));
      (known ? ignored : differences).push(difference);
    }
  }
  for (const difference of diffBgp(desired, observed)) {
    const known = isIgnored(difference.netns, difference.kind, differenceKey(difference));
    (known ? ignored : differences).push(difference);
  }
  return { differences, ignored, left };
}

/** Wanted namespaces first, in the topology's order, then the others that were read because they bear our mark. */
function namesOf(desired: DesiredNetwork, observed: ObservedNetwork): Iterable<string> {
  return new Set([...desired.namespaces.keys(), ...[...observed.namespaces.keys()].sort()]);
}

function* missingNamespace(wanted: DesiredNamespace): Generator<Finding> {
  const missing = { observed: null, change: 'missing', foreign: false, cause: null } as const;
  yield { kind: 'netns', desired: wanted, ...missing };
  for (const desired of wanted.links.values()) yield { kind: 'link', desired, ...missing };
  for (const desired of wanted.sysctls.values()) yield { kind: 'sysctl', desired, ...missing };
  for (const desired of wanted.addresses) yield { kind: 'address', desired, ...missing };
  for (const desired of wanted.neighbours) yield { kind: 'neighbour', desired, ...missing };
  for (const desired of wanted.fdb) yield { kind: 'fdb', desired, ...missing };
  for (const desired of wanted.routes) yield { kind: 'route', desired, ...missing };
}

function compareNamespace(
  network: DesiredNetwork,
  desired: DesiredNamespace,
  observed: ObservedNamespace,
  freshSysctls: ReadonlyMap<string, string>,
  { applied, partial }: DiffOptions,
  left: string[],
): readonly Finding[] {
  const ownership = new Ownership(
    { topology: network.name, protocol: network.protocol },
    observed,
    desired.manage,
  );
  const appliedSysctls = applied.sysctls.get(desired.name) ?? [];
  const comparison: Comparison = { desired, observed, ownership, appliedSysctls, freshSysctls };
  const isPart = partial?.has(desired.name) ?? false;
  const wanted = network.namespaces.has(desired.name) || isPart;
  if (!wanted && observed.madeBy === network.name) {
    return [{ kind: 'netns', desired: null, observed, change: 'extra', foreign: false, cause: null }];
  }
  const findings = compareItems(comparison, applied, isPart, left);
  const claim = isPart
    ? null
    : compareClaim(
        network,
        comparison,
        findings.some(({ foreign }) => !foreign),
      );
  return claim === null ? findings : [claim, ...findings];
}

function compareItems(
  comparison: Comparison,
  applied: Applied,
  isPart: boolean,
  left: string[],
): readonly Finding[] {
  const { desired, observed } = comparison;
  const lo = observed.links.get('lo');
  const wasLoApplied =
    lo !== undefined &&
    !isPart &&
    wasApplied(applied, desired.name, { kind: 'link', desired: null, observed: lo });
  return [
    ...diffLinks(comparison),
    ...(wasLoApplied ? diffDroppedLoopback(comparison, lo) : []),
    ...diffSysctls(comparison, left),
    ...diffAddresses(comparison),
    ...diffNeighbours(comparison),
    ...diffFdb(comparison),
    ...diffRoutes(comparison),
  ];
}

/**
 * A namespace that we made, or with something of ours in it or to come, bears our claim and no other number of ours.
 * Where what is foreign already is all that is wanted, there is nothing to claim.
 */
function compareClaim(network: DesiredNetwork, comparison: Comparison, differs: boolean): Finding | null {
  const { desired, observed } = comparison;
  const own = observed.claims.filter((claim) => claim.topology === network.name);
  const isUsed = !isEmptyNamespace(desired) || observed.madeBy === network.name;
  const isWanted = network.namespaces.has(desired.name) && isUsed;
  if (!isWanted) {
    if (own.length === 0) return null;
    const cause = 'claimed, and nothing in the file is in it';
    return { kind: 'netns', desired: null, observed, change: 'extra', foreign: false, cause };
  }
  if (own.length === 1 && own[0]!.protocol === network.protocol) return null;
  if (own.length === 0 && !differs && !holdsOurs(comparison)) return null;
  const cause =
    own.length === 0 ? 'not claimed' : `claimed under protocol ${own.map((c) => c.protocol).join(', ')}`;
  return { kind: 'netns', desired, observed, change: 'changed', foreign: false, cause };
}

function holdsOurs({ observed, ownership }: Comparison): boolean {
  const { links, addresses, neighbours, routes, madeBy } = observed;
  const marked = [addresses, neighbours, routes].some((items) => items.some((item) => ownership.owns(item)));
  return (
    marked ||
    madeBy === ownership.owner.topology ||
    [...links.values()].some((link) => ownership.ownsLink(link))
  );
}

function classify(
  netns: string,
  finding: Finding,
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  options: DiffOptions,
): Difference {
  const { foreign, kind, change } = finding;
  const { applied } = options;
  const known = wasApplied(applied, netns, finding);
  const adopted =
    options.adopt || (finding.desired !== null && 'adopt' in finding.desired && finding.desired.adopt);
  const itsClass = classOf(netns, finding, applied, known, desired.protocol);
  let { cause } = finding;
  if (cause === null && foreign && known) cause = causeOfReplacement(finding);
  if (cause === null && finding.change === 'missing' && itsClass === 'drift') {
    cause = causeOfLoss(finding, netns, desired, observed);
  }
  return {
    kind,
    netns,
    change,
    class: itsClass,
    conflict: foreign && !adopted && !known,
    cause,
    desired: finding.desired,
    observed: finding.observed,
    ...(finding.kind === 'link' && finding.unstatedMtu !== undefined
      ? { unstatedMtu: finding.unstatedMtu }
      : {}),
  } as Difference;
}

function classOf(
  netns: string,
  finding: Finding,
  applied: Applied,
  known: boolean,
  protocol: number,
): DifferenceClass {
  if (applied.items.size === 0) return 'pending';
  if (finding.desired === null || (finding.kind === 'sysctl' && !('source' in finding.desired))) {
    return known ? 'pending' : 'drift';
  }
  if (finding.behind !== undefined && !wasFirst(applied, netns, finding.behind)) return 'pending';
  return wasAppliedSame(applied, netns, finding, protocol) ? 'drift' : 'pending';
}
