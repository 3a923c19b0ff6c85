// One pass: observe, diff, plan, apply, then read back and prove. What the kernel took along unannounced, or what one
// step made possible for another, shows in the reading back and is mended in a further round.
import { observeBgp } from '../bgp/observe.ts';
import type { Machine } from '../kernel/machine.ts';
import type { RouteMemory } from '../kernel/route-memory.ts';
import { type DesiredNetwork, type ObservedNetwork, SELF } from '../state/network.ts';
import { type Applied, recordApplied } from './applied.ts';
import { apply } from './apply.ts';
import { type Difference, keyOf, type Outcome, type Subject } from './difference.ts';
import { heldByOthers } from './held-by-others.ts';
import { countItems, type InspectResult, resultOf } from './inspect.ts';
import { Ledger } from './ledger.ts';
import { Locks, lockedOnce } from './lock.ts';
import { look } from './look.ts';
import { plan, type Step } from './plan.ts';
import { checkPruneGuard } from './prune-guard.ts';
import { forgetApplied, loadApplied, runDirectory, saveApplied } from './run-directory.ts';
import { settle } from './settle.ts';

export interface ConvergeOptions {
  /** Overwrite foreign items that stand, different, at desired identities. */
  readonly adopt: boolean;
  /** Go on where the pass would delete more than half of what is ours. */
  readonly pruneAll: boolean;
  /** Namespaces to look at beside those of the topology and those that bear its mark. */
  readonly alsoIn?: readonly string[];
  /** Also what runs in other namespaces, which stand for other machines, hold of the topology. */
  readonly everywhere?: boolean;
  /** The locks the caller holds from pass to pass; without them the pass takes its own and gives them back. */
  readonly locks?: Locks;
  /** What the caller's passes have read: what is still so is neither read nor compared again. */
  readonly memory?: RouteMemory;
  /** Called right before the kernel is read, in every round. */
  readonly onLook?: () => void;
  readonly progress?: PassProgress;
  /** Called with every step as soon as its fate is known, in the order of the plan. */
  readonly onStep?: (step: Step, outcome: Outcome) => void;
}

/** Where a long pass says how far it has come. */
export interface PassProgress {
  /** Something begins that cannot tell how far it is. */
  begin(what: string): void;
  /** So many steps of all are done, more or less. */
  step(done: number, all: number): void;
}

export interface ConvergeResult {
  /** In the order they were carried out; conflicts are skipped, with their reason. */
  readonly outcomes: readonly Outcome[];
  /** `NETNS KEY` of sysctls that left the file outside links and namespaces of ours: they stay, and are told once. */
  readonly left: readonly string[];
  /** How many differences the topology ignores: they were left alone. */
  readonly ignored: number;
  /** How many items the topology wants. */
  readonly items: number;
  /** The record of what came to be. */
  readonly applied: Applied;
}

/** A step may only show its effect on others after the kernel was read again; more rounds than this mean a rival. */
const ROUNDS = 5;

/** Reads the kernel and compares: sends dumps only, changes nothing. */
export function inspect(
  machine: Machine,
  desired: DesiredNetwork,
  options: Pick<ConvergeOptions, 'adopt' | 'progress'>,
): InspectResult {
  machine.expect(desired.namespaces.size);
  const applied = loadApplied(machine, desired.name);
  const bgp = observeBgp(desired.name, desired.bgp, runDirectory(machine, desired.name));
  options.progress?.begin('reading the kernel');
  const { observed, found } = look(machine, desired, { adopt: options.adopt, applied, bgp });
  return resultOf(desired, observed, found);
}

/** Makes the kernel what the topology wants, reads it back, and says what became of every difference. */
export function converge(
  machine: Machine,
  desired: DesiredNetwork,
  options: ConvergeOptions,
): ConvergeResult {
  if (options.locks !== undefined) return convergeLocked(machine, desired, options, options.locks);
  const locks = new Locks(machine, desired.name, 'apply');
  try {
    return convergeLocked(machine, desired, options, locks);
  } finally {
    locks.release();
  }
}

function convergeLocked(
  machine: Machine,
  desired: DesiredNetwork,
  options: ConvergeOptions,
  locks: Locks,
): ConvergeResult {
  machine.expect(desired.namespaces.size + (options.alsoIn?.length ?? 0));
  locks.take(desired.namespaces.keys());
  const applied = loadApplied(machine, desired.name);
  const ledger = new Ledger();
  let left: readonly string[] = [];
  let ignored: readonly Difference[] = [];
  let failedBefore: ReadonlySet<string> = new Set();
  let isStuck = false;
  let observed: ObservedNetwork;
  const linked = new Set<string>();
  for (let round = 1; ; round++) {
    options.onLook?.();
    options.progress?.begin(round === 1 ? 'reading the kernel' : 'reading back');
    const looked = look(machine, desired, { ...options, applied });
    const { found } = looked;
    observed = looked.observed;
    ignored = found.ignored;
    if (round === 1) {
      left = found.left;
      if (!options.pruneAll) checkPruneGuard(found.differences, desired, observed);
    }
    const current = plan(found.differences, desired, observed);
    const remaining = current.steps.map((step) => step.difference);
    ledger.judge(remaining, current.conflicts);
    if (remaining.length === 0 || isStuck || round > ROUNDS) break;
    locks.take(new Set(remaining.map(({ netns }) => netns)));
    for (const { netns, kind } of remaining) if (kind === 'link') linked.add(netns);
    const onStep = options.onStep ?? (() => {});
    const outcomes = apply(machine, current, desired, observed, {
      combine: round === 1,
      onStep,
      onSent: (requests) => options.progress?.step(requests, remaining.length),
    });
    ledger.add(outcomes);
    const failed = new Set(outcomes.filter((o) => o.outcome !== 'done').map((o) => attemptOf(o.difference)));
    isStuck = failed.size === outcomes.length && [...failed].every((attempt) => failedBefore.has(attempt));
    failedBefore = failed;
  }
  dropFormer(machine, desired, locks);
  settle(machine, desired, observed, linked);
  const unsettled = ledger.unsettled();
  for (const difference of ignored) unsettled.add(keyOf(difference));
  for (const key of heldByOthers(desired, observed)) unsettled.add(key);
  const cameToBe = (netns: string, item: Subject): boolean => !unsettled.has(keyOf({ ...item, netns }));
  const record = recordApplied(desired, unsettled.size === 0 ? null : cameToBe, applied);
  if (desired.namespaces.size === 0) forgetApplied(machine, desired.name);
  else saveApplied(machine, desired.name, record);
  return {
    outcomes: ledger.outcomes(),
    left,
    ignored: ignored.length,
    items: countItems(desired),
    applied: record,
  };
}

/** Lets go of namespaces that were once the topology's: what is left of their names, and their locks. */
function dropFormer(machine: Machine, desired: DesiredNetwork, locks: Locks): void {
  const former = lockedOnce(machine, desired.name).filter((name) => !desired.namespaces.has(name));
  if (former.length === 0) return;
  // A kill between taking a namespace's mount away and its file leaves a name that leads nowhere.
  for (const name of former) if (name !== SELF) machine.removeLeftover(name);
  const standing = new Set([SELF, ...machine.names()]);
  const isGone = (name: string): boolean => desired.namespaces.size === 0 || !standing.has(name);
  for (const name of former.filter(isGone)) locks.drop(name);
}

/** What a destroy is told: a topology's name, and what its file says where there is one. */
export interface Destroyed {
  readonly name: string;
  /** Null: whatever number the claims under the name give. */
  readonly protocol: number | null;
  /** Namespaces to look at though they bear no claim. */
  readonly namespaces: readonly string[];
}

/** Removes everything that bears the topology's mark, and nothing else. */
export function destroy(
  machine: Machine,
  destroyed: Destroyed,
  options: Pick<ConvergeOptions, 'onStep' | 'progress'>,
): ConvergeResult {
  const nothing: DesiredNetwork = {
    name: destroyed.name,
    protocol: destroyed.protocol ?? NO_PROTOCOL,
    namespaces: new Map(),
    bgp: [],
    ignore: [],
    files: [],
  };
  return converge(machine, nothing, {
    adopt: false,
    pruneAll: true,
    alsoIn: destroyed.namespaces,
    everywhere: true,
    ...options,
  });
}

/** RTPROT_UNSPEC: no item of ours bears it, so only numbers that claims give are ours. */
const NO_PROTOCOL = -1;

/** What a step tried: a route that could not be changed because it went with its address is next tried as missing. */
function attemptOf(difference: Difference): string {
  return `${difference.change} ${keyOf(difference)}`;
}
