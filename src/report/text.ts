// The drift report as text: differences by namespace, what is and what is wanted side by side, a summary line.
// Lines keep to 80 columns where the names allow it; colour comes from the style, never from here.
import { type Difference, type Summary, summarize } from '../reconcile/difference.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { describeChanges, describeItem, describePlace, placeOf } from './describe.ts';
import { displayWidth, printable } from './printable.ts';
import { type Meaning, plain, type Style } from './style.ts';

const WIDTH = 80;
/** Where class and place begin on a line that leaves room for it. */
const TAIL_COLUMN = 44;
const INDENT = '      ';

/** The report of `diff`; ends in a newline. `items` counts what the topology wants. */
export function formatDifferences(
  network: DesiredNetwork,
  differences: readonly Difference[],
  items: number,
  style: Style = plain,
): string {
  if (differences.length === 0) return `${printable(network.name)}: in sync, ${counted(items, 'item')}\n`;
  const lines: string[] = [];
  for (const [netns, group] of byNamespace(differences)) {
    lines.push(style('strong', `netns ${printable(netns)}`));
    for (const difference of group) lines.push(...differenceLines(network, difference, style));
    lines.push('');
  }
  const summary = summarize(differences, 0);
  lines.push(formatSummary(network.name, summary, style));
  if (summary.conflicts > 0) lines.push('Conflicts are left as they are; apply --adopt overwrites them.');
  return `${lines.join('\n')}\n`;
}

/** `two-hosts: 1 missing, 1 changed, 1 extra; 2 pending, 1 drift`. */
export function formatSummary(name: string, summary: Summary, style: Style = plain): string {
  const changes = nonZero([
    [summary.missing, 'missing'],
    [summary.changed, 'changed'],
    [summary.extra, 'extra'],
  ]);
  const classes = nonZero([
    [summary.pending, 'pending'],
    [summary.drift, 'drift'],
    [summary.conflicts, summary.conflicts === 1 ? 'conflict' : 'conflicts'],
    [summary.ignored, 'ignored'],
  ]);
  return style('strong', `${printable(name)}: ${changes}; ${classes}`);
}

/** The sign of a difference and its colour: `+` missing, `~` changed, `-` extra, `!` conflict. */
export function signOf(difference: Difference): { sign: string; meaning: Meaning } {
  if (difference.conflict) return { sign: '!', meaning: 'conflict' };
  const sign = { missing: '+', changed: '~', extra: '-' }[difference.change];
  return { sign, meaning: difference.change };
}

/** `1 item`, `2 items`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function differenceLines(network: DesiredNetwork, difference: Difference, style: Style): string[] {
  const { sign, meaning } = signOf(difference);
  const changes = describeChanges(difference);
  const tail = [difference.class, describePlace(network.files, placeOf(difference))]
    .filter((part) => part !== null)
    .join('  ');
  let head = `${sign} ${describeItem(difference)}`;
  const joined = `${head}  ${changes.join(', ')}`;
  const fits = (text: string): boolean => 2 + displayWidth(text) + 2 + tail.length <= WIDTH;
  if (changes.length > 0 && fits(joined)) {
    head = joined;
    changes.length = 0;
  }
  const lines: string[] = [];
  if (fits(head)) {
    const column = Math.min(TAIL_COLUMN, WIDTH - tail.length);
    const gap = ' '.repeat(Math.max(2, column - 2 - displayWidth(head)));
    lines.push(`  ${style(meaning, head)}${gap}${style('faint', tail)}`);
  } else {
    lines.push(`  ${style(meaning, head)}`, `${INDENT}${style('faint', tail)}`);
  }
  lines.push(...changes.map((change) => `${INDENT}${style(meaning, change)}`));
  if (difference.cause !== null) lines.push(`${INDENT}${printable(difference.cause)}`);
  return lines;
}

/** Namespaces in the order they first appear, each with its differences in their order. */
function byNamespace(differences: readonly Difference[]): Map<string, Difference[]> {
  const groups = new Map<string, Difference[]>();
  for (const difference of differences) {
    const group = groups.get(difference.netns);
    if (group === undefined) groups.set(difference.netns, [difference]);
    else group.push(difference);
  }
  return groups;
}

function nonZero(counts: readonly (readonly [number, string])[]): string {
  return counts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`])).join(', ');
}
