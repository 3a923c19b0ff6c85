// `diff`: the drift report. It sends dumps only.
import { Machine } from '../kernel/machine.ts';
import { inspect } from '../reconcile/pass.ts';
import { differencesAsJson, formatJson } from '../report/json.ts';
import { formatDifferences } from '../report/text.ts';
import { type HostOptions, readDesired } from './desired.ts';
import { type ExitStatus, statusOfDifferences } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface DiffOptions extends HostOptions {
  readonly format: 'text' | 'json';
  /** Differences are no failure: for jobs that only report. */
  readonly exitZero?: boolean;
}

export function diff(files: readonly string[], options: DiffOptions, terminal: Terminal): ExitStatus {
  const desired = readDesired(files, options);
  const machine = Machine.open();
  try {
    const { differences, items } = inspect(machine, desired, { adopt: false });
    if (options.format === 'json') terminal.out(formatJson(differencesAsJson(desired, differences)));
    else terminal.out(formatDifferences(desired, differences, items, terminal.outStyle));
    return options.exitZero ? 0 : statusOfDifferences(differences);
  } finally {
    machine.close();
  }
}
