// What a dump said last, datagram by datagram: where the kernel says the same bytes again, they are neither read nor
// made into objects a second time. Only how fast a dump is depends on it.

interface Datagram {
  readonly bytes: Buffer;
  /** How many objects were made of it. */
  readonly count: number;
  /** The dump ended with it. */
  readonly isLast: boolean;
}

/** What one read of a datagram came to. */
export type Reading = 'more' | 'last' | 'interrupted';

export class DumpMemory<T> {
  /** The number of its requests: always the same, or no two answers were. */
  readonly sequence: number;
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
    const before = this.#datagrams;
    let same = 0;
    let count = 0;
    for (; same < before.length; same++) {
      const { bytes, count: made, isLast } = before[same]!;
      const length = receive();
      if (length !== bytes.length || bytes.compare(buffer, 0, length) !== 0) {
        return this.#readOn(length, same, count, receive, read, buffer);
      }
      count += made;
      if (isLast) return this.#objects;
    }
    return this.#readOn(receive(), same, count, receive, read, buffer);
  }

  /** Reads the rest of a dump that is no longer as it was. */
  #readOn(
    first: number,
    same: number,
    count: number,
    receive: () => number,
    read: (length: number, objects: T[]) => Reading,
    buffer: Buffer,
  ): readonly T[] | null {
    const datagrams = this.#datagrams.slice(0, same);
    const objects = this.#objects.slice(0, count);
    this.#datagrams = [];
    this.#objects = [];
    for (let length = first; length >= 0; length = receive()) {
      const bytes = Buffer.from(buffer.subarray(0, length));
      const made = objects.length;
      const reading = read(length, objects);
      if (reading === 'interrupted') return null;
      datagrams.push({ bytes, count: objects.length - made, isLast: reading === 'last' });
      if (reading === 'more') continue;
      this.#datagrams = datagrams;
      this.#objects = objects;
      return objects;
    }
    return null;
  }
}
