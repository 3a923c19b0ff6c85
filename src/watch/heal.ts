// Heals: reads again only what events named, compares it with what is wanted there, and mends it at once. The diff, the
// plan and the apply are those of a whole pass; only their share of the network is smaller.
import type { Machine } from '../kernel/machine.ts';
import { type Knowledge, observeParts, type Part } from '../kernel/observe-part.ts';
import type { Applied } from '../reconcile/applied.ts';
import { apply } from '../reconcile/apply.ts';
import { diff } from '../reconcile/diff.ts';
import { type Difference, keyOf, type Outcome } from '../reconcile/difference.ts';
import { plan } from '../reconcile/plan.ts';
import { parentOf } from '../state/link-kind.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { type Route, routeKey } from '../state/route.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import type { Cause, CauseCode } from './cause.ts';
import type { DesiredIndex } from './desired-index.ts';
import { causeOfRoute, causeOfSysctls, type Dirt, type NamespaceDirt } from './dirt.ts';
import { noteVanished } from './note.ts';

export interface HealOptions {
  /** The links of a namespace by ifindex, as events last told them. */
  readonly linksOf: Knowledge['linksOf'];
  readonly applied: Applied;
  /** Items that are to be left alone for now. */
  readonly holds: (difference: Difference) => boolean;
}

/** What became of a difference, and why it came to be. */
export interface Mended extends Outcome {
  readonly causeCode: CauseCode;
}

/** Steps may make others possible, and the kernel may take things along: so often is read again. */
const ROUNDS = 4;
/** So many links of one namespace, and reading all of it costs less. */
const MANY_LINKS = 8;

/** Mends what is dirty; returns what became of every difference found, the last word on each. */
export function heal(machine: Machine, index: DesiredIndex, dirt: Dirt, options: HealOptions): Mended[] {
  const { holds, linksOf } = options;
  // Sysctls that left the file were seen to when it was applied.
  const applied = { ...options.applied, sysctls: new Map<string, readonly string[]>() };
  const peerOf = (netns: string, dev: string) => index.peerOf(netns, dev);
  const results = new Map<string, Mended>();
  const settled = new Set<string>();
  for (let round = 1; round <= ROUNDS; round++) {
    widen(machine, index, dirt);
    const shares = dirt.entries();
    const desired = index.restrict(shares);
    const partial = new Set([...shares].filter(([, share]) => !share.whole).map(([name]) => name));
    const observed = observeParts(machine, partsOf(desired, shares), {
      peerOf,
      // What was told is mended at once; whether that was all, the kernel is asked after.
      linksOf: round === 1 ? linksOf : () => noLinks,
    });
    const { differences } = diff(desired, observed, { adopt: false, applied, partial });
    if (deepen(differences, dirt)) continue;
    const due = differences.filter((difference) => !difference.conflict && !holds(difference));
    judge(results, new Set(due.map(keyOf)));
    if (due.every((difference) => settled.has(`${difference.change} ${keyOf(difference)}`))) break;
    const causes = new Map(due.map((difference) => [difference, toldCause(difference, shares)]));
    const explained = due.map((difference) => explain(difference, causes.get(difference)!));
    const codes = new Map(explained.map((difference, at) => [difference, causes.get(due[at]!)!.code]));
    const steps = plan(explained, desired, observed);
    const isFirst = round === 1;
    const outcomes = apply(machine, steps, desired, observed, {
      combine: isFirst,
      onStep: () => {},
      // What was refused by an ifindex of old is asked for anew.
      knownIndex: (netns, dev) => (isFirst ? indexOf(linksOf(netns), dev) : undefined),
    });
    for (const outcome of outcomes) {
      const { difference } = outcome;
      const key = keyOf(difference);
      results.set(key, { ...outcome, causeCode: results.get(key)?.causeCode ?? codes.get(difference)! });
      if (outcome.outcome !== 'done') settled.add(`${difference.change} ${key}`);
    }
    if (!forgetTold(dirt, outcomes)) break;
  }
  return [...results.values()];
}

const noLinks: ReturnType<Knowledge['linksOf']> = new Map();

function indexOf(links: ReturnType<Knowledge['linksOf']>, dev: string): number | undefined {
  for (const { name, ifindex } of links.values()) if (name === dev) return ifindex;
  return undefined;
}

/** What was mended and differs again did not stay; what could not be mended and is right by now needs no word. */
function judge(results: Map<string, Mended>, due: ReadonlySet<string>): void {
  for (const [key, result] of results) {
    const differs = due.has(key);
    if (result.outcome === 'done' && differs) {
      results.set(key, { ...result, outcome: 'failed', reason: 'the kernel took it, and it did not stay' });
    } else if (result.outcome !== 'done' && !differs) results.delete(key);
  }
}

/** A namespace that is not there is wanted whole, with the ends of its veths elsewhere; one with much to read, too. */
function widen(machine: Machine, index: DesiredIndex, dirt: Dirt): void {
  const notebook = { index, dirt, isFull: () => false };
  for (const [name, { whole, devices }] of [...dirt.entries()]) {
    if (whole) continue;
    if (machine.namespace(name) === null) noteVanished(notebook, name);
    else if ([...devices.values()].filter(({ deep }) => deep).length > MANY_LINKS) dirt.whole(name, null);
    else for (const [dev, { deep }] of devices) addNeeded(index, dirt, name, dev, deep);
  }
}

/** What a link is depends on others: an unstated MTU on the ports or on the link below; and routes may depend on it. */
function addNeeded(index: DesiredIndex, dirt: Dirt, netns: string, dev: string, deep: boolean): void {
  if (deep) for (const key of index.at(netns)?.roaming ?? []) dirt.route(netns, key, null);
  const link = index.at(netns)?.desired.links.get(dev);
  if (link === undefined) return;
  const parent = parentOf(link.spec);
  if (link.spec.kind === 'bridge' && link.mtu === null) dirt.whole(netns, null);
  else if (parent !== null && !dirt.at(netns).devices.has(parent)) {
    dirt.device(netns, parent, false, null);
    addNeeded(index, dirt, netns, parent, false);
  }
}

/** Changing a link or an address may take routes along, which are put back only where they were read. */
function deepen(differences: readonly Difference[], dirt: Dirt): boolean {
  let isDeeper = false;
  for (const difference of differences) {
    if (difference.observed === null || (difference.kind !== 'link' && difference.kind !== 'address'))
      continue;
    const share = dirt.at(difference.netns);
    const dev = difference.kind === 'link' ? difference.observed.name : difference.observed.dev;
    if (share.whole || share.devices.get(dev)?.deep === true || !takesAlong(difference)) continue;
    dirt.device(difference.netns, dev, true, null);
    isDeeper = true;
  }
  return isDeeper;
}

function takesAlong(difference: Difference & { kind: 'link' | 'address' }): boolean {
  return difference.kind === 'address' || difference.cause !== null || difference.change === 'extra';
}

/** After a round what events told no longer holds: done is done, and the rest is read. False where nothing is left to read. */
function forgetTold(dirt: Dirt, outcomes: readonly Outcome[]): boolean {
  for (const { told } of dirt.entries().values()) told.clear();
  for (const { difference, outcome } of outcomes) {
    if (difference.kind === 'route' && outcome !== 'done')
      dirt.route(difference.netns, routeKey((difference.desired ?? difference.observed) as Route), null);
  }
  return [...dirt.entries().values()].some(
    ({ whole, devices, unclear, ownSysctls }) => whole || devices.size > 0 || unclear.size > 0 || ownSysctls,
  );
}

function partsOf(wanted: DesiredNetwork, shares: ReadonlyMap<string, NamespaceDirt>): Map<string, Part> {
  const parts = new Map<string, Part>();
  for (const [name, { whole, devices, told, unclear }] of shares) {
    const sysctls = [...(wanted.namespaces.get(name)?.sysctls.keys() ?? [])];
    parts.set(name, { whole, devices, told: [...told.values()].flat(), routeKeys: unclear, sysctls });
  }
  return parts;
}

const untold: Cause = { code: 'unknown', text: '', weight: -1 };

function toldCause(difference: Difference, shares: ReadonlyMap<string, NamespaceDirt>): Cause {
  const causes = shares.get(difference.netns)?.causes;
  if (causes === undefined) return untold;
  const dev = deviceOf(difference);
  const subjects = ['', ...(dev === null ? [] : [dev])];
  if (difference.kind === 'route')
    subjects.unshift(causeOfRoute(routeKey((difference.desired ?? difference.observed) as Route)));
  if (difference.kind === 'sysctl' && dev !== null) subjects.unshift(causeOfSysctls(dev));
  return subjects
    .map((subject) => causes.get(subject) ?? untold)
    .reduce((best, cause) => (cause.weight > best.weight ? cause : best));
}

/** Puts to a difference what events told of its cause; what state and comparison tell is told more exactly. */
function explain(difference: Difference, { text }: Cause): Difference {
  if (difference.class !== 'drift' || difference.cause !== null || text === '') return difference;
  return { ...difference, cause: text };
}

function deviceOf(difference: Difference): string | null {
  switch (difference.kind) {
    case 'netns':
    case 'bgp':
      return null;
    case 'link':
      return (difference.desired ?? difference.observed)!.name;
    case 'sysctl':
      return parseDeviceSysctl((difference.desired ?? difference.observed)!.key)?.dev ?? null;
    default:
      return (difference.desired ?? difference.observed)!.dev;
  }
}
