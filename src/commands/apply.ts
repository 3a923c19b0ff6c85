// `apply`: converge once and say what became of every difference; with --dry-run, say what would be done.
import { Machine } from '../kernel/machine.ts';
import { checkPropagation } from '../kernel/propagation.ts';
import type { Difference } from '../reconcile/difference.ts';
import { summarize } from '../reconcile/difference.ts';
import { converge, inspect } from '../reconcile/pass.ts';
import { formatJson, outcomesAsJson, planAsJson } from '../report/json.ts';
import type { Progress } from '../report/progress.ts';
import { StepLog } from '../report/step-log.ts';
import { formatConverged, formatLeft, formatPlan, formatSkipped } from '../report/steps.ts';
import { formatInSync, formatSummary } from '../report/text.ts';
import { type DesiredNetwork, SELF } from '../state/network.ts';
import { publishOnce } from './bgp.ts';
import { type HostOptions, readDesired } from './desired.ts';
import { type ExitStatus, statusOfDifferences, statusOfOutcomes } from './exit-status.ts';
import { requirePrivileges } from './privileges.ts';
import { progressOn, type Terminal } from './terminal.ts';

export interface ApplyOptions extends HostOptions {
  readonly format: 'text' | 'json';
  readonly dryRun?: boolean;
  readonly adopt?: boolean;
  readonly pruneAll?: boolean;
  readonly all?: boolean;
}

export function apply(files: readonly string[], options: ApplyOptions, terminal: Terminal): ExitStatus {
  const progress = progressOn(terminal);
  const desired = readDesired(files, options, progress);
  if (!options.dryRun) {
    requirePrivileges('apply', desired.namespaces.keys());
    if ([...desired.namespaces.keys()].some((name) => name !== SELF)) checkPropagation();
  }
  const machine = Machine.open();
  try {
    return options.dryRun
      ? showPlan(machine, desired, options, terminal, progress)
      : carryOut(machine, desired, options, terminal, progress);
  } finally {
    progress.clear();
    machine.close();
  }
}

function showPlan(
  machine: Machine,
  desired: DesiredNetwork,
  options: ApplyOptions,
  terminal: Terminal,
  progress: Progress,
): ExitStatus {
  const result = inspect(machine, desired, { adopt: options.adopt ?? false, progress });
  progress.clear();
  const { differences, ignored, plan } = result;
  const { outStyle } = terminal;
  if (options.format === 'json') {
    terminal.out(formatJson(planAsJson(desired, result)));
  } else if (differences.length === 0) {
    terminal.out(`${formatInSync(desired.name, result.items, ignored, outStyle)}\n`);
  } else {
    terminal.out(formatPlan(plan, desired.files, outStyle));
    terminal.out(`${formatSummary(desired.name, summarize(differences, ignored), outStyle)}\n`);
  }
  return statusOfDifferences(differences);
}

function carryOut(
  machine: Machine,
  desired: DesiredNetwork,
  options: ApplyOptions,
  terminal: Terminal,
  progress: Progress,
): ExitStatus {
  const { outStyle } = terminal;
  const asText = options.format === 'text';
  const steps = new StepLog({
    write: (text) => terminal.out(text),
    files: desired.files,
    style: outStyle,
    all: options.all ?? false,
  });
  /** Differences that were said to be left undone. */
  const shown = new Set<Difference>();
  const result = converge(machine, desired, {
    adopt: options.adopt ?? false,
    pruneAll: options.pruneAll ?? false,
    progress,
    onStep: (step, outcome) => {
      if (!asText) return;
      progress.clear();
      if (outcome.outcome !== 'done') shown.add(outcome.difference);
      steps.add(step, outcome);
    },
  });
  progress.clear();
  terminal.err(formatLeft(result.left));
  if (asText) {
    steps.end();
    const others = result.outcomes.filter((o) => o.outcome !== 'done' && !shown.has(o.difference));
    terminal.out(formatSkipped(others, desired.files, outStyle));
    terminal.out(formatConverged(desired.name, result, outStyle));
  } else {
    terminal.out(formatJson(outcomesAsJson(desired, result)));
  }
  const published = publishOnce(machine, desired, terminal);
  return published ? statusOfOutcomes(result.outcomes) : 1;
}
