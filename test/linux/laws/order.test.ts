// The law of order: in which order maps are written and files are given changes nothing in the plan and in what is
// printed.
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import type { Machine } from '../../../src/kernel/machine.ts';
import { inspect } from '../../../src/reconcile/pass.ts';
import { differencesAsJson } from '../../../src/report/json.ts';
import { formatPlan } from '../../../src/report/steps.ts';
import type { Tree } from '../arbitrary/places.ts';
import { topologyText, topologyTree } from '../arbitrary/topology.ts';
import { cases, explain, LAW_TIMEOUT, mend, onMachine, read } from './world.ts';

// Carrier comes when it comes; what is compared here does not wait for it.
vi.mock('../../../src/reconcile/settle.ts', () => ({ settle: () => {} }));

/** Numbers that say how maps are shuffled and to which file each part goes. */
const shuffle = fc.array(fc.nat({ max: 1000 }), { minLength: 20, maxLength: 20 });

it('plans and prints the same, however maps and files are ordered', { timeout: LAW_TIMEOUT }, () => {
  fc.assert(
    fc.property(topologyText, topologyTree, shuffle, (before, tree, numbers) => {
      const next = cycle(numbers);
      const plain = [stringify(tree)];
      const files = split(shuffled(tree, next) as Tree, next).map((part) => stringify(part));
      explain({ before, plain: plain[0]!, shuffled: files.join('# next file\n') }, () => {
        onMachine((machine) => {
          expect(show(machine, files)).toBe(show(machine, plain));
          mend(machine, read(before));
          expect(show(machine, files)).toBe(show(machine, plain));
        });
      });
    }),
    cases(40),
  );
});

/** The plan and the report of a topology, without the places in its files. */
function show(machine: Machine, texts: readonly string[]): string {
  const desired = read(...texts);
  const found = inspect(machine, desired, { adopt: false });
  const report = JSON.stringify(differencesAsJson(desired, found), (key, value: unknown) =>
    key === 'source' ? null : value,
  );
  return `${formatPlan(found.plan, [])}${report}`;
}

function cycle(numbers: readonly number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length]! + at;
}

/** The same value with the keys of every map in another order; lists keep theirs. */
function shuffled(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, next));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]) => [next(), key, shuffled(inner, next)] as const);
  entries.sort(([a], [b]) => (a % 7) - (b % 7));
  return Object.fromEntries(entries.map(([, key, inner]) => [key, inner]));
}

/** A topology in three files: each namespace, host, workload and other part in one of them. */
function split(tree: Tree, next: () => number): Tree[] {
  const files: Tree[] = [{}, {}, {}];
  for (const [key, value] of Object.entries(tree)) {
    const isMapOfParts = ['netns', 'hosts', 'workloads'].includes(key);
    if (!isMapOfParts) files[next() % 3]![key] = value;
    else
      for (const [name, part] of Object.entries(value as Tree)) {
        const file = files[next() % 3]!;
        file[key] = { ...(file[key] as Tree | undefined), [name]: part };
      }
  }
  return files.filter((file) => Object.keys(file).length > 0);
}
