// The run directory, /run/calico-reconcile/NAME/SELFCOOKIE: the last applied items of a topology, as seen from one
// namespace. Files are written aside and renamed, and never through a link.
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Machine } from '../kernel/machine.ts';
import { type Applied, decodeApplied, encodeApplied } from './applied.ts';

const ROOT = '/run/calico-reconcile';

/** The directory of a topology for the namespace the tool was started in. */
export function runDirectory(machine: Machine, topology: string): string {
  return `${ROOT}/${topology}/${machine.self.socket.cookie}`;
}

/** The last applied items; NOTHING_APPLIED where none are recorded or they cannot be read. */
export function loadApplied(machine: Machine, topology: string): Applied {
  return decodeApplied(readOrEmpty(`${runDirectory(machine, topology)}/applied`));
}

/** The topologies that anything was applied of from this namespace, sorted. */
export function appliedTopologies(machine: Machine): string[] {
  let names: string[];
  try {
    names = readdirSync(ROOT);
  } catch {
    return [];
  }
  return names.filter((name) => loadApplied(machine, name).items.size > 0).sort();
}

/** Records what is applied; writes nothing where it is recorded already. */
export function saveApplied(machine: Machine, topology: string, applied: Applied): void {
  const directory = runDirectory(machine, topology);
  const path = `${directory}/applied`;
  const bytes = encodeApplied(applied);
  if (readOrEmpty(path).equals(bytes)) return;
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const aside = `${path}.${process.pid}`;
  const fd = openSync(
    aside,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o644,
  );
  try {
    writeSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
  renameSync(aside, path);
}

/** Removes the record of a topology that is gone, and its directories where nothing else is in them. */
export function forgetApplied(machine: Machine, topology: string): void {
  const directory = runDirectory(machine, topology);
  rmSync(`${directory}/applied`, { force: true });
  try {
    rmdirSync(directory);
    rmdirSync(dirname(directory));
  } catch {
    // Another writer is at work in it, or it was never made.
  }
}

function readOrEmpty(path: string): Buffer {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    return Buffer.alloc(0);
  }
}
