// The machine as the tool sees it: the namespace it was started in and the named ones of /run/netns, opened once.
import { ReconcileError } from '../errors.ts';
import { SELF } from '../state/network.ts';
import { makeRoomForDescriptors } from './descriptor.ts';
import { Netns, namespaceNames } from './netns.ts';
import type { NetlinkSocket } from './socket.ts';

export class Machine {
  readonly #opened = new Map<string, Netns>();

  private constructor(home: Netns) {
    this.#opened.set(SELF, home);
  }

  /** Opens the machine; raises a `platform` error where it is no Linux with rtnetlink. */
  static open(): Machine {
    try {
      return new Machine(Netns.home());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ReconcileError('platform', `this machine's network cannot be read: ${reason}`, {
        cause: error,
      });
    }
  }

  /** The namespace the tool was started in. */
  get self(): Netns {
    return this.#opened.get(SELF)!;
  }

  /** Prepares for so many namespaces being open at once, each with its sockets and its lock. */
  expect(namespaces: number): void {
    makeRoomForDescriptors(namespaces * 4);
  }

  /** The names of all named namespaces, sorted; a name of the one the tool was started in is not among them. */
  names(): string[] {
    return namespaceNames(this.self);
  }

  /** What tells a namespace from every other of this boot; null for one that is gone or cannot be entered. */
  cookieOf(name: string): bigint | null {
    try {
      return this.namespace(name)?.socket.cookie ?? null;
    } catch (error) {
      if (error instanceof ReconcileError) return null;
      throw error;
    }
  }

  /** A namespace by name, `self` included; null where there is none. */
  namespace(name: string): Netns | null {
    const known = this.#opened.get(name);
    if (known !== undefined) return known;
    const netns = Netns.open(name);
    if (netns !== null) this.#opened.set(name, netns);
    return netns;
  }

  /** Makes a namespace; `prepare` gets its socket before it has its name. Equivalent to `ip netns add`. */
  create(name: string, prepare: (socket: NetlinkSocket) => void): Netns {
    const netns = Netns.create(name, prepare);
    this.#opened.set(name, netns);
    return netns;
  }

  /** Removes a namespace and lets go of it. Equivalent to `ip netns delete`. */
  remove(name: string): void {
    this.#opened.get(name)?.close();
    this.#opened.delete(name);
    Netns.remove(name);
  }

  /** Takes a name away that leads to no namespace any more. */
  removeLeftover(name: string): void {
    Netns.removeLeftover(name);
  }

  /** Lets go of namespaces that no longer stand under their names; returns those names. */
  refresh(): string[] {
    const gone: string[] = [];
    for (const [name, netns] of this.#opened) {
      if (name === SELF || netns.isStillNamed(name)) continue;
      netns.close();
      this.#opened.delete(name);
      gone.push(name);
    }
    return gone;
  }

  /** Lets go of every namespace but its own, so that a deleted one can die and a new one of its name be found. */
  release(): void {
    for (const [name, netns] of this.#opened) {
      if (name === SELF) continue;
      netns.close();
      this.#opened.delete(name);
    }
  }

  /** Closes every socket and descriptor. */
  close(): void {
    this.release();
    this.self.close();
  }
}
