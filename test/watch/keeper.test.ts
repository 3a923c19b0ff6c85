import { expect, test } from 'vitest';
import { ReconcileError } from '../../src/errors.ts';
import { NOTHING_APPLIED } from '../../src/reconcile/applied.ts';
import type { ConvergeResult } from '../../src/reconcile/pass.ts';
import type { DesiredNetwork } from '../../src/state/network.ts';
import { Keeper, type WatchEvent } from '../../src/watch/keeper.ts';
import type { Occasion } from '../../src/watch/watch.ts';

const nothing: ConvergeResult = {
  outcomes: [],
  left: [],
  ignored: 0,
  items: 1,
  applied: NOTHING_APPLIED,
};
const start: Occasion = { kind: 'start', reason: 'start' };
const edit: Occasion = { kind: 'edit', reason: 'a.yaml changed' };
const resync: Occasion = { kind: 'resync', reason: 'resync' };

function topology(name: string): DesiredNetwork {
  return { name, protocol: 169, namespaces: new Map(), bgp: [], ignore: [], files: [] };
}

/** A keeper whose every load and converge is scripted: a name, or an error to throw. */
function keeper(loads: (string | ReconcileError)[], refuse: ReadonlySet<string> = new Set()) {
  const converged: string[] = [];
  const events: WatchEvent[] = [];
  const kept = new Keeper({
    load: () => {
      const next = loads.shift()!;
      if (next instanceof ReconcileError) throw next;
      return topology(next);
    },
    converge: (network) => {
      if (refuse.has(network.name)) throw new ReconcileError('pruneGuard', 'more than half');
      converged.push(network.name);
      return nothing;
    },
    onEvent: (event) => events.push(event),
  });
  return { kept, converged, events };
}

const invalid = new ReconcileError('topology', 'not valid');

test('the first pass throws what goes wrong', () => {
  expect(() => keeper([invalid]).kept.pass(start)).toThrow(invalid);
});

test('an invalid topology changes nothing, and the last good one stays in force', () => {
  const { kept, converged, events } = keeper(['a', invalid, 'b']);
  for (const occasion of [start, edit, resync, edit]) kept.pass(occasion);
  expect(converged).toEqual(['a', 'a', 'b']);
  expect(events.map((event) => event.kind)).toEqual(['converged', 'refused', 'converged', 'converged']);
});

test('a resync reads no file', () => {
  const { kept, converged } = keeper(['a']);
  for (const occasion of [start, resync, resync]) kept.pass(occasion);
  expect(converged).toEqual(['a', 'a', 'a']);
});

test('a topology that the prune guard stops leaves the last good one in force', () => {
  const { kept, converged } = keeper(['a', 'b', invalid], new Set(['b']));
  for (const occasion of [start, edit]) kept.pass(occasion);
  expect(converged).toEqual(['a', 'a']);
});

test('a valid topology that could not be applied is tried again by the timer', () => {
  const refuse = new Set(['b']);
  const { kept, converged, events } = keeper(['a', 'b'], refuse);
  for (const occasion of [start, edit, resync]) kept.pass(occasion);
  refuse.clear();
  for (const occasion of [resync, resync]) kept.pass(occasion);
  expect(converged).toEqual(['a', 'a', 'a', 'b', 'b']);
  expect(events.filter(({ occasion }) => occasion === edit).map(({ kind }) => kind)).toEqual([
    'refused',
    'converged',
  ]);
});

test('an unexpected error is not swallowed', () => {
  const broken = new Keeper({
    load: () => topology('a'),
    converge: () => {
      throw new TypeError('bug');
    },
    onEvent: () => {},
  });
  expect(() => broken.pass(start)).toThrow(TypeError);
});
