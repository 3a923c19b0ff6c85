// The law of coming back: whatever was done to a machine, a pass mends it, but for conflicts, which it says; and a pass
// that may adopt what is foreign mends all of it.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { it, vi } from 'vitest';
import { differenceKey } from '../../../src/reconcile/difference.ts';
import { converge, inspect } from '../../../src/reconcile/pass.ts';
import { formatSkipped } from '../../../src/report/steps.ts';
import { deeds, describeDeeds } from '../arbitrary/sabotage.ts';
import { topologyText } from '../arbitrary/topology.ts';
import { sabotage } from './saboteur.ts';
import { cases, expectInSync, explain, LAW_TIMEOUT, mend, onMachine, read, settleOn } from './world.ts';

// Carrier comes when it comes; what is compared here does not wait for it.
vi.mock('../../../src/reconcile/settle.ts', () => ({ settle: () => {} }));

it('comes back from whatever was done, or names the conflict', { timeout: LAW_TIMEOUT }, () => {
  fc.assert(
    fc.property(topologyText, deeds, fc.boolean(), (text, done, forgets) => {
      explain({ topology: text, [`deeds, forgets ${forgets}`]: describeDeeds(done) }, () => {
        const desired = read(text);
        onMachine((machine) => {
          mend(machine, desired);
          sabotage(machine, desired.name, done);
          if (forgets) rmSync('/run/calico-reconcile', { recursive: true });
          const { outcomes } = settleOn(machine, desired);
          const left = outcomes.filter(({ outcome }) => outcome !== 'done');
          const report = formatSkipped(left, desired.files);
          if (left.length > 0 && !left.some(({ difference }) => difference.conflict))
            throw new Error(`left without a conflict:\n${report}`);
          const told = new Set(left.map(({ difference }) => keyOf(difference)));
          for (const difference of inspect(machine, desired, { adopt: false }).differences) {
            if (!told.has(keyOf(difference)))
              throw new Error(`not told of: ${keyOf(difference)}; what was told:\n${report}`);
          }
          const adopted = converge(machine, desired, { adopt: true, pruneAll: true }).outcomes;
          const stays = adopted.filter(({ outcome }) => outcome !== 'done');
          if (stays.length > 0)
            throw new Error(`not mended by adopting:\n${formatSkipped(stays, desired.files)}`);
          expectInSync(machine, desired);
        });
      });
    }),
    cases(60),
  );
});

function keyOf(difference: Parameters<typeof differenceKey>[0] & { readonly kind: string }): string {
  return `${difference.netns} ${difference.kind} ${differenceKey(difference)}`;
}
