// One pass: observe, diff, plan, apply, then read back and prove.
import type { Machine } from '../kernel/machine.ts';
import type { DesiredNetwork } from '../state/network.ts';
import type { Difference, Outcome } from './difference.ts';
import type { Plan, Step } from './plan.ts';

export interface ConvergeOptions {
  /** Overwrite foreign items that stand, different, at desired identities. */
  readonly adopt: boolean;
  /** Go on where the pass would delete more than half of what is ours. */
  readonly pruneAll: boolean;
  /** Called with every step as soon as its fate is known, in the order of the plan. */
  readonly onStep?: (step: Step, outcome: Outcome) => void;
}

export interface ConvergeResult {
  /** In the order they were carried out; conflicts are skipped, with their reason. */
  readonly outcomes: readonly Outcome[];
  /** Sysctls that left the file outside links and namespaces of ours: they stay, and are reported once. */
  readonly left: readonly string[];
  /** Items in sync after the pass. */
  readonly items: number;
}

export interface InspectResult {
  /** Every difference, conflicts included, in the order of the plan. */
  readonly differences: readonly Difference[];
  readonly plan: Plan;
  /** How many items the topology wants. */
  readonly items: number;
}

/** Reads the kernel and compares: sends dumps only, changes nothing. */
export function inspect(_machine: Machine, _desired: DesiredNetwork, _options: { readonly adopt: boolean }): InspectResult {
  throw new Error('being written');
}

/** Makes the kernel what the topology wants, reads it back, and says what became of every difference. */
export function converge(_machine: Machine, _desired: DesiredNetwork, _options: ConvergeOptions): ConvergeResult {
  throw new Error('being written');
}

/** Removes everything that bears the topology's mark, and nothing else. */
export function destroy(_machine: Machine, _name: string, _options: Pick<ConvergeOptions, 'onStep'>): ConvergeResult {
  throw new Error('being written');
}
