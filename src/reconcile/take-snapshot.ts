// Takes a snapshot of the machine: reads namespaces whole, and what was applied to them. Sends dumps only.
import { ReconcileError } from '../errors.ts';
import type { Machine } from '../kernel/machine.ts';
import { observe } from '../kernel/observe.ts';
import { walkSysctls } from '../kernel/walk-sysctls.ts';
import { SELF } from '../state/network.ts';
import type { Applied } from './applied.ts';
import { appliedTopologies, loadApplied } from './run-directory.ts';
import type { Snapshot, SnapshotNamespace } from './snapshot.ts';

/** What to read. */
export type SnapshotScope =
  | { readonly kind: 'all' }
  /** These, which must exist. */
  | { readonly kind: 'netns'; readonly names: readonly string[] }
  /** These where they exist, and every other one that bears the topology's mark. */
  | { readonly kind: 'topology'; readonly topology: string; readonly names: readonly string[] };

export function takeSnapshot(machine: Machine, scope: SnapshotScope): Snapshot {
  const names = machine.names();
  if (scope.kind === 'netns') {
    const absent = scope.names.find((name) => name !== SELF && !names.includes(name));
    if (absent !== undefined) throw new ReconcileError('netns', `there is no namespace ${absent}`);
  }
  const topologies = scope.kind === 'topology' ? [scope.topology] : appliedTopologies(machine);
  const applied = new Map<string, Applied>();
  for (const topology of topologies) {
    const record = loadApplied(machine, topology);
    if (record.items.size > 0) applied.set(topology, record);
  }
  const keys = [...applied.values()].flatMap(({ sysctls }) => [...sysctls.values()].flat());
  const { namespaces, freshSysctls } = observe(machine, {
    topology: scope.kind === 'topology' ? scope.topology : '',
    names: new Set(scope.kind === 'all' ? [SELF, ...names] : scope.names),
    sysctlsOf: () => [],
    fresh: [...new Set(keys)].sort(),
  });
  const taken = new Map<string, SnapshotNamespace>();
  for (const name of [...namespaces.keys()].sort()) {
    const sysctls = machine.namespace(name)!.enter(walkSysctls);
    taken.set(name, { observed: namespaces.get(name)!, sysctls });
  }
  return { names, namespaces: taken, freshSysctls, applied };
}
