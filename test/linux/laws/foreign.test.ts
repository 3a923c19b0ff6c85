// The law of property: what others have in a namespace that is not ours outlives an apply, an edit and a destroy, just
// as it was; but for what stands on a link of ours that goes.
import fc from 'fast-check';
import { it, vi } from 'vitest';
import { stringify } from 'yaml';
import { destroy } from '../../../src/reconcile/pass.ts';
import { formatSkipped } from '../../../src/report/steps.ts';
import { edit } from '../arbitrary/edit.ts';
import { foundNames, type Tree } from '../arbitrary/places.ts';
import { addForeign, addInSubnet, keptLinks, occupy, putOn, readForeign } from './foreign.ts';
import { cases, explain, LAW_TIMEOUT, onMachine, read, settleOn } from './world.ts';

// Carrier comes when it comes; what is compared here does not wait for it.
vi.mock('../../../src/reconcile/settle.ts', () => ({ settle: () => {} }));

/** A topology as YAML that manages found namespaces as others' own. */
function owning(tree: Tree): string {
  const netns = Object.entries((tree.netns ?? {}) as Record<string, object>).map(([name, value]) => [
    name,
    foundNames.has(name) ? { ...value, manage: 'owned' } : value,
  ]);
  return stringify({ ...tree, netns: Object.fromEntries(netns) });
}

it('leaves alone what others have in a namespace that is not ours', { timeout: LAW_TIMEOUT }, () => {
  fc.assert(
    fc.property(edit, (trees) => {
      const [before = '', after = ''] = trees.map(owning);
      explain({ A: before, B: after }, () => {
        const [a, b] = [read(before), read(after)];
        onMachine((machine) => {
          addForeign(machine);
          const first = readForeign(machine, a);
          expectDone(settleOn(machine, a).outcomes, a.files);
          expectThere(first, readForeign(machine, a));

          const kept = keptLinks(machine, a, b);
          for (const [i, key] of kept.entries()) {
            const [netns = '', dev = ''] = key.split(' ');
            putOn(machine, netns, dev, 91 + i);
          }
          addInSubnet(machine, 1);
          occupy(machine, b, a);
          const second = readForeign(machine, a);
          expectDone(settleOn(machine, b).outcomes, b.files);
          expectThere(second, readForeign(machine, b));

          const onOurs = new Set(kept);
          const third = [...second].filter(([, link]) => link === null || !onOurs.has(link));
          const namespaces = [...b.namespaces.keys()];
          const { name, protocol } = b;
          expectDone(destroy(machine, { name, protocol, namespaces }, {}).outcomes, []);
          expectThere(new Map(third), readForeign(machine, b));
        });
      });
    }),
    cases(40),
  );
});

type Outcomes = Parameters<typeof formatSkipped>[0];

/** Everything but conflicts went through. */
function expectDone(outcomes: Outcomes, files: Parameters<typeof formatSkipped>[1]): void {
  const left = outcomes.filter(({ outcome, difference }) => outcome !== 'done' && !difference.conflict);
  if (left.length > 0) throw new Error(`not everything was mended:\n${formatSkipped(left, files)}`);
}

function expectThere(before: ReadonlyMap<string, unknown>, now: ReadonlyMap<string, unknown>): void {
  const lost = [...before.keys()].filter((line) => !now.has(line));
  if (lost.length === 0) return;
  const instead = [...now.keys()].filter((line) => !before.has(line));
  throw new Error(`lost:\n${lost.join('\n')}\nnew instead:\n${instead.join('\n')}`);
}
