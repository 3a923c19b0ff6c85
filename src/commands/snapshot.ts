// `snapshot`: the live state as JSON, for `diff --observed` elsewhere and for bug reports. It sends dumps only.
import { ReconcileError } from '../errors.ts';
import { Machine } from '../kernel/machine.ts';
import { type SnapshotScope, takeSnapshot } from '../reconcile/take-snapshot.ts';
import { formatJson } from '../report/json.ts';
import { encodeSnapshot } from '../report/snapshot/encode.ts';
import { type HostOptions, readDesired } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface SnapshotOptions extends HostOptions {
  readonly netns?: readonly string[];
  readonly all?: boolean;
}

export function snapshot(files: readonly string[], options: SnapshotOptions, terminal: Terminal): ExitStatus {
  const scope = scopeOf(files, options);
  const machine = Machine.open();
  try {
    terminal.out(formatJson(encodeSnapshot(takeSnapshot(machine, scope))));
    return 0;
  } finally {
    machine.close();
  }
}

function scopeOf(files: readonly string[], { netns, all, ...hosts }: SnapshotOptions): SnapshotScope {
  const ways = [files.length > 0, netns !== undefined, all === true].filter((given) => given);
  if (ways.length !== 1) {
    throw new ReconcileError('usage', 'snapshot takes topology files, --netns NAME or --all: one of them');
  }
  if (all) return { kind: 'all' };
  if (netns !== undefined) return { kind: 'netns', names: netns };
  const desired = readDesired(files, hosts);
  return { kind: 'topology', topology: desired.name, names: [...desired.namespaces.keys()] };
}
