// The log of `watch`: one line an event. What was already said at the last pass, and still holds, is not said again.
import { type ReconcileError, TopologyError } from '../errors.ts';
import type { Outcome } from '../reconcile/difference.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import type { SourceFile } from '../state/place.ts';
import { describeChanges, describeItem, describePlace, placeOf } from './describe.ts';
import { printable } from './printable.ts';
import { formatConverged } from './steps.ts';

const LAST_GOOD = 'the last good topology stays in force';

/** What a heal came to. */
export interface Healed {
  readonly network: { readonly files: readonly SourceFile[] };
  readonly outcomes: readonly Outcome[];
  readonly milliseconds: number;
  readonly fights: ReadonlyMap<string, number>;
}

export class EventLog {
  readonly #write: (line: string) => void;
  readonly #clock: () => Date;
  #standing = new Set<string>();
  #complaints = new Set<string>();

  constructor(write: (line: string) => void, clock: () => Date = () => new Date()) {
    this.#write = write;
    this.#clock = clock;
  }

  /** Says one thing. */
  say(message: string): void {
    this.#write(`${this.#clock().toISOString()} ${message}\n`);
  }

  /** Says that a topology was refused, each problem with its place. */
  refused(error: ReconcileError): void {
    if (error instanceof TopologyError) {
      for (const { file, line, column, message } of error.problems) {
        this.#complain(`${printable(file)}:${line}:${column}: ${printable(message)}; ${LAST_GOOD}`);
      }
      return;
    }
    const hint = error.hint === null ? '' : `; ${printable(error.hint)}`;
    const kept = error.code === 'pruneGuard' || error.code === 'file' ? `; ${LAST_GOOD}` : '';
    this.#complain(`${printable(error.message)}${hint}${kept}`);
  }

  /** Says what a pass mended, what it could not mend, and in one line what came of it all. */
  converged(name: string, files: readonly SourceFile[], reason: string, result: ConvergeResult): void {
    for (const outcome of result.outcomes) {
      if (outcome.outcome === 'done') this.say(`mended ${describeOutcome(outcome, files)}`);
      else this.#complain(`${outcome.outcome} ${describeOutcome(outcome, files)}`);
    }
    for (const key of result.left) this.#complain(`${printable(key)} left the file and stays as it is`);
    const quiet = reason === 'resync' && result.outcomes.every((outcome) => outcome.outcome !== 'done');
    if (!quiet) this.say(`${printable(reason)}: ${formatConverged(name, result).trimEnd()}`);
  }

  /** Says what a heal mended, how long it took since the first event, and with whom it is in a fight. */
  healed({ network, outcomes, milliseconds, fights }: Healed): void {
    const took = `in ${milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)} ms`;
    for (const outcome of outcomes) {
      const said = describeOutcome(outcome, network.files);
      this.say(outcome.outcome === 'done' ? `mended ${said} ${took}` : `${outcome.outcome} ${said}`);
    }
    for (const [key, rest] of fights) {
      this.say(
        `fight over ${printable(key)}: another writer keeps undoing it; left alone for ${(rest / 1000).toFixed(1)} s`,
      );
    }
  }

  /** Ends a pass: complaints it did not repeat are forgotten, and said again when they return. */
  endPass(): void {
    this.#standing = this.#complaints;
    this.#complaints = new Set();
  }

  #complain(message: string): void {
    if (!this.#standing.has(message) && !this.#complaints.has(message)) this.say(message);
    this.#complaints.add(message);
  }
}

function describeOutcome({ difference, reason }: Outcome, files: readonly SourceFile[]): string {
  const { netns, kind, change } = difference;
  const where = kind === 'netns' ? '' : `${printable(netns)} `;
  const changes = change === 'changed' ? ` ${describeChanges(difference).join(', ')}` : '';
  const cause = difference.cause === null ? '' : `, ${printable(difference.cause)}`;
  const words = reason === null ? '' : `: ${printable(reason)}`;
  const place = describePlace(files, placeOf(difference));
  return `${where}${describeItem(difference)}${changes} (${change}, ${difference.class}${cause})${words}${place === null ? '' : ` at ${place}`}`;
}
