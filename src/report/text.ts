// The drift report as text: differences by namespace, what is and what is wanted side by side, a summary line.
// Sign, class and item stand in columns; what does not fit the width goes on under the item. No colour of its own.
import { type Difference, type Summary, summarize } from '../reconcile/difference.ts';
import type { InspectResult } from '../reconcile/inspect.ts';
import { groupBy } from '../state/group.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { describeChanges, describeItem, describePlace, placeOf } from './describe.ts';
import { displayWidth, printable } from './printable.ts';
import { type Meaning, plain, type Style } from './style.ts';
import { wrap } from './wrap.ts';

export interface TextOptions {
  readonly style: Style;
  /** Columns that lines keep to where names allow it. */
  readonly width: number;
  /** Differences that are shown; the rest is counted. */
  readonly limit: number;
}

/** For a pipe or a file: 80 columns, every difference, no colour. */
export const asFile: TextOptions = { style: plain, width: 80, limit: Number.POSITIVE_INFINITY };

/** Where items begin: after indent, sign and class. */
const ITEM_COLUMN = 13;
/** Between an item and its place. */
const GAP = 2;

const ABOUT_CONFLICTS = 'Conflicts are left as they are; apply --adopt overwrites them.';

/** The report of `diff`; ends in a newline. */
export function formatDifferences(
  network: DesiredNetwork,
  { differences, ignored, items }: Pick<InspectResult, 'differences' | 'ignored' | 'items'>,
  options: TextOptions = asFile,
): string {
  const { style, limit } = options;
  if (differences.length === 0) return `${formatInSync(network.name, items, ignored, style)}\n`;
  const lines: string[] = [];
  for (const [netns, group] of groupByNetns(differences.slice(0, limit))) {
    lines.push(style('strong', `netns ${printable(netns)}`), ...groupLines(network, group, options), '');
  }
  const more = differences.length - limit;
  if (more > 0) lines.push(`… and ${grouped(more)} more (--all)`, '');
  const summary = summarize(differences, ignored);
  const total = wrap(formatSummary(network.name, summary), options.width);
  lines.push(...total.map((line) => style('strong', line)));
  if (summary.conflicts > 0) lines.push(...wrap(ABOUT_CONFLICTS, options.width));
  return `${lines.join('\n')}\n`;
}

/** `two-hosts: in sync, 40 items; 2 differences ignored`. */
export function formatInSync(name: string, items: number, ignored: number, style: Style = plain): string {
  const known = ignored === 0 ? '' : `; ${counted(ignored, 'difference')} ignored`;
  return style('strong', `${printable(name)}: in sync, ${counted(items, 'item')}${known}`);
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

/** `1 item`, `2 items`, `4 950 items`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Namespaces in the order they first appear, each with its differences in their order. */
export function groupByNetns(differences: readonly Difference[]): Map<string, Difference[]> {
  return groupBy(differences, ({ netns }) => netns);
}

/** Places stand in a column of their own, as far as it leaves room for items; those of longer items go below. */
function groupLines(network: DesiredNetwork, group: readonly Difference[], options: TextOptions): string[] {
  const entries = group.map((difference, i) => entryOf(network, difference, group[i - 1], options.width));
  const room =
    options.width - ITEM_COLUMN - GAP - Math.max(...entries.map(({ place }) => displayWidth(place)));
  const widths = entries.map(({ item }) => displayWidth(item));
  const column = Math.max(0, ...widths.filter((width) => width <= room));
  return entries.flatMap((entry) => entryLines(entry, column, options));
}

/** One difference as the words of its lines. */
interface Entry {
  readonly difference: Difference;
  readonly item: string;
  readonly place: string;
  /** What is said under the item. */
  readonly below: readonly string[];
}

/** The fields that differ stand on the item's line where they fit; a cause is not repeated from one to the next. */
function entryOf(
  network: DesiredNetwork,
  difference: Difference,
  before: Difference | undefined,
  width: number,
): Entry {
  const item = describeItem(difference);
  const place = describePlace(network.files, placeOf(difference)) ?? 'in no file';
  const { cause } = difference;
  const why = cause === null || cause === before?.cause ? [] : [printable(cause)];
  const changes = describeChanges(difference);
  const joined = changes.length === 0 ? item : `${item}  ${changes.join(', ')}`;
  if (displayWidth(joined) <= width - ITEM_COLUMN) return { difference, item: joined, place, below: why };
  return { difference, item, place, below: [...changes, ...why] };
}

function entryLines(
  { difference, item, place, below }: Entry,
  column: number,
  { style, width }: TextOptions,
): string[] {
  const { sign, meaning } = signOf(difference);
  const indent = ' '.repeat(ITEM_COLUMN);
  const room = width - ITEM_COLUMN;
  const head = `${sign} ${difference.class.padEnd(ITEM_COLUMN - 4)}`;
  const [first = '', ...rest] = wrap(item, room);
  const besides = displayWidth(item) <= column;
  const gap = ' '.repeat(Math.max(0, column + GAP - displayWidth(first)));
  const lines = [`  ${style(meaning, `${head}${first}`)}${besides ? `${gap}${style('faint', place)}` : ''}`];
  lines.push(...rest.map((line) => `${indent}${style(meaning, line)}`));
  if (!besides) lines.push(`${indent}${style('faint', place)}`);
  for (const line of below.flatMap((text) => wrap(text, room))) lines.push(`${indent}${line}`);
  return lines;
}

/** Digits in groups of three: `4 950`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}

function nonZero(counts: readonly (readonly [number, string])[]): string {
  return counts.flatMap(([count, word]) => (count === 0 ? [] : [`${grouped(count)} ${word}`])).join(', ');
}
