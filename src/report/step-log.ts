// The log of an apply's steps: each with its fate, but of a great many only the first; what fails is always said.
import type { Outcome } from '../reconcile/difference.ts';
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
  /** Steps that went well and were not said, by what was done and to which kind. */
  readonly #unsaid = new Map<string, number>();

  constructor(options: StepLogOptions) {
    this.#options = options;
  }

  add(step: Step, outcome: Outcome): void {
    const { write, files, style, all } = this.#options;
    if (all || this.#said < SAID || outcome.outcome !== 'done') {
      this.#said++;
      write(formatStep(step, outcome, files, style ?? plain));
      return;
    }
    const what = `${verbs[step.action]} ${step.difference.kind}`;
    this.#unsaid.set(what, (this.#unsaid.get(what) ?? 0) + 1);
  }

  /** Says how many steps were not said, and of what kind. */
  end(): void {
    if (this.#unsaid.size === 0) return;
    const parts = [...this.#unsaid].map(([what, count]) => `${grouped(count)} × ${what}`);
    this.#options.write(`… and, done: ${parts.join(', ')} (--all says each)\n`);
  }
}

const verbs: Readonly<Record<Action, string>> = { create: '+', change: '~', recreate: '±', delete: '-' };
