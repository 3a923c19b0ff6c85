// The exit statuses, and how differences become one. Only src/cli.ts sets the process's.
import type { Difference, Outcome } from '../reconcile/difference.ts';

/** 0 in sync or done; 1 something failed; 2 differences, all pending; 3 differences, some of them drift. */
export type ExitStatus = 0 | 1 | 2 | 3;

/** The status of a report. */
export function statusOfDifferences(differences: readonly Difference[]): ExitStatus {
  if (differences.length === 0) return 0;
  return differences.some((difference) => difference.class === 'drift') ? 3 : 2;
}

/** The status of an apply: 1 where anything was left undone. */
export function statusOfOutcomes(outcomes: readonly Outcome[]): ExitStatus {
  return outcomes.every((outcome) => outcome.outcome === 'done') ? 0 : 1;
}
