// What became of the steps of one plan: the first thing that went wrong with each, if anything.
import { KernelError } from '../errors.ts';
import type { Outcome } from './difference.ts';
import type { Step } from './plan.ts';

/** A request is made for one step, for several at once, or for none (what is put back). */
export type Tag = Step | readonly Step[] | null;

export class Outcomes {
  readonly #failures = new Map<Step, { outcome: 'failed' | 'skipped'; reason: string }>();

  readonly #onSent: (requests: number) => void;
  #sent = 0;

  /** `onSent` is told how many requests the kernel has answered so far. */
  constructor(onSent: (requests: number) => void = () => {}) {
    this.#onSent = onSent;
  }

  countSent(count: number): void {
    this.#sent += count;
    this.#onSent(this.#sent);
  }

  /** The kernel refused a request. A link to be made that already stands is a race for the next observation to settle. */
  refuse(tag: Tag, error: KernelError): void {
    const reason = error.kernelMessage === null ? error.message : `${error.kernelMessage} (${error.errno})`;
    for (const step of stepsOf(tag)) this.#record(step, 'failed', reason);
  }

  fail(step: Step, error: unknown): void {
    if (error instanceof KernelError) this.refuse(step, error);
    else this.#record(step, 'failed', error instanceof Error ? error.message : String(error));
  }

  skip(tag: Tag, reason: string): void {
    for (const step of stepsOf(tag)) this.#record(step, 'skipped', reason);
  }

  of(step: Step): Outcome {
    const failure = this.#failures.get(step);
    if (failure === undefined) return { difference: step.difference, outcome: 'done', reason: null };
    return { difference: step.difference, ...failure };
  }

  isDone(step: Step): boolean {
    return !this.#failures.has(step);
  }

  #record(step: Step, outcome: 'failed' | 'skipped', reason: string): void {
    if (!this.#failures.has(step)) this.#failures.set(step, { outcome, reason });
  }
}

function stepsOf(tag: Tag): readonly Step[] {
  if (tag === null) return [];
  return Array.isArray(tag) ? (tag as readonly Step[]) : [tag as Step];
}
