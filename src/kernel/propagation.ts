// Mount propagation: a namespace is named by a mount below /run/netns, and whether others see that name depends on how
// mounts spread from the mount namespace this process is in.
import { readFileSync, readlinkSync } from 'node:fs';
import { ReconcileError } from '../errors.ts';
import { NETNS_DIRECTORY } from './netns.ts';

/**
 * Raises a `platform` error where names of namespaces made here could never be seen outside, though this is the
 * machine's own /run: in a mount namespace that only receives mounts (systemd's PrivateTmp, ProtectSystem and the like).
 */
export function checkPropagation(): void {
  if (isSharedMountNamespace() || !isSlave(mountOf(NETNS_DIRECTORY, readMounts()))) return;
  throw new ReconcileError(
    'platform',
    `namespaces made here would be seen by nobody outside: ${NETNS_DIRECTORY} is in a mount namespace that only receives mounts (slave propagation)`,
    {
      hint: 'instead of `ip netns exec NAME` use `nsenter --net=/run/netns/NAME`; take PrivateTmp=, ProtectSystem=, ProtectHome=, PrivateDevices=, ReadOnlyPaths= and the like out of the systemd unit (docs/calico-reconcile.service has none), or give the container /run/netns with Bidirectional mount propagation',
    },
  );
}

interface MountLine {
  readonly point: string;
  /** `shared:5`, `master:3`. */
  readonly tags: readonly string[];
}

/** Whether this process sees the mounts that the first process sees; what cannot be read is taken for such. */
function isSharedMountNamespace(): boolean {
  try {
    return readlinkSync('/proc/self/ns/mnt') === readlinkSync('/proc/1/ns/mnt');
  } catch {
    return true;
  }
}

/** The mounts of /proc/self/mountinfo; see proc_pid_mountinfo(5). */
function readMounts(): MountLine[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.filter((line) => line !== '').map(parseMount);
}

/** Reads one line of mountinfo: the mount point is its fifth field, the tags stand between the sixth and a hyphen. */
export function parseMount(line: string): MountLine {
  const fields = line.split(' ');
  const point = fields[4]!.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return { point, tags: fields.slice(6, fields.indexOf('-', 6)) };
}

/** The mount that a path is on: the last one at the longest mount point above it. */
export function mountOf(path: string, mounts: readonly MountLine[]): MountLine | null {
  let found: MountLine | null = null;
  for (const mount of mounts) {
    const isAbove = mount.point === '/' || path === mount.point || path.startsWith(`${mount.point}/`);
    if (isAbove && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

export function isSlave(mount: MountLine | null): boolean {
  return mount?.tags.some((tag) => tag.startsWith('master:')) ?? false;
}
