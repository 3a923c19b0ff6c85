// The log of an apply's steps: each with its fate, but of a great many only the first; what fails is always said.
import type { Kind, Outcome } from '../reconcile/difference.ts';
import type { Action, Step } from '../reconcile/plan.ts';
import type { SourceFile } from '../state/place.ts';
import { formatStep } from './steps.ts';
import { plain, type Style } from './style.ts';
import { grouped } from './text.ts';

/** So many steps that went well are said one by one. */
const SAID = 1000;

export interface StepLogOptions {
  readonly write: (text: string) => void;
  readonly files: readonly SourceFile[];
  readonly style?: Style;
  /** Says every step, however many there are. */
  readonly all: boolean;
}

export class StepLog {
  readonly #options: StepLogOptions;
  #said = 0;
  /** Steps that were left undone, as they were said: a later round that fares no better says nothing. */
  readonly #undone = new Set<string>();
  /** How many steps went well and were not said, by what was done to which kind. */
  readonly #unsaid = new Map<Action, Map<Kind, number>>();

  constructor(options: StepLogOptions) {
    this.#options = options;
  }

  add(step: Step, outcome: Outcome): void {
    const { write, files, style, all } = this.#options;
    if (all || this.#said < SAID || outcome.outcome !== 'done') {
      const text = formatStep(step, outcome, files, style ?? plain);
      if (this.#undone.has(text)) return;
      if (outcome.outcome !== 'done') this.#undone.add(text);
      this.#said++;
      write(text);
      return;
    }
    const { action, difference } = step;
    const byKind = this.#unsaid.get(action) ?? new Map<Kind, number>();
    this.#unsaid.set(action, byKind.set(difference.kind, (byKind.get(difference.kind) ?? 0) + 1));
  }

  /** Says how many steps were not said, and of what kind. */
  end(): void {
    if (this.#unsaid.size === 0) return;
    const parts = [...this.#unsaid].flatMap(([action, byKind]) =>
      [...byKind].map(([kind, count]) => `${grouped(count)} × ${verbs[action]} ${kind}`),
    );
    this.#options.write(`… and, done: ${parts.join(', ')} (--all says each)\n`);
  }
}

const verbs: Readonly<Record<Action, string>> = { create: '+', change: '~', recreate: '±', delete: '-' };
