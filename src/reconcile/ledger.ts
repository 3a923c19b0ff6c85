// The ledger of a converge: what became of every difference over its rounds, the last word on each. As long as one round
// settles everything, no item costs a key.
import { type Difference, keyOf, type Outcome } from './difference.ts';

export class Ledger {
  #outcomes: readonly Outcome[] = [];
  /** By identity, in the order of first appearance; null while one round is all there was. */
  #byKey: Map<string, Outcome> | null = null;

  /** Takes in what a round came to. */
  add(outcomes: readonly Outcome[]): void {
    if (this.#outcomes.length === 0 && this.#byKey === null) {
      this.#outcomes = outcomes;
      return;
    }
    const byKey = this.#keyed();
    for (const outcome of outcomes) byKey.set(keyOf(outcome.difference), outcome);
  }

  /** Judges what the rounds did by what is read after them: done is what no longer differs. */
  judge(remaining: readonly Difference[], conflicts: readonly Difference[]): void {
    const isEmpty = this.#outcomes.length === 0 && this.#byKey === null;
    if (isEmpty && conflicts.length === 0) return;
    if (remaining.length === 0 && conflicts.length === 0 && this.#byKey === null) {
      this.#outcomes = this.#outcomes.map((outcome) =>
        outcome.outcome === 'done' ? outcome : { ...outcome, outcome: 'done', reason: null },
      );
      return;
    }
    const keys = new Set(remaining.map(keyOf));
    const byKey = this.#keyed();
    for (const [key, outcome] of byKey) {
      if (outcome.outcome === 'done' && keys.has(key)) {
        byKey.set(key, { ...outcome, outcome: 'failed', reason: 'the kernel took it, and it did not stay' });
      } else if (outcome.outcome !== 'done' && !keys.has(key)) {
        byKey.set(key, { ...outcome, outcome: 'done', reason: null });
      }
    }
    for (const difference of conflicts) {
      const reason = 'a foreign item stands there; --adopt takes it over';
      byKey.set(keyOf(difference), { difference, outcome: 'skipped', reason });
    }
  }

  /** In the order of the plan, then what no step mends. */
  outcomes(): readonly Outcome[] {
    if (this.#byKey === null) return this.#outcomes;
    const all = [...this.#byKey.values()];
    const isConflict = ({ difference }: Outcome): boolean => difference.conflict;
    return [...all.filter((outcome) => !isConflict(outcome)), ...all.filter(isConflict)];
  }

  /** The identities of what did not come to be. */
  unsettled(): Set<string> {
    const outcomes = this.#byKey === null ? this.#outcomes : [...this.#byKey.values()];
    return new Set(
      outcomes.filter(({ outcome }) => outcome !== 'done').map(({ difference }) => keyOf(difference)),
    );
  }

  #keyed(): Map<string, Outcome> {
    this.#byKey ??= new Map(this.#outcomes.map((outcome) => [keyOf(outcome.difference), outcome]));
    return this.#byKey;
  }
}
