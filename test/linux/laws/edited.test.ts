// A law for random topologies and edits of their routes: a watch that applies the edit leaves what a whole pass on an
// empty machine leaves, the same record of it, and nothing to do.
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { ReconcileError } from '../../../src/errors.ts';
import type { Machine } from '../../../src/kernel/machine.ts';
import { encodeApplied, recordApplied } from '../../../src/reconcile/applied.ts';
import { loadApplied } from '../../../src/reconcile/run-directory.ts';
import type { DesiredNetwork } from '../../../src/state/network.ts';
import { Daemon } from '../../../src/watch/daemon.ts';
import { buildTopology, topologySketch } from '../arbitrary/topology.ts';
import { expectSame, readState } from './state.ts';
import { cases, expectInSync, explain, LAW_TIMEOUT, mend, onMachine, read } from './world.ts';

vi.mock('../../../src/reconcile/settle.ts', () => ({ settle: () => {} }));

const routeEdit = fc
  .record({
    before: topologySketch,
    others: topologySketch.map(({ routes }) => routes),
    dice: fc.array(fc.nat({ max: 99 }), { minLength: 30, maxLength: 30 }),
  })
  .map(({ before, others, dice }) => {
    let at = 0;
    const keeps = (): boolean => dice[at++ % dice.length]! < 60;
    const routes = before.routes.map((list, i) => [
      ...list.filter(keeps),
      ...others[i]!.filter((_, place) => place < 3 && !keeps()),
    ]);
    return [before, { ...before, routes }].map((sketch) => stringify(buildTopology(sketch)));
  });

it('leaves what a whole pass leaves, whether the edit is applied alone or not', {
  timeout: LAW_TIMEOUT,
}, () => {
  let alone = 0;
  fc.assert(
    fc.property(routeEdit, ([before = '', after = '']) => {
      explain({ A: before, B: after }, () => {
        const [a, b] = [read(before), read(after)];
        const edited = onMachine((machine) => {
          mend(machine, a);
          const passes = edit(machine, a, b);
          if (passes === null) return null;
          if (passes === 0) alone++;
          expectInSync(machine, b);
          return readState(machine, b);
        });
        if (edited === null) return;
        const clean = onMachine((machine) => {
          mend(machine, b);
          return readState(machine, b);
        });
        expectSame(clean, edited);
      });
    }),
    cases(60),
  );
  expect(alone).toBeGreaterThan(20);
});

/** Applies an edit by a watch; how many whole passes that took, null where the prune guard forbids it. */
function edit(machine: Machine, a: DesiredNetwork, b: DesiredNetwork): number | null {
  const raise = (error: unknown): void => {
    throw error;
  };
  const daemon = new Daemon({ machine, onHealed: () => {}, onTrouble: raise, onFatal: raise });
  try {
    daemon.pass(a);
    const passes = vi.spyOn(daemon, 'pass');
    const { outcomes } = daemon.edit(b);
    expect(outcomes.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(slotsOf(loadApplied(machine, b.name))).toEqual(slotsOf(recordApplied(b, null)));
    return passes.mock.calls.length;
  } catch (error) {
    if (error instanceof ReconcileError && error.code === 'pruneGuard') return null;
    throw error;
  } finally {
    daemon.close();
  }
}

/** Keys and values of a record, in an order that does not depend on how it came to be. */
function slotsOf(applied: Parameters<typeof encodeApplied>[0]): string[] {
  const bytes = encodeApplied(applied);
  const slots = new Float64Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.readUInt32LE(bytes.length - 20)),
  );
  const pairs: string[] = [];
  for (let at = 0; at < slots.length; at += 2)
    if (slots[at] !== 0) pairs.push(`${slots[at]} ${slots[at + 1]}`);
  return pairs.sort();
}
