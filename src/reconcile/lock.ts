// Locks: one writer for each namespace of a topology. The kernel's flock is the lock; what stands in the file is for
// the message only.
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { ReconcileError } from '../errors.ts';
import { flock, LOCK_EX, LOCK_NB } from '../kernel/libc.ts';
import type { Machine } from '../kernel/machine.ts';
import { runDirectory } from './run-directory.ts';

/** The namespaces that a topology's writers ever held locks of. */
export function lockedOnce(machine: Machine, topology: string): string[] {
  try {
    return readdirSync(runDirectory(machine, topology))
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
      mkdirSync(this.#directory, { recursive: true, mode: 0o755 });
      const path = `${this.#directory}/lock.${netns}`;
      const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
      if (!flock(fd, LOCK_EX | LOCK_NB)) {
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

  release(): void {
    for (const fd of this.#held.values()) closeSync(fd);
    this.#held.clear();
  }
}
