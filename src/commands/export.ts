// `export`: live namespaces as a topology file that, applied to them, changes nothing. It sends dumps only.
import { ReconcileError } from '../errors.ts';
import { describeLive, namespaceSysctls } from '../export/describe-live.ts';
import { Machine } from '../kernel/machine.ts';
import { observe } from '../kernel/observe.ts';
import { printable } from '../report/printable.ts';
import { formatTopology } from '../report/yaml.ts';
import { SELF } from '../state/network.ts';
import { type HostOptions, readDesired } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface ExportOptions extends HostOptions {
  readonly netns?: readonly string[];
  readonly all?: boolean;
  readonly name?: string;
}

export function exportTopology(
  files: readonly string[],
  options: ExportOptions,
  terminal: Terminal,
): ExitStatus {
  const machine = Machine.open();
  try {
    const names = namesToExport(machine, files, options);
    const observed = observe(machine, {
      topology: '',
      names: new Set([SELF, ...names, ...machine.names()]),
      sysctlsOf: (netns) => (names.includes(netns) ? namespaceSysctls : []),
      fresh: namespaceSysctls,
    });
    const missing = names.find((name) => !observed.namespaces.has(name));
    if (missing !== undefined) throw new ReconcileError('netns', `there is no namespace ${missing}`);
    const { network, leftOut } = describeLive(observed, names, options.name ?? null);
    terminal.out(formatTopology(network, `Exported from ${names.join(', ')}`));
    for (const what of leftOut) terminal.err(`left out: ${printable(what)}\n`);
    return 0;
  } finally {
    machine.close();
  }
}

function namesToExport(
  machine: Machine,
  files: readonly string[],
  { netns, all, name, ...hosts }: ExportOptions,
): readonly string[] {
  const ways = [files.length > 0, netns !== undefined, all === true].filter((given) => given);
  if (ways.length !== 1) {
    throw new ReconcileError('usage', 'export takes topology files, --netns NAME or --all: one of them');
  }
  if (name !== undefined && !/^[a-z0-9-]{1,32}$/.test(name)) {
    throw new ReconcileError('usage', `--name ${name}: a topology's name is 1-32 of a-z, 0-9 and -`);
  }
  if (all) return [...machine.names(), SELF];
  return netns ?? [...readDesired(files, hosts).namespaces.keys()];
}
