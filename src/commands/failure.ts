// What is said when a command cannot go on: problems with their places, or one line. Never a stack trace.
import { ReconcileError, TopologyError } from '../errors.ts';
import { printable } from '../report/printable.ts';
import { formatProblems } from '../report/problems.ts';
import type { Terminal } from './terminal.ts';

/** Says why a command failed; the stack of an unexpected error only where CALICO_RECONCILE_DEBUG is set. */
export function reportFailure(error: unknown, terminal: Terminal): void {
  const { errStyle } = terminal;
  if (error instanceof TopologyError) {
    terminal.err(formatProblems(error.problems, errStyle));
    return;
  }
  if (error instanceof ReconcileError) {
    const hint = error.hint === null ? '' : `; ${printable(error.hint)}`;
    terminal.err(`${errStyle('failed', 'error:')} ${printable(error.message)}${hint}\n`);
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  terminal.err(`${errStyle('failed', 'internal error:')} ${printable(message)}; please report it\n`);
  if (terminal.env.CALICO_RECONCILE_DEBUG && error instanceof Error) terminal.err(`${error.stack}\n`);
}
