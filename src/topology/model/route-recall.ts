// Remembers from one reading to the next what was made of lists of routes: of a list that begins and ends with the very
// entries of the one before, only those between are read. An entry that was read without a finding has none the next time.
import type { DesiredRoute } from '../../state/route.ts';
import { handOnIndex } from '../../state/route-index.ts';
import type { ListValue } from '../source/tree.ts';

interface Made {
  readonly list: ListValue;
  /** One for each entry. */
  readonly routes: readonly DesiredRoute[];
}

/** What is remembered of a list: all of it but the entries from `start` to before `end`. */
export interface Recalled {
  readonly start: number;
  readonly end: number;
  /** How much further those behind stand by now. */
  readonly shift: number;
  readonly routes: readonly DesiredRoute[];
}

export class RouteRecall {
  readonly #before: ReadonlyMap<string, Made>;
  readonly #made = new Map<string, Made>();

  /** For one reading; `before` is the memory of the last. */
  constructor(before: RouteRecall | null) {
    this.#before = before === null ? new Map() : before.#made;
  }

  /** What is remembered of a list that stands where one stood before; null for nothing. */
  recall(where: string, list: ListValue): Recalled | null {
    const known = this.#before.get(where);
    if (known === undefined) return null;
    const shift = list.length - known.list.length;
    const shorter = Math.min(list.length, known.list.length);
    let start = 0;
    while (start < shorter && list[start] === known.list[start]) start++;
    let end = list.length;
    while (end > start && end - shift > start && list[end - 1] === known.list[end - shift - 1]) end--;
    return { start, end, shift, routes: known.routes };
  }

  /** Remembers what was made of a list, where it is one route for each entry. */
  keep(where: string, list: ListValue, routes: readonly DesiredRoute[], recalled: Recalled | null): void {
    if (routes.length !== list.length) return;
    this.#made.set(where, { list, routes });
    if (recalled !== null) handOnIndex(recalled.routes, routes, recalled);
  }
}
