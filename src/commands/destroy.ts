// `destroy`: removes everything that bears a topology's mark, by its files or by its name.
import { removeSpeakers } from '../bgp/files.ts';
import type { Given } from '../bgp/given.ts';
import { retire, takeBack } from '../bgp/publish.ts';
import { ReconcileError } from '../errors.ts';
import { Machine } from '../kernel/machine.ts';
import { type Destroyed, destroy as destroyTopology } from '../reconcile/pass.ts';
import { runDirectory } from '../reconcile/run-directory.ts';
import { formatDestroyed, formatLeft, formatStep } from '../report/steps.ts';
import { DEFAULT_CONTROL } from '../state/bgp.ts';
import { isTopologyName, TOPOLOGY_NAMES } from '../state/mark.ts';
import { readDesired } from './desired.ts';
import { type ExitStatus, statusOfOutcomes } from './exit-status.ts';
import { requirePrivileges } from './privileges.ts';
import { progressOn, type Terminal } from './terminal.ts';

export interface DestroyOptions {
  readonly name?: string;
}

export function destroy(files: readonly string[], options: DestroyOptions, terminal: Terminal): ExitStatus {
  const { destroyed, daemons } = whatToDestroy(files, options.name);
  const machine = Machine.open();
  const progress = progressOn(terminal);
  try {
    requirePrivileges('destroy', [...destroyed.namespaces, ...machine.names()]);
    const directory = runDirectory(machine, destroyed.name);
    takeBack(destroyed.name, directory, []);
    for (const given of daemons) retire(destroyed.name, given);
    removeSpeakers(directory);
    const result = destroyTopology(machine, destroyed, {
      progress,
      onStep: (step, outcome) => {
        progress.clear();
        terminal.out(formatStep(step, outcome, [], terminal.outStyle));
      },
    });
    progress.clear();
    terminal.err(formatLeft(result.left));
    terminal.out(formatDestroyed(destroyed.name, result.outcomes, terminal.outStyle));
    return statusOfOutcomes(result.outcomes);
  } finally {
    progress.clear();
    machine.close();
  }
}

/** What to remove, and the daemons of real machines that may still speak for it, beside those that are remembered. */
function whatToDestroy(
  files: readonly string[],
  name: string | undefined,
): { readonly destroyed: Destroyed; readonly daemons: readonly Given[] } {
  if (name !== undefined) {
    if (files.length > 0) throw new ReconcileError('usage', 'destroy takes files or --name, not both');
    if (!isTopologyName(name))
      throw new ReconcileError('usage', `--name ${name}: no topology is called so`, { hint: TOPOLOGY_NAMES });
    const { configFile: config, controlSocket: socket } = DEFAULT_CONTROL;
    return { destroyed: { name, protocol: null, namespaces: [] }, daemons: [{ config, socket }] };
  }
  if (files.length === 0) {
    throw new ReconcileError('usage', 'destroy needs the topology', {
      hint: 'give its files, or --name NAME',
    });
  }
  const desired = readDesired(files, {});
  const namespaces = [...desired.namespaces.keys()];
  const daemons = desired.bgp
    .filter(({ simulated }) => !simulated)
    .map(({ configFile, controlSocket }) => ({ config: configFile, socket: controlSocket }));
  return { destroyed: { name: desired.name, protocol: desired.protocol, namespaces }, daemons };
}
