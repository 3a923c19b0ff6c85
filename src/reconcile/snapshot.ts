// A snapshot: what was observed on a machine and what had been applied to it, kept to be compared elsewhere and later.
// Pure; recalling one gives what a live observation for the same topology gave.
import { ReconcileError } from '../errors.ts';
import { type DesiredNetwork, type ObservedNamespace, type ObservedNetwork, SELF } from '../state/network.ts';
import { deviceSysctlKey, parseDeviceSysctl } from '../state/sysctl.ts';
import { type Applied, NOTHING_APPLIED } from './applied.ts';

export interface Snapshot {
  /** Every named namespace of the machine, sorted, those included that were not read. */
  readonly names: readonly string[];
  readonly namespaces: ReadonlyMap<string, SnapshotNamespace>;
  /** What sysctls that were applied have in a namespace nobody touched. */
  readonly freshSysctls: ReadonlyMap<string, string>;
  /** The last applied items, by topology. */
  readonly applied: ReadonlyMap<string, Applied>;
}

export interface SnapshotNamespace {
  /** Its `sysctls` are those of links that differ from a new link's, as every observation reads them. */
  readonly observed: ObservedNamespace;
  /** Every sysctl below `net` by dotted name; a device's only where it differs from its table's `default`. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/** What a comparison needs. */
export interface Recalled {
  readonly observed: ObservedNetwork;
  readonly applied: Applied;
}

/** The part of a snapshot that a topology is compared with; a `file` error where a namespace of it was not read. */
export function recall(snapshot: Snapshot, desired: DesiredNetwork): Recalled {
  for (const name of desired.namespaces.keys()) checkIsRead(snapshot, name);
  const applied = snapshot.applied.get(desired.name) ?? NOTHING_APPLIED;
  const namespaces = new Map<string, ObservedNamespace>();
  for (const [name, namespace] of snapshot.namespaces) {
    const { observed } = namespace;
    const wanted = desired.namespaces.get(name);
    if (wanted === undefined && !bearsMark(observed, desired.name)) continue;
    const sysctls = new Map(observed.sysctls);
    for (const key of [...(wanted?.sysctls.keys() ?? []), ...(applied.sysctls.get(name) ?? [])]) {
      const value = sysctlOf(namespace, key);
      if (value !== undefined) sysctls.set(key, value);
    }
    namespaces.set(name, { ...observed, sysctls });
  }
  return { observed: { namespaces, freshSysctls: snapshot.freshSysctls }, applied };
}

function checkIsRead(snapshot: Snapshot, name: string): void {
  if (snapshot.namespaces.has(name) || (name !== SELF && !snapshot.names.includes(name))) return;
  throw new ReconcileError('file', `the snapshot does not hold the namespace ${name}, which existed`, {
    hint: 'take it of this topology (snapshot FILE), or of everything (snapshot --all)',
  });
}

function bearsMark(observed: ObservedNamespace, topology: string): boolean {
  return observed.madeBy === topology || observed.claims.some((claim) => claim.topology === topology);
}

/** A device's sysctl that is not written out is as its table's `default`, where the device has such a table. */
function sysctlOf({ observed, sysctls }: SnapshotNamespace, key: string): string | undefined {
  const value = sysctls.get(key);
  const device = value === undefined ? parseDeviceSysctl(key) : null;
  const link = device === null ? undefined : observed.links.get(device.dev);
  if (device === null || link === undefined) return value;
  const hasTable = (device.family === 'ipv4' ? link.ipv4Conf : link.ipv6Conf) !== null;
  return hasTable
    ? sysctls.get(deviceSysctlKey(device.family, device.table, 'default', device.leaf))
    : undefined;
}
