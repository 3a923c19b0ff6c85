// Following: which namespaces of the topology are listened to, and in which of them everything is ours.
import type { Machine } from '../kernel/machine.ts';
import type { Monitor } from '../kernel/monitor.ts';
import { readLink } from '../kernel/observe-part.ts';
import { parseOwnerAlias } from '../state/mark.ts';
import { type DesiredNetwork, SELF } from '../state/network.ts';

export class Following {
  readonly #machine: Machine;
  readonly #monitor: Monitor;
  readonly #full = new Set<string>();

  constructor(machine: Machine, monitor: Monitor) {
    this.#machine = machine;
    this.#monitor = monitor;
  }

  /** Listens in every namespace of the topology that is there, and in no other. */
  follow({ name: topology, namespaces }: DesiredNetwork): void {
    for (const { name, manage } of namespaces.values()) {
      const netns = this.#machine.namespace(name);
      if (netns === null || !this.#monitor.follow(name, netns)) continue;
      const alias = name === SELF ? '' : (readLink(netns, 'lo')?.alias ?? '');
      const isOurs = parseOwnerAlias(alias) === topology;
      if ((manage ?? (isOurs ? 'full' : 'owned')) === 'full') this.#full.add(name);
      else this.#full.delete(name);
    }
    for (const name of this.#monitor.names()) if (!namespaces.has(name)) this.forget(name);
  }

  /** Lets go of a namespace. */
  forget(name: string): void {
    this.#monitor.forget(name);
    this.#full.delete(name);
  }

  /** Whether what nobody declared is extra in a namespace, too. */
  isFull(name: string): boolean {
    return this.#full.has(name);
  }
}
