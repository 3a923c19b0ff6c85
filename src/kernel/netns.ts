// Network namespaces: entered, made and removed in this process, compatible both ways with `ip netns`.
// While the thread is in another namespace nothing may await and nothing asynchronous may start: threads and
// processes made meanwhile would stay there. So `enter` is synchronous, and the pool threads are made at home first.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  stat,
  statSync,
  unlinkSync,
  watch,
} from 'node:fs';
import { ReconcileError } from '../errors.ts';
import { lacking } from './capabilities.ts';
import {
  CLONE_NEWNET,
  MNT_DETACH,
  MS_BIND,
  MS_REC,
  MS_SHARED,
  mount,
  SystemError,
  setns,
  umount,
  unshare,
} from './libc.ts';
import { NetlinkSocket } from './socket.ts';

/** Where `ip netns` and this tool keep the names of namespaces. */
export const NETNS_DIRECTORY = '/run/netns';

const CURRENT = '/proc/thread-self/ns/net';

/** The namespace the main thread was started in. */
let home = -1;
/** The namespace it is in at the moment; every `enter` comes back to where it was begun. */
let inside = -1;

function homeFd(): number {
  if (home < 0) {
    // libuv makes its pool threads at the first asynchronous call: now, while the thread is at home.
    stat('/', () => {});
    home = openSync(CURRENT, 'r');
    inside = home;
  }
  return home;
}

/** Takes the namespace the thread is in for its home from here on: tests give each case a machine of its own. */
export function stayHere(): void {
  if (home >= 0) closeSync(home);
  home = -1;
  homeFd();
}

/** A namespace held open: it lives on, even deleted, until it is closed. */
export class Netns {
  readonly fd: number;
  /** As in /proc/PID/ns/net; unique among those that live. */
  readonly inode: number;
  readonly socket: NetlinkSocket;

  private constructor(fd: number) {
    this.fd = fd;
    this.inode = fstatSync(fd).ino;
    this.socket = enter(fd, () => new NetlinkSocket());
  }

  /** The namespace the process was started in. */
  static home(): Netns {
    return new Netns(homeFd());
  }

  /** Opens a named namespace; null where there is none. Raises a `netns` error for a name nobody can enter. */
  static open(name: string): Netns | null {
    const path = `${NETNS_DIRECTORY}/${name}`;
    if (!isNamespace(path)) return null;
    let fd = -1;
    try {
      fd = openSync(path, 'r');
      return new Netns(fd);
    } catch (error) {
      if (fd >= 0) closeSync(fd);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw describeEntry(name, error);
    }
  }

  /**
   * Makes a namespace and names it. `prepare` gets its socket while the namespace has no name yet, so that what must be
   * there from the start (an owner's mark) is there before anyone can find it. Equivalent to `ip netns add`.
   */
  static create(name: string, prepare: (socket: NetlinkSocket) => void): Netns {
    homeFd();
    shareDirectory();
    const path = `${NETNS_DIRECTORY}/${name}`;
    if (isNamespace(path)) throw describeEntry(name, new SystemError('open', 'EEXIST'));
    // A plain file is what is left where a creation was cut short: it is taken over.
    closeSync(openSync(path, constants.O_RDONLY | constants.O_CREAT, 0));
    try {
      return inNewNamespace((fd) => {
        const netns = new Netns(fd);
        try {
          prepare(netns.socket);
          mount(`/proc/self/fd/${fd}`, path, 'none', MS_BIND);
          return netns;
        } catch (error) {
          netns.socket.close();
          throw error;
        }
      });
    } catch (error) {
      unlinkSync(path);
      throw describeEntry(name, error);
    }
  }

  /** Takes the name away; the namespace goes when nothing holds it any more. Equivalent to `ip netns delete`. */
  static remove(name: string): void {
    const path = `${NETNS_DIRECTORY}/${name}`;
    try {
      umount(path, MNT_DETACH);
    } catch (error) {
      if (!(error instanceof SystemError) || error.errno !== 'EINVAL') throw describeEntry(name, error);
    }
    unlinkSync(path);
  }

  /** Takes a name away that leads to no namespace: the plain file that is left where making or removing one was cut short. */
  static removeLeftover(name: string): void {
    const path = `${NETNS_DIRECTORY}/${name}`;
    const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
    if (isFile && !isNamespace(path)) unlinkSync(path);
  }

  /** Whether the name still leads here. The inode cannot have been given to another: this descriptor holds it. */
  isStillNamed(name: string): boolean {
    return inodeOf(`${NETNS_DIRECTORY}/${name}`) === this.inode;
  }

  /** Runs a synchronous function with the thread in this namespace: /proc/sys/net and new sockets are then its own. */
  enter<T>(action: () => T): T {
    return enter(this.fd, action);
  }

  close(): void {
    this.socket.close();
    if (this.fd !== home) closeSync(this.fd);
  }
}

/**
 * The names of all named namespaces, sorted; plain files left over from a crash are not among them, nor, where one is
 * given, the names of that namespace.
 */
export function namespaceNames(except?: Netns): string[] {
  let names: string[];
  try {
    names = readdirSync(NETNS_DIRECTORY);
  } catch {
    return [];
  }
  return names
    .filter((name) => {
      const inode = inodeOf(`${NETNS_DIRECTORY}/${name}`);
      return inode !== null && inode !== except?.inode;
    })
    .sort();
}

/** Calls back whenever a name of a namespace may have come or gone; returns what ends that. */
export function watchNamespaceNames(onChange: () => void): () => void {
  mkdirSync(NETNS_DIRECTORY, { recursive: true, mode: 0o755 });
  const watcher = watch(NETNS_DIRECTORY, { persistent: false }, onChange);
  return () => watcher.close();
}

/** Runs a synchronous function with the thread in a fresh namespace that nobody else sees, and that is gone after. */
export function inFreshNamespace<T>(action: () => T): T {
  return inNewNamespace((fd) => {
    const result = action();
    closeSync(fd);
    return result;
  });
}

/** Runs a synchronous function with the thread in a named namespace, which must exist. */
export function runIn<T>(name: string, action: () => T): T {
  const fd = openSync(`${NETNS_DIRECTORY}/${name}`, 'r');
  try {
    return enter(fd, action);
  } finally {
    closeSync(fd);
  }
}

/** Runs a function with the thread in a new namespace, whose descriptor it gets to keep; closed where it throws. */
function inNewNamespace<T>(action: (fd: number) => T): T {
  homeFd();
  const outer = inside;
  unshare(CLONE_NEWNET);
  try {
    const fd = openSync(CURRENT, 'r');
    inside = fd;
    try {
      return action(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } finally {
    inside = outer;
    goBack(outer);
  }
}

function enter<T>(fd: number, action: () => T): T {
  homeFd();
  // Where the thread is already it stays: setns needs CAP_SYS_ADMIN even there.
  if (fd === inside) return action();
  const outer = inside;
  setns(fd, CLONE_NEWNET);
  inside = fd;
  try {
    return action();
  } finally {
    inside = outer;
    goBack(outer);
  }
}

/** A thread that cannot come back would go on in the wrong network: the process ends instead. */
function goBack(fd: number): void {
  try {
    setns(fd, CLONE_NEWNET);
  } catch {
    process.abort();
  }
}

function isNamespace(path: string): boolean {
  return inodeOf(path) !== null;
}

/** The inode of the namespace at a path; null where there is none. All namespaces are files of one file system. */
function inodeOf(path: string): number | null {
  try {
    const { dev, ino } = statSync(path);
    nsfs ??= fstatSync(homeFd()).dev;
    return dev === nsfs ? ino : null;
  } catch {
    return null;
  }
}

/** The device number of that file system. */
let nsfs: number | null = null;

/** Makes /run/netns a shared mount of its own, as `ip netns` does, so that names are seen in other mount namespaces. */
function shareDirectory(): void {
  mkdirSync(NETNS_DIRECTORY, { recursive: true, mode: 0o755 });
  try {
    mount('', NETNS_DIRECTORY, 'none', MS_SHARED | MS_REC);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== 'EINVAL') throw describeEntry('', error);
    mount(NETNS_DIRECTORY, NETNS_DIRECTORY, 'none', MS_BIND | MS_REC);
    mount('', NETNS_DIRECTORY, 'none', MS_SHARED | MS_REC);
  }
}

function describeEntry(name: string, error: unknown): unknown {
  if (error instanceof ReconcileError) return error;
  const errno = error instanceof SystemError ? error.errno : (error as NodeJS.ErrnoException).code;
  if (errno === 'EPERM' || errno === 'EACCES') {
    return lacking('CAP_SYS_ADMIN', `namespace ${name}: entering or making it needs CAP_SYS_ADMIN`, error);
  }
  if (errno === undefined) return error;
  return new ReconcileError('netns', `namespace ${name}: ${errno}`, { cause: error });
}
