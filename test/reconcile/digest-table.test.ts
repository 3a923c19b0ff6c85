// The table of digests beside a Map of the same keys.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DigestTable, ExtendedTable } from '../../src/reconcile/digest-table.ts';

/** Few places, so that keys crowd around the end of the table. */
const key = fc.nat({ max: 40 }).map((number) => number + 1);
const action = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, value: fc.nat() }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('copy' as const), room: fc.nat({ max: 60 }) }),
);

it('keeps what was set and not deleted since, through copies', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      let table = DigestTable.for(42);
      const known = new Map<number, number>();
      for (const one of actions) {
        if (one.kind === 'copy') table = table.copy(one.room);
        else if (one.kind === 'delete') {
          table.delete(one.key);
          known.delete(one.key);
        } else {
          table.set(one.key, one.value);
          known.set(one.key, one.value);
        }
        table = table.copy(1);
        expect(table.size).toBe(known.size);
        for (let k = 1; k <= 42; k++) expect(table.get(k)).toBe(known.get(k));
      }
    }),
    { numRuns: 200 },
  );
});

it('what was set since is in the copy of an extended table', () => {
  const base = DigestTable.for(2);
  base.set(1, 10);
  const copy = new ExtendedTable(base, new Map([[2, 20]])).copy(1);
  copy.set(3, 30);
  expect([1, 2, 3].map((k) => copy.get(k))).toEqual([10, 20, 30]);
  expect(base.size).toBe(1);
});
