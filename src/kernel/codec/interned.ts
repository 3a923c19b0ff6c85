// Values that the kernel sends over and over, each kept once: the settings of a machine's links are mostly the same, and
// what is made of equal bytes is then one and the same object.

/** So many are kept; past them all are forgotten, and what is asked for again is made again. */
const MOST = 256;

export class Interned<T> {
  readonly #known = new Map<string, T>();

  /** What was made under a key before; made now where there is none. */
  get(key: string, make: () => T): T {
    let value = this.#known.get(key);
    if (value === undefined) {
      if (this.#known.size >= MOST) this.#known.clear();
      value = make();
      this.#known.set(key, value);
    }
    return value;
  }
}
