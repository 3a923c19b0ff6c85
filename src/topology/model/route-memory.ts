// Remembers from one reading to the next what was made of lists of routes: of a list that begins and ends with the very
// entries of the one before, only those between are read. An entry that was read without a finding has none the next time.
import type { DesiredRoute } from '../../state/route.ts';
import type { ListValue } from '../source/tree.ts';

interface Made {
  readonly list: ListValue;
  /** One for each entry. */
  readonly routes: readonly DesiredRoute[];
}

/** Gives the route of an entry, by its number, where it was read before. */
export type Recall = (entry: number) => DesiredRoute | null;

export class RouteMemory {
  readonly #before: ReadonlyMap<string, Made>;
  readonly #made = new Map<string, Made>();

  /** For one reading; `before` is the memory of the last. */
  constructor(before: RouteMemory | null) {
    this.#before = before === null ? new Map() : before.#made;
  }

  /** What is remembered of a list that stands where one stood before. */
  recall(where: string, list: ListValue): Recall {
    const known = this.#before.get(where);
    if (known === undefined) return () => null;
    const shift = list.length - known.list.length;
    const shorter = Math.min(list.length, known.list.length);
    let start = 0;
    while (start < shorter && list[start] === known.list[start]) start++;
    let end = list.length;
    while (end > start && end - shift > start && list[end - 1] === known.list[end - shift - 1]) end--;
    return (entry) =>
      entry < start ? known.routes[entry]! : entry >= end ? known.routes[entry - shift]! : null;
  }

  /** Remembers what was made of a list, where it is one route for each entry. */
  keep(where: string, list: ListValue, routes: readonly DesiredRoute[]): void {
    if (routes.length === list.length) this.#made.set(where, { list, routes });
  }
}
