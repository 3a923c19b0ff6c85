// The run directory, /run/calico-reconcile/NAME/SELFCOOKIE: the last applied items of a topology, as seen from one
// namespace. Files are written aside and renamed, and never through a link.
import {
  closeSync,
  constants,
  lstatSync,
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

/** The directories of a topology's runs, by the cookie of the namespace that each was started in. */
export function runDirectories(topology: string): Map<string, string> {
  try {
    return new Map(
      readdirSync(`${ROOT}/${topology}`).map((cookie) => [cookie, `${ROOT}/${topology}/${cookie}`]),
    );
  } catch {
    return new Map();
  }
}

/** The last applied items; NOTHING_APPLIED where none are recorded or they cannot be read. */
export function loadApplied(machine: Machine, topology: string): Applied {
  const path = `${runDirectory(machine, topology)}/applied`;
  const signature = sign(path);
  if (known?.path === path && known.signature === signature) return known.applied;
  const applied = decodeApplied(readOrEmpty(path));
  known = { path, signature, applied };
  return applied;
}

/** The record that was last read or written: as long as its file is the same one, it is neither again. */
let known: { readonly path: string; readonly signature: string; readonly applied: Applied } | null = null;

function sign(path: string): string {
  const file = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (file === undefined) return 'absent';
  return `${file.dev} ${file.ino} ${file.size} ${file.mtimeNs} ${file.ctimeNs}`;
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
  if (known?.path === path && known.applied === applied && known.signature === sign(path)) return;
  const bytes = encodeApplied(applied);
  if (readOrEmpty(path).equals(bytes)) {
    known = { path, signature: sign(path), applied };
    return;
  }
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
  known = { path, signature: sign(path), applied };
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
