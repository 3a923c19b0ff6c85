// What an apply does, as text: the plan of a dry run, each step as its fate is known, and what came of all.
import type { Outcome } from '../reconcile/difference.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import type { Action, Plan, Step } from '../reconcile/plan.ts';
import type { SourceFile } from '../state/place.ts';
import { describeChanges, describeItem, describePlace, placeOf } from './describe.ts';
import { displayWidth, printable } from './printable.ts';
import { type Meaning, plain, type Style } from './style.ts';
import { counted } from './text.ts';

const signs: Readonly<Record<Action, readonly [string, Meaning]>> = {
  create: ['+', 'missing'],
  change: ['~', 'changed'],
  recreate: ['±', 'changed'],
  delete: ['-', 'extra'],
};

/** The steps of a plan in their order, then its conflicts; ends in a newline unless there is nothing. */
export function formatPlan(plan: Plan, files: readonly SourceFile[], style: Style = plain): string {
  const lines = plan.steps.flatMap((step) => [stepLine(step, style), ...noteLines(step)]);
  for (const conflict of plan.conflicts) {
    const [what, ...fields] = itemLines(conflict);
    lines.push(style('conflict', `! ${what}`), ...fields);
    const place = describePlace(files, placeOf(conflict));
    const why = conflict.cause ?? 'stands there already and is not ours';
    lines.push(`    ${printable(why)}: left as it is without --adopt${place === null ? '' : ` (${place})`}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** One step and its fate, with the kernel's words and the place in the file where it failed; ends in a newline. */
export function formatStep(
  step: Step,
  outcome: Outcome,
  files: readonly SourceFile[],
  style: Style = plain,
): string {
  const lines = [stepLine(step, style), ...noteLines(step)];
  if (outcome.outcome !== 'done') lines.push(fateLine(outcome, files, style));
  return lines.map((line) => `${line}\n`).join('');
}

/** Conflicts and other differences that no step mended, with the reason; empty where there are none. */
export function formatSkipped(
  outcomes: readonly Outcome[],
  files: readonly SourceFile[],
  style: Style = plain,
): string {
  const lines = outcomes.flatMap((outcome) => {
    const [what, ...fields] = itemLines(outcome.difference);
    return [style('conflict', `! ${what}`), ...fields, fateLine(outcome, files, style)];
  });
  return lines.map((line) => `${line}\n`).join('');
}

/** `two-hosts: 41 items in sync: 12 created, 1 changed, 2 deleted; 1 failed`; ends in a newline. */
export function formatConverged(name: string, result: ConvergeResult, style: Style = plain): string {
  const made = { missing: 0, changed: 0, extra: 0 };
  const fates = { failed: 0, skipped: 0, conflict: 0 };
  let lacking = 0;
  for (const { outcome, difference } of result.outcomes) {
    if (outcome === 'done') made[difference.change]++;
    else fates[outcome === 'skipped' && difference.conflict ? 'conflict' : outcome]++;
    if (outcome !== 'done' && difference.desired !== null) lacking++;
  }
  const done = listed([
    [made.missing, 'created'],
    [made.changed, 'changed'],
    [made.extra, 'deleted'],
  ]);
  const undone = listed([
    [fates.failed, 'failed'],
    [fates.skipped, 'skipped'],
    [fates.conflict, fates.conflict === 1 ? 'conflict' : 'conflicts'],
  ]);
  const known = result.ignored === 0 ? '' : `; ${counted(result.ignored, 'difference')} ignored`;
  const summary = `${printable(name)}: ${counted(result.items - lacking, 'item')} in sync, ${done === '' ? 'nothing to do' : done}`;
  return `${style('strong', summary)}${undone === '' ? '' : `; ${style('failed', undone)}`}${known}\n`;
}

function stepLine(step: Step, style: Style): string {
  const [sign, meaning] = signs[step.action];
  const [what, ...fields] = itemLines(step.difference);
  return [style(meaning, `${sign} ${what}`), ...fields].join('\n');
}

/** The item with its namespace, then the fields that differ: on its line where 80 columns hold them. */
function itemLines(difference: Step['difference']): string[] {
  const item = describeItem(difference);
  const head = difference.kind === 'netns' ? item : `${printable(difference.netns)} ${item}`;
  const changes = describeChanges(difference);
  if (changes.length === 0) return [head];
  const joined = `${head}  ${changes.join(', ')}`;
  return displayWidth(joined) <= 78 ? [joined] : [head, ...changes.map((change) => `    ${change}`)];
}

function noteLines(step: Step): string[] {
  return step.notes.map((note) => `    ${printable(note)}`);
}

function fateLine(
  { outcome, reason, difference }: Outcome,
  files: readonly SourceFile[],
  style: Style,
): string {
  const place = describePlace(files, placeOf(difference));
  const words = reason === null ? '' : `: ${printable(reason)}`;
  return `    ${style('failed', outcome)}${words}${place === null ? '' : ` (${place})`}`;
}

function listed(counts: readonly (readonly [number, string])[]): string {
  return counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(', ');
}

/** `two-hosts: 12 items deleted; 1 failed`; ends in a newline. */
export function formatDestroyed(name: string, outcomes: readonly Outcome[], style: Style = plain): string {
  const count = (fate: Outcome['outcome']): number => outcomes.filter((o) => o.outcome === fate).length;
  const done = count('done');
  const undone = listed([
    [count('failed'), 'failed'],
    [count('skipped'), 'skipped'],
  ]);
  const summary = `${printable(name)}: ${done === 0 ? 'nothing to delete' : `${counted(done, 'item')} deleted`}`;
  return `${style('strong', summary)}${undone === '' ? '' : `; ${style('failed', undone)}`}\n`;
}

/** A line for each sysctl that left the file and stays as it is; empty where there is none. */
export function formatLeft(left: readonly string[]): string {
  return left.map((key) => `${printable(key)} left the file and stays as it is\n`).join('');
}
