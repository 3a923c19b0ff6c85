// What a dump said last: where the kernel says the same bytes again, they are neither read nor made into objects a second
// time. Only how fast a dump is depends on it.

/** One datagram of the last dump. */
interface Datagram {
  /** Where it ends in the bytes of all. */
  readonly end: number;
  /** How many objects were made up to there. */
  readonly made: number;
}

/** What one read of a datagram came to. */
export type Reading = 'more' | 'last' | 'interrupted';

/** Where the bytes of all datagrams begin with room, and beyond how much unused room they are moved to less. */
const ROOM = 1 << 15;
const SPARE = 4;

export class DumpMemory<T> {
  /** The number of its requests: always the same, or no two answers were. */
  readonly sequence: number;
  /** The datagrams' bytes, one after another; what is behind the last is unused. */
  #bytes = Buffer.alloc(0);
  #datagrams: Datagram[] = [];
  #objects: readonly T[] = [];

  constructor(sequence: number) {
    this.sequence = sequence;
  }

  /**
   * Takes in a dump: `receive` gives the length of the next datagram in `buffer` (-1: none came), `read` adds what is in
   * it to a list. Returns the objects, in the very list of the last time where nothing differs; null for a dump that
   * did not end well, of which nothing is kept.
   */
  takeIn(
    buffer: Buffer,
    receive: () => number,
    read: (length: number, objects: T[]) => Reading,
  ): readonly T[] | null {
    let same = 0;
    let start = 0;
    let length = receive();
    for (; same < this.#datagrams.length; same++) {
      const { end } = this.#datagrams[same]!;
      if (length !== end - start || this.#bytes.compare(buffer, 0, length, start, end) !== 0) break;
      if (same === this.#datagrams.length - 1) return this.#objects; // the dump ended with it
      start = end;
      length = receive();
    }
    const datagrams = this.#datagrams.slice(0, same);
    const objects = this.#objects.slice(0, datagrams.at(-1)?.made ?? 0);
    this.#datagrams = [];
    this.#objects = [];
    for (; length >= 0; length = receive()) {
      this.#put(buffer, length, start);
      start += length;
      const reading = read(length, objects);
      if (reading === 'interrupted') return null;
      datagrams.push({ end: start, made: objects.length });
      if (reading === 'more') continue;
      if (this.#bytes.length > SPARE * (start + ROOM))
        this.#bytes = Buffer.from(this.#bytes.subarray(0, start));
      this.#datagrams = datagrams;
      this.#objects = objects;
      return objects;
    }
    return null;
  }

  #put(buffer: Buffer, length: number, at: number): void {
    if (at + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(ROOM, 2 * (at + length)));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
    }
    buffer.copy(this.#bytes, at, 0, length);
  }
}
