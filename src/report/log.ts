// The log of `watch`: one line an event, for people or for machines. What was said and still holds is not said again,
// and of very many items of one event only the first are named.
import { type ReconcileError, TopologyError } from '../errors.ts';
import { type Difference, keyOf, type Outcome } from '../reconcile/difference.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import type { SourceFile } from '../state/place.ts';
import { type Entry, type Fields, formatEntry, type LogFormat } from './log-entry.ts';
import { countOutcomes, describeOutcome, outcomeFields } from './log-item.ts';
import { printable } from './printable.ts';
import { formatConverged } from './steps.ts';

/** What a pass came to, and why it ran. */
export interface Converged {
  readonly network: { readonly name: string; readonly files: readonly SourceFile[] };
  readonly occasion: { readonly kind: 'start' | 'edit' | 'reload' | 'resync'; readonly reason: string };
  readonly result: ConvergeResult;
  readonly milliseconds: number;
}

/** What a heal came to. */
export interface Healed {
  readonly network: { readonly files: readonly SourceFile[] };
  readonly outcomes: readonly Outcome[];
  readonly milliseconds: number;
  readonly fights: readonly { readonly difference: Difference; readonly rest: number }[];
}

/** So many items of one event are named. */
const MOST_ITEMS = 20;
const LAST_GOOD = 'the last good topology stays in force';

export class EventLog {
  readonly #write: (line: string) => void;
  readonly #format: LogFormat;
  readonly #clock: () => Date;
  /** What is not as it should be, by item, in the words it was said with. */
  #standing = new Map<string, string>();
  #refusal = '';

  constructor(write: (line: string) => void, format: LogFormat, clock: () => Date = () => new Date()) {
    this.#write = write;
    this.#format = format;
    this.#clock = clock;
  }

  /** Says one thing. */
  say(event: string, message: string, fields: Fields = {}): void {
    this.#put({ event, message, fields });
  }

  /** Says that a heal was cut short. */
  trouble(error: ReconcileError): void {
    this.say('trouble', `${printable(error.message)}; tried again in a second`, { code: error.code });
  }

  /** Says that events were lost, and what follows from it. */
  overflow(netns: string, lost: number): void {
    const message = `${lost} ${lost === 1 ? 'event' : 'events'} of namespace ${printable(netns)} lost, too many came at once; it is read again`;
    this.say('overflow', message, { netns, lost });
  }

  /** Says that a file has been open for writing for long. */
  held(path: string): void {
    const message = `${printable(path)} is still open for writing: it is read when its writer closes it, or on SIGHUP`;
    this.say('held', message, { path });
  }

  /** Says that the file system does not tell of changes. */
  filesUnwatched(error: unknown): void {
    const reason = error instanceof Error ? error.message : 'unknown error';
    const message = `the files cannot be watched (${printable(reason)}): the timer looks at them, and SIGHUP`;
    this.say('unwatched', message, { reason });
  }

  /** Says why a topology was refused, each problem with its place; once, until another is read. */
  refused(error: ReconcileError): void {
    const entries = refusalEntries(error);
    const text = JSON.stringify(entries);
    if (text === this.#refusal) return;
    this.#refusal = text;
    for (const entry of entries) this.#put(entry);
  }

  /** Says what a pass found drifted, what it could not mend, and in one line what came of it all. */
  converged({ network, occasion, result, milliseconds }: Converged): void {
    const { outcomes, left } = result;
    const before = this.#standing;
    this.#standing = new Map();
    const drift = outcomes.filter((o) => o.outcome === 'done' && o.difference.class === 'drift');
    this.#tellMended(drift, network.files, null);
    const undone = outcomes.filter((outcome) => outcome.outcome !== 'done');
    this.#tellUndone(undone, network.files, before);
    for (const key of left) this.#complain(key, `${printable(key)} left the file and stays as it is`, before);
    if (occasion.kind !== 'resync') this.#refusal = '';
    if (occasion.kind === 'resync' && outcomes.every(({ outcome }) => outcome !== 'done')) return;
    const took = `in ${formatDuration(milliseconds)}`;
    const message = `${printable(occasion.reason)}: ${formatConverged(network.name, result).trimEnd()}, ${took}`;
    const counts = { items: result.items, ignored: result.ignored, ...countOutcomes(outcomes) };
    const fields = { occasion: occasion.kind, reason: occasion.reason, ...counts, milliseconds };
    this.say('converged', message, fields);
  }

  /** Says what a heal mended, how long it took since the first event, and with whom it is in a fight. */
  healed({ network, outcomes, milliseconds, fights }: Healed): void {
    const done = outcomes.filter(({ outcome }) => outcome === 'done');
    for (const { difference } of done) this.#standing.delete(keyOf(difference));
    this.#tellMended(done, network.files, milliseconds);
    this.#tellUndone(
      outcomes.filter(({ outcome }) => outcome !== 'done'),
      network.files,
      this.#standing,
    );
    for (const { difference, rest } of fights) {
      const rival = difference.cause ?? 'another writer undoes it, and does not say who it is';
      const message = `fight over ${printable(keyOf(difference))}: ${printable(rival)}, again and again; left alone for ${formatDuration(rest)}`;
      this.say('fight', message, { ...outcomeFields(difference, network.files), rest });
    }
  }

  #tellMended(outcomes: readonly Outcome[], files: readonly SourceFile[], milliseconds: number | null): void {
    const took = milliseconds === null ? '' : ` in ${formatDuration(milliseconds)}`;
    for (const outcome of outcomes.slice(0, MOST_ITEMS)) {
      const time = milliseconds === null ? {} : { milliseconds };
      const fields = { ...outcomeFields(outcome.difference, files), ...time };
      this.say('mended', `mended ${describeOutcome(outcome, files)}${took}`, fields);
    }
    this.#tellMore('mended', outcomes.length - MOST_ITEMS, took);
  }

  #tellUndone(
    outcomes: readonly Outcome[],
    files: readonly SourceFile[],
    before: ReadonlyMap<string, string>,
  ): void {
    let unsaid = 0;
    let said = 0;
    for (const outcome of outcomes) {
      const { difference, reason } = outcome;
      const event = difference.conflict ? 'conflict' : outcome.outcome;
      const message = `${event} ${describeOutcome(outcome, files)}`;
      const key = keyOf(difference);
      const isKnown = before.get(key) === message;
      this.#standing.set(key, message);
      if (isKnown) continue;
      if (said++ < MOST_ITEMS) this.say(event, message, { ...outcomeFields(difference, files), reason });
      else unsaid++;
    }
    this.#tellMore('undone', unsaid, '');
  }

  #tellMore(event: string, count: number, took: string): void {
    if (count > 0) this.say(event, `${event} ${count} more${took}`, { more: count });
  }

  #complain(key: string, message: string, before: ReadonlyMap<string, string>): void {
    if (before.get(key) !== message) this.say('left', message, { key });
    this.#standing.set(key, message);
  }

  #put(entry: Entry): void {
    this.#write(formatEntry(entry, this.#clock(), this.#format));
  }
}

function refusalEntries(error: ReconcileError): Entry[] {
  if (error instanceof TopologyError) {
    return error.problems.map(({ code, file, line, column, message, hint }) => ({
      event: 'refused',
      message: `${printable(file)}:${line}:${column}: ${printable(message)}; ${LAST_GOOD}`,
      fields: { code, message, hint, source: { file, line, column } },
    }));
  }
  const { code, hint } = error;
  const message = `${printable(error.message)}${hint === null ? '' : `; ${printable(hint)}`}; ${LAST_GOOD}`;
  return [{ event: 'refused', message, fields: { code, message: error.message, hint } }];
}

/** `1.2 ms`, `340 ms`, `2.5 s`. */
function formatDuration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 1000 ? `${milliseconds.toFixed(0)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
