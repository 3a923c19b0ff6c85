// The files of a topology on disk: tells when they have changed and are whole. Events of the file system only say where
// to look; what counts is that the files differ from those that were read, that nothing happened to them for a moment,
// and that nobody has one open for writing. One file that was put in place whole needs no such moment.
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type FSWatcher, watch as watchFiles } from 'chokidar';
import { isBeingWritten } from '../kernel/file-lease.ts';
import { Arrivals } from './arrivals.ts';
import { findWatchPoints, isTopologyFile, type WatchPoint } from './watch-points.ts';

export interface TopologyFilesOptions {
  /** Files and directories. */
  readonly paths: readonly string[];
  /** A file has changed, come or gone, and is whole. */
  readonly onChange: (path: string) => void;
  /** A file has been open for writing for long: it is read when its writer closes it. */
  readonly onHeld: (path: string) => void;
  /** The file system does not tell of changes. */
  readonly onError: (error: unknown) => void;
}

/** How long files must be quiet before they are read, in milliseconds. */
export const QUIET_MS = 100;
/** The same for one that was put in place whole: only to hear of a write that has just been made. */
const WHOLE_MS = 2;
/** After so long, in milliseconds, a file that is still open for writing is worth a word. */
const HELD_MS = 5000;

export class TopologyFiles {
  readonly #options: TopologyFilesOptions;
  /** By directory and inode: one that is replaced under its name is watched anew. */
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #arrivals = new Arrivals();
  #points: ReadonlyMap<string, WatchPoint> = new Map();
  /** By path, as they were when they were read. */
  #read: ReadonlyMap<string, string> = new Map();
  /** As they were when last looked at, where they differ from those that were read. */
  #pending: ReadonlyMap<string, string> | null = null;
  #pendingSince = 0;
  #saidHeld = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TopologyFilesOptions) {
    this.#options = options;
    this.markRead();
    this.#movePoints();
  }

  /** The files are read now: what they are from here on is compared with this. */
  markRead(): void {
    this.#read = sign(this.#options.paths);
    this.#settle();
  }

  async close(): Promise<void> {
    this.#settle();
    await Promise.all([...this.#watchers.values()].map((watcher) => watcher.close()));
  }

  #settle(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pending = null;
    this.#saidHeld = false;
  }

  /** Looks whether the files have changed: something happened somewhere near, or it is time to. */
  look(): void {
    this.#movePoints();
    const now = sign(this.#options.paths);
    if (firstDifference(this.#read, now) === null) {
      if (this.#pending !== null) this.#settle();
      return;
    }
    if (this.#pending !== null && firstDifference(this.#pending, now) === null) return;
    if (this.#pending === null) this.#pendingSince = performance.now();
    this.#pending = now;
    this.#wait();
  }

  #wait(milliseconds = this.#isWhole() ? WHOLE_MS : QUIET_MS): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#conclude(milliseconds === WHOLE_MS), milliseconds);
  }

  /** Of several files the others may still be on their way. */
  #isWhole(): boolean {
    const [path, ...others] = this.#options.paths;
    return path !== undefined && others.length === 0 && this.#arrivals.has(resolve(path));
  }

  /** All was quiet: tells of the change where it is whole. */
  #conclude(takenAsWhole: boolean): void {
    this.#timer = null;
    if (takenAsWhole && !this.#isWhole()) {
      this.#wait();
      return;
    }
    const now = sign(this.#options.paths);
    const path = firstDifference(this.#read, now);
    if (path === null || this.#pending === null) {
      this.#settle();
      return;
    }
    const held = [...now.keys()].find(
      (file) => this.#read.get(file) !== now.get(file) && isBeingWritten(file),
    );
    if (held !== undefined || firstDifference(this.#pending, now) !== null) {
      this.#pending = now;
      if (held !== undefined && !this.#saidHeld && performance.now() - this.#pendingSince > HELD_MS) {
        this.#saidHeld = true;
        this.#options.onHeld(held);
      }
      this.#wait(QUIET_MS);
      return;
    }
    this.#settle();
    this.#read = now;
    this.#options.onChange(path);
  }

  /** Watches where the files are by now: links may lead elsewhere, and directories be others. */
  #movePoints(): void {
    this.#points = findWatchPoints(this.#options.paths);
    const wanted = new Map([...this.#points.keys()].map((path) => [`${path} ${inodeOf(path)}`, path]));
    for (const [key, watcher] of this.#watchers) {
      if (wanted.has(key)) continue;
      this.#watchers.delete(key);
      watcher.close().catch(this.#options.onError);
    }
    for (const [key, path] of wanted)
      if (!this.#watchers.has(key)) this.#watchers.set(key, this.#watch(path));
  }

  #watch(directory: string): FSWatcher {
    const watcher = watchFiles(directory, {
      ignoreInitial: true,
      depth: 0,
      followSymlinks: false,
      ignored: (path) => path !== directory && !this.#matters(path),
    });
    const look = (): void => this.look();
    const note = (event: string, name: string | null, by: unknown): void => {
      const path = join(directory, name ?? '');
      const { watchedPath } = by as { readonly watchedPath: string };
      if (watchedPath === directory && this.#matters(path)) {
        this.#arrivals.note(event, path);
        if (this.#pending !== null) this.#wait();
      }
      look();
    };
    return watcher.on('all', look).on('raw', note).on('ready', look).on('error', this.#options.onError);
  }

  #matters(path: string): boolean {
    const point = this.#points.get(dirname(path));
    if (point === undefined) return false;
    const name = basename(path);
    return point.names.has(name) || (point.yaml && isTopologyFile(name));
  }
}

/** What stands under each path: which file, how long, and when it was last written or put there; `absent` for none. */
function sign(paths: readonly string[]): Map<string, string> {
  const signed = new Map<string, string>();
  for (const path of paths) {
    const whole = resolve(path);
    const names = topologyFilesIn(whole);
    signed.set(path, names === null ? signFile(whole) : 'directory');
    for (const name of names ?? []) signed.set(join(path, name), signFile(join(whole, name)));
  }
  return signed;
}

/** The topology files of a directory; null for what is none. */
function topologyFilesIn(path: string): string[] | null {
  try {
    return readdirSync(path).filter(isTopologyFile);
  } catch {
    return null;
  }
}

function signFile(path: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return 'absent';
  }
}

function inodeOf(path: string): string {
  try {
    const { dev, ino } = statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return 'absent';
  }
}

function firstDifference(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string | null {
  for (const path of new Set([...before.keys(), ...after.keys()]))
    if (before.get(path) !== after.get(path)) return path;
  return null;
}
