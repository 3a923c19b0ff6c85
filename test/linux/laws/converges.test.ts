// The law of coming back: whatever was done to a machine, a pass mends it, but for conflicts, which it says; and a pass
// that may adopt what is foreign mends all of it.
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import { it, vi } from 'vitest';
import { differenceKey } from '../../../src/reconcile/difference.ts';
import { converge, inspect } from '../../../src/reconcile/pass.ts';
import { formatSkipped } from '../../../src/report/steps.ts';
import type { DesiredNetwork } from '../../../src/state/network.ts';
import { deeds, describeDeeds } from '../arbitrary/sabotage.ts';
import { topologyText } from '../arbitrary/topology.ts';
import { sabotage } from './saboteur.ts';
import { readState } from './state.ts';
import { cases, expectInSync, explain, LAW_TIMEOUT, mend, onMachine, read, settleOn } from './world.ts';

// Carrier comes when it comes; what is compared here does not wait for it.
vi.mock('../../../src/reconcile/settle.ts', () => ({ settle: () => {} }));

it('comes back from whatever was done, or names the conflict', { timeout: LAW_TIMEOUT }, () => {
  fc.assert(
    fc.property(topologyText, deeds, fc.boolean(), (text, done, forgets) => {
      explain({ topology: text, [`deeds, forgets ${forgets}`]: describeDeeds(done) }, () => {
        const desired = read(text);
        const clean = onMachine((machine) => {
          mend(machine, desired);
          return readState(machine, desired);
        });
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
          expectAll(desired, clean, readState(machine, desired));
        });
      });
    }),
    cases(60),
  );
});

/**
 * Raises unless all that a clean machine would have is there, whoever's it is and whatever else there is. It is the
 * tool's own comparison that is judged here, so this one is by lines.
 */
function expectAll(desired: DesiredNetwork, clean: readonly string[], found: readonly string[]): void {
  const there = new Set(found.map(withoutOwner));
  // A link that lost its mark and is as the file has it stays foreign, and what the file leaves unsaid of it, too.
  const foreign = new Set(
    found.flatMap((line) => /^(\S+: )link (\S+) .* group 0\b/.exec(line)?.slice(1).join('') ?? []),
  );
  const lost = clean.filter((line) => {
    if (there.has(withoutOwner(line)) || / proto 2 /.test(line)) return false;
    const [, netns = '', item = '', key = ''] = /^(\S+): (\S+) (\S+)/.exec(line) ?? [];
    const wanted = desired.namespaces.get(netns);
    // Whose a namespace is, and settings of it that the file does not state, are not the tool's to mend.
    if (item === 'sysctl') return wanted?.sysctls.has(key) && there.has(`${netns}: made by ${desired.name}`);
    if (item === 'link' && key === 'lo') return wanted?.links.has(key);
    if (item === 'conf' || item === 'neigh') {
      const dev = line.split(' ')[3];
      if (foreign.has(`${netns}: ${dev}`)) return false;
    }
    return item !== 'made' && item !== 'claimed' && !/ conf ipv[46] \S+ 0 /.test(line);
  });
  if (lost.length > 0) throw new Error(`in sync, and yet without:\n${lost.join('\n')}`);
}

/** Foreign items may be just what is asked for, and stand first in a subnet. */
function withoutOwner(line: string): string {
  return line.replace(/ proto \d+/, '').replace(/ (primary|secondary)$| group .*$/, '');
}

function keyOf(difference: Parameters<typeof differenceKey>[0] & { readonly kind: string }): string {
  return `${difference.netns} ${difference.kind} ${differenceKey(difference)}`;
}
