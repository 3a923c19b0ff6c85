// Restraint: what keeps failing is tried less and less often, and what another writer keeps undoing is not fought over
// at full speed. By item; the clock is given.

/** Milliseconds. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;
/** An item mended this often within FIGHT_SPAN is fought over. */
const FIGHT_MENDS = 5;
const FIGHT_SPAN = 10_000;

interface Record {
  failures: number;
  /** When it may be tried again. */
  notBefore: number;
  mends: number[];
}

export class Restraint {
  readonly #now: () => number;
  readonly #records = new Map<string, Record>();

  /** `now` gives milliseconds that only grow. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether an item must be left alone for now. */
  holds(key: string): boolean {
    const record = this.#records.get(key);
    return record !== undefined && record.notBefore > this.#now();
  }

  /** An item could not be mended; returns how long it rests, in ms. */
  failed(key: string): number {
    const record = this.#at(key);
    record.failures++;
    return this.#rest(record);
  }

  /** An item was mended; returns how long it rests where that begins or goes on a fight, else 0. */
  mended(key: string): number {
    const record = this.#at(key);
    const now = this.#now();
    record.mends = [...record.mends.filter((at) => now - at < FIGHT_SPAN), now];
    if (record.mends.length < FIGHT_MENDS) {
      record.failures = 0;
      return 0;
    }
    record.failures = Math.max(record.failures + 1, FIRST_FIGHT);
    return this.#rest(record);
  }

  /** Milliseconds until the first item may be tried again; null where none rests. */
  nextRelease(): number | null {
    const now = this.#now();
    let next: number | null = null;
    for (const [key, record] of this.#records) {
      if (record.notBefore > now) next = Math.min(next ?? Number.POSITIVE_INFINITY, record.notBefore - now);
      else if (record.failures === 0 && record.mends.every((at) => now - at >= FIGHT_SPAN))
        this.#records.delete(key);
    }
    return next;
  }

  /** The topology changed: everything may be tried again. */
  clear(): void {
    this.#records.clear();
  }

  #at(key: string): Record {
    const record = this.#records.get(key) ?? { failures: 0, notBefore: 0, mends: [] };
    this.#records.set(key, record);
    return record;
  }

  #rest(record: Record): number {
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (record.failures - 1));
    record.notBefore = this.#now() + delay;
    return delay;
  }
}

/** A fight begins with a rest of about two seconds. */
const FIRST_FIGHT = 5;
