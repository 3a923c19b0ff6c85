// Two laws at once, for random topologies A and B: A then B leaves what B alone leaves, and a second pass of either
// finds nothing and sends nothing.
import fc from 'fast-check';
import { it, vi } from 'vitest';
import { stringify } from 'yaml';
import { edit } from '../arbitrary/edit.ts';
import { expectSame, readState } from './state.ts';
import { cases, expectInSync, explain, LAW_TIMEOUT, mend, onMachine, read } from './world.ts';

// Carrier comes when it comes; what is compared here does not wait for it.
vi.mock('../../../src/reconcile/settle.ts', () => ({ settle: () => {} }));

it('leaves no trace of an earlier topology, and nothing to do for a second pass', {
  timeout: LAW_TIMEOUT,
}, () => {
  fc.assert(
    fc.property(edit, (trees) => {
      const [before = '', after = ''] = trees.map((tree) => stringify(tree));
      explain({ A: before, B: after }, () => {
        const [a, b] = [read(before), read(after)];
        const changed = onMachine((machine) => {
          mend(machine, a);
          expectInSync(machine, a);
          mend(machine, b);
          expectInSync(machine, b);
          return readState(machine, b);
        });
        const clean = onMachine((machine) => {
          mend(machine, b);
          return readState(machine, b);
        });
        expectSame(clean, changed);
      });
    }),
    cases(80),
  );
});
