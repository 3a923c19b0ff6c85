// A table of digests: whole numbers by whole numbers, open addressing in one array of 64-bit floats. It is its own file
// format: a million items are read back without making one object.

/** Read access. */
export interface ReadonlyDigestTable {
  readonly size: number;
  get(key: number): number | undefined;
  has(key: number): boolean;
  /** A table of its own with the same keys, and room for so many more. */
  copy(room: number): DigestTable;
}

export class DigestTable implements ReadonlyDigestTable {
  /** Key and value in turn; a key of 0 is an empty place. */
  readonly slots: Float64Array;
  #size: number;

  /** A table for up to `capacity` keys. */
  static for(capacity: number): DigestTable {
    let places = 8;
    while (places < capacity * 2) places *= 2;
    return new DigestTable(new Float64Array(places * 2), 0);
  }

  constructor(slots: Float64Array, size: number) {
    this.slots = slots;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  has(key: number): boolean {
    return this.slots[this.#find(key)] === key;
  }

  get(key: number): number | undefined {
    const at = this.#find(key);
    return this.slots[at] === key ? this.slots[at + 1] : undefined;
  }

  /** Keys are not 0, and no more than the table was made for. */
  set(key: number, value: number): void {
    const at = this.#find(key);
    if (this.slots[at] !== key) this.#size++;
    this.slots[at] = key;
    this.slots[at + 1] = value;
  }

  /** Forgets a key; those behind it move up, so that none is looked for beyond an empty place. */
  delete(key: number): void {
    const { slots } = this;
    const last = slots.length - 1;
    let empty = this.#find(key);
    if (slots[empty] !== key) return;
    this.#size--;
    slots[empty] = 0;
    for (let at = (empty + 2) & last; slots[at] !== 0; at = (at + 2) & last) {
      const home = (slots[at]! % (slots.length / 2)) * 2;
      if (((at - home) & last) < ((at - empty) & last)) continue;
      slots[empty] = slots[at]!;
      slots[empty + 1] = slots[at + 1]!;
      slots[at] = 0;
      empty = at;
    }
  }

  copy(room: number): DigestTable {
    if ((this.#size + room) * 4 <= this.slots.length) return new DigestTable(this.slots.slice(), this.#size);
    const copied = DigestTable.for(this.#size + room);
    for (let at = 0; at < this.slots.length; at += 2)
      if (this.slots[at] !== 0) copied.set(this.slots[at]!, this.slots[at + 1]!);
    return copied;
  }

  /** The place of a key, or the empty one where it would stand. */
  #find(key: number): number {
    const { slots } = this;
    const last = slots.length - 1;
    let at = (key % (slots.length / 2)) * 2;
    while (slots[at] !== key && slots[at] !== 0) at = (at + 2) & last;
    return at;
  }
}

/** A table and what was set since. */
export class ExtendedTable implements ReadonlyDigestTable {
  readonly #base: ReadonlyDigestTable;
  readonly #since: Map<number, number>;

  constructor(base: ReadonlyDigestTable, since: ReadonlyMap<number, number>) {
    const known = base instanceof ExtendedTable ? base : null;
    this.#base = known === null ? base : known.#base;
    this.#since = new Map([...(known === null ? [] : known.#since), ...since]);
  }

  get size(): number {
    return this.#base.size + this.#since.size;
  }

  has(key: number): boolean {
    return this.#since.has(key) || this.#base.has(key);
  }

  get(key: number): number | undefined {
    return this.#since.get(key) ?? this.#base.get(key);
  }

  copy(room: number): DigestTable {
    const copied = this.#base.copy(this.#since.size + room);
    for (const [key, value] of this.#since) copied.set(key, value);
    return copied;
  }
}
