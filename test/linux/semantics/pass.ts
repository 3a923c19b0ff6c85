// One pass over a topology given as text, on the machine of the test, and what it found and did as short lines.
import { Machine } from '../../../src/kernel/machine.ts';
import { type Difference, differenceKey, type Outcome } from '../../../src/reconcile/difference.ts';
import {
  type ConvergeOptions,
  type ConvergeResult,
  converge,
  destroy,
  inspect,
} from '../../../src/reconcile/pass.ts';
import type { Step } from '../../../src/reconcile/plan.ts';
import type { DesiredNetwork } from '../../../src/state/network.ts';
import { parseTopology } from '../../../src/topology/load.ts';
import { expandLoaded } from '../../../src/topology/read.ts';

/** The network that a text wants. */
export function desire(text: string): DesiredNetwork {
  const loaded = parseTopology([{ name: 'topology.yaml', bytes: Buffer.from(text) }]);
  return expandLoaded(loaded, { hosts: null, hostname: 'here' });
}

/** Applies a text. */
export function applyText(text: string, options: Partial<ConvergeOptions> = {}): ConvergeResult {
  return withMachine((machine) =>
    converge(machine, desire(text), { adopt: false, pruneAll: false, ...options }),
  );
}

/** Applies a text and raises where anything is left undone: how a test gets to where it begins. */
export function establish(...texts: readonly string[]): void {
  for (const text of texts) {
    const undone = applyText(text, { pruneAll: true }).outcomes.filter(({ outcome }) => outcome !== 'done');
    if (undone.length > 0) throw new Error(`not established:\n${told(undone).join('\n')}`);
  }
}

/** Applies a text, doing something behind its back right before the first step of a stage is told. */
export function applyAndMeanwhile(text: string, stage: Step['stage'], act: () => void): ConvergeResult {
  let acted = false;
  const onStep = (step: Step): void => {
    if (acted || step.stage !== stage) return;
    acted = true;
    act();
  };
  const result = applyText(text, { onStep, pruneAll: true });
  if (!acted) throw new Error(`no step of the stage ${stage} came`);
  return result;
}

/** What differs from a text. */
export function differencesOf(text: string): readonly Difference[] {
  return withMachine((machine) => inspect(machine, desire(text), { adopt: false }).differences);
}

/** Removes a topology by its name. */
export function destroyName(name: string): ConvergeResult {
  return withMachine((machine) => destroy(machine, { name, protocol: null, namespaces: [] }, {}));
}

/** `done missing host0 route 10.20.1.3/32`, with the reason where there is one. */
export function told(outcomes: readonly Outcome[]): string[] {
  return outcomes.map(({ outcome, reason, difference }) => {
    return `${outcome} ${identified(difference)}${reason === null ? '' : `: ${reason}`}`;
  });
}

/** `drift missing host0 route 10.20.1.3/32`; a conflict begins with the word. */
export function found(differences: readonly Difference[]): string[] {
  return differences.map((difference) => {
    return `${difference.conflict ? 'conflict' : difference.class} ${identified(difference)}`;
  });
}

function identified(difference: Difference): string {
  return `${difference.change} ${difference.netns} ${difference.kind} ${differenceKey(difference)}`;
}

function withMachine<T>(act: (machine: Machine) => T): T {
  const machine = Machine.open();
  try {
    return act(machine);
  } finally {
    machine.close();
  }
}
