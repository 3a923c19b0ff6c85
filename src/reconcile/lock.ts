// Locks: one writer for each namespace of a topology. The kernel's flock is the lock; what stands in the file is for
// the message only. Only its holder removes a file, so whoever gets a lock looks whether its file still has its name.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { ReconcileError } from '../errors.ts';
import { flock, LOCK_EX, LOCK_NB } from '../kernel/libc.ts';
import type { Machine } from '../kernel/machine.ts';
import { runDirectory } from './run-directory.ts';

/** The namespaces that a topology's writers ever held locks of. */
export function lockedOnce(machine: Machine, topology: string): string[] {
  return lockedIn(runDirectory(machine, topology));
}

/** The same, of the writers that have their files in a run directory. */
export function lockedIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.startsWith('lock.'))
      .map((file) => file.slice('lock.'.length));
  } catch {
    return [];
  }
}

/** The locks of one writer. They go with the process, however it ends. */
export class Locks {
  readonly #directory: string;
  readonly #verb: string;
  readonly #held = new Map<string, number>();

  constructor(machine: Machine, topology: string, verb: string) {
    this.#directory = runDirectory(machine, topology);
    this.#verb = verb;
  }

  /** Takes the locks of namespaces that are not held yet; raises a `locked` error that names the holder. */
  take(namespaces: Iterable<string>): void {
    for (const netns of namespaces) {
      if (this.#held.has(netns)) continue;
      const { fd, isOurs } = this.#lock(netns);
      if (!isOurs) {
        const holder = readFileSync(fd, 'utf8').trim() || 'another process';
        closeSync(fd);
        throw new ReconcileError('locked', `namespace ${netns} is in the hands of ${holder}`, {
          hint: 'one writer at a time: stop it first, or edit the file that it watches',
        });
      }
      ftruncateSync(fd);
      writeSync(
        fd,
        `calico-reconcile ${this.#verb} (pid ${process.pid}, since ${new Date().toISOString()})\n`,
        0,
      );
      this.#held.set(netns, fd);
    }
  }

  /** Gives back the lock of a namespace that is no longer ours, and removes its file; leaves one that another holds. */
  drop(netns: string): void {
    const held = this.#held.get(netns);
    const { fd, isOurs } = held === undefined ? this.#lock(netns) : { fd: held, isOurs: true };
    if (isOurs) rmSync(this.#path(netns), { force: true });
    closeSync(fd);
    this.#held.delete(netns);
  }

  #path(netns: string): string {
    return `${this.#directory}/lock.${netns}`;
  }

  /** Opens and tries the lock of a namespace. */
  #lock(netns: string): { readonly fd: number; readonly isOurs: boolean } {
    for (;;) {
      const fd = openIn(this.#path(netns));
      if (fd === null) {
        mkdirSync(this.#directory, { recursive: true, mode: 0o755 });
        continue;
      }
      if (!flock(fd, LOCK_EX | LOCK_NB)) return { fd, isOurs: false };
      if (isNamed(fd, this.#path(netns))) return { fd, isOurs: true };
      closeSync(fd);
    }
  }

  release(): void {
    for (const fd of this.#held.values()) closeSync(fd);
    this.#held.clear();
  }
}

/** Opens a lock file, or makes it; null where its directory is not there, or went away meanwhile. */
function openIn(path: string): number | null {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whether a file is the one that stands under a name. */
function isNamed(fd: number, path: string): boolean {
  return fstatSync(fd, { bigint: true }).ino === statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}
