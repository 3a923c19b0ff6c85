// Restraint: what keeps failing is tried less and less often, and what another writer keeps undoing is not fought over
// at full speed. By item; the clock is given.
import { type Difference, keyOf, type Outcome } from '../reconcile/difference.ts';

/** Milliseconds. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;
/** An item mended this often within FIGHT_SPAN is fought over. */
const FIGHT_MENDS = 5;
const FIGHT_SPAN = 10_000;
/** A fight begins with a rest of 1.6 s. */
const FIRST_FIGHT = 5;
/** What was not touched for so long is forgotten. */
const MEMORY = 120_000;

interface Record {
  /** The item as it last was. */
  difference: Difference;
  failures: number;
  isFight: boolean;
  /** When it may be tried again; 0 where it does not rest. */
  notBefore: number;
  mends: number[];
  touched: number;
}

/** An item that another writer keeps undoing. */
export interface Fight {
  readonly difference: Difference;
  /** How long it is left alone, in ms. */
  readonly rest: number;
}

export class Restraint {
  readonly #now: () => number;
  readonly #records = new Map<string, Record>();
  readonly #resting = new Set<Record>();

  /** `now` gives milliseconds that only grow. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether an item must be left alone for now. */
  holds(difference: Difference): boolean {
    const record = this.#resting.size === 0 ? undefined : this.#records.get(keyOf(difference));
    return record !== undefined && record.notBefore > this.#now();
  }

  /** Takes in what became of items; returns those that are fought over. What was skipped waits for what it needs. */
  judge(outcomes: readonly Outcome[]): Fight[] {
    const fights: Fight[] = [];
    for (const { difference, outcome } of outcomes) {
      if (outcome === 'failed') this.#failed(difference);
      else if (outcome === 'done') {
        const rest = this.#mended(difference);
        if (rest > 0) fights.push({ difference, rest });
      }
    }
    return fights;
  }

  /** Whether some item is being left alone. */
  get isResting(): boolean {
    return this.#resting.size > 0;
  }

  /** What rested and may be tried by now. */
  due(): Difference[] {
    const now = this.#now();
    const due: Difference[] = [];
    for (const record of this.#resting) {
      if (record.notBefore > now) continue;
      record.notBefore = 0;
      this.#resting.delete(record);
      due.push(record.difference);
    }
    return due;
  }

  /** Milliseconds until the first item may be tried again; null where none rests. */
  nextRelease(): number | null {
    if (this.#resting.size === 0) return null;
    let next = Number.POSITIVE_INFINITY;
    for (const { notBefore } of this.#resting) next = Math.min(next, notBefore);
    return Math.max(0, next - this.#now());
  }

  /** Something new stands in a namespace: what failed there may be tried at once; fights go on resting. */
  release(netns: string): void {
    for (const record of this.#resting)
      if (record.difference.netns === netns && !record.isFight) record.notBefore = this.#now();
  }

  /** Forgets what was quiet for long. */
  forget(): void {
    const now = this.#now();
    for (const [key, { notBefore, touched }] of this.#records)
      if (notBefore === 0 && now - touched > MEMORY) this.#records.delete(key);
  }

  /** The topology changed: everything may be tried again. */
  clear(): void {
    this.#records.clear();
    this.#resting.clear();
  }

  #failed(difference: Difference): void {
    const record = this.#at(difference);
    record.failures++;
    this.#rest(record);
  }

  /** How long the item rests, in ms; 0 where nobody fights over it. */
  #mended(difference: Difference): number {
    const record = this.#at(difference);
    const now = this.#now();
    const span = record.isFight ? FIGHT_SPAN + FIGHT_MENDS * restOf(record.failures) : FIGHT_SPAN;
    record.mends = [...record.mends.filter((at) => now - at < span), now].slice(-FIGHT_MENDS);
    record.isFight = record.mends.length >= FIGHT_MENDS;
    if (!record.isFight) {
      record.failures = 0;
      record.notBefore = 0;
      this.#resting.delete(record);
      return 0;
    }
    record.failures = Math.max(record.failures + 1, FIRST_FIGHT);
    return this.#rest(record);
  }

  #at(difference: Difference): Record {
    const key = keyOf(difference);
    const fresh = { failures: 0, isFight: false, notBefore: 0, mends: [], touched: 0 };
    const record = this.#records.get(key) ?? { difference, ...fresh };
    record.difference = difference;
    record.touched = this.#now();
    this.#records.set(key, record);
    return record;
  }

  #rest(record: Record): number {
    const delay = restOf(record.failures);
    record.notBefore = this.#now() + delay;
    this.#resting.add(record);
    return delay;
  }
}

function restOf(failures: number): number {
  return Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1));
}
