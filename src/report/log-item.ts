// An item in the log: in words, and as fields.
import { type Difference, differenceKey, type Outcome } from '../reconcile/difference.ts';
import { locate, type SourceFile } from '../state/place.ts';
import { describeChanges, describeItem, describePlace, placeOf } from './describe.ts';
import type { Fields } from './log-entry.ts';
import { printable } from './printable.ts';

/** `host0 route 10.20.1.3/32 via 192.168.1.16 (missing, drift, deleted by ip (pid 4711)) at a.yaml:19:8`. */
export function describeOutcome({ difference, reason }: Outcome, files: readonly SourceFile[]): string {
  const { netns, kind, change } = difference;
  const where = kind === 'netns' ? '' : `${printable(netns)} `;
  const changes = change === 'changed' ? ` ${describeChanges(difference).join(', ')}`.trimEnd() : '';
  const cause = difference.cause === null ? '' : `, ${printable(difference.cause)}`;
  const words = reason === null ? '' : `: ${printable(reason)}`;
  const place = describePlace(files, placeOf(difference));
  return `${where}${describeItem(difference)}${changes} (${change}, ${difference.class}${cause})${words}${place === null ? '' : ` at ${place}`}`;
}

/** The item's identity, what differs and why, and its place. */
export function outcomeFields(difference: Difference, files: readonly SourceFile[]): Fields {
  const { netns, kind, change, cause } = difference;
  const changes = change === 'changed' ? { changes: describeChanges(difference) } : {};
  const source = locate(files, placeOf(difference));
  return {
    netns,
    kind,
    key: differenceKey(difference),
    change,
    class: difference.class,
    ...changes,
    cause,
    source,
  };
}

/** How many of each fate. */
export function countOutcomes(outcomes: readonly Outcome[]): Fields {
  const count = (test: (outcome: Outcome) => boolean): number => outcomes.filter(test).length;
  const conflicts = count(({ difference }) => difference.conflict);
  return {
    created: count(({ outcome, difference }) => outcome === 'done' && difference.change === 'missing'),
    changed: count(({ outcome, difference }) => outcome === 'done' && difference.change === 'changed'),
    deleted: count(({ outcome, difference }) => outcome === 'done' && difference.change === 'extra'),
    failed: count(({ outcome }) => outcome === 'failed'),
    skipped: count(({ outcome }) => outcome === 'skipped') - conflicts,
    conflicts,
  };
}
