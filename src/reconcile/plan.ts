// Plan: the steps that mend the differences, ordered by need.
import type { Difference } from './difference.ts';

/** `recreate`: deleted and made anew, for what the kernel cannot change in place. */
export type Action = 'create' | 'change' | 'recreate' | 'delete' | 'restore';

export interface Step {
  readonly action: Action;
  readonly difference: Difference;
  /** What it takes with it, or why it is done this way; one clause each. */
  readonly notes: readonly string[];
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Differences no step mends: conflicts. */
  readonly conflicts: readonly Difference[];
}
