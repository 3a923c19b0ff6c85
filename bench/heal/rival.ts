// The rival: breaks what the watch owns, from a process of its own, and listens for when it is mended.
import { Machine } from '../../src/kernel/machine.ts';
import { Monitor } from '../../src/kernel/monitor.ts';
import type { Netns } from '../../src/kernel/netns.ts';
import { readLink } from '../../src/kernel/observe-part.ts';
import { Requests } from '../../src/kernel/requests.ts';
import { type DesiredNetwork, SELF } from '../../src/state/network.ts';
import { DesiredIndex, type NamespaceIndex } from '../../src/watch/desired-index.ts';
import { type Break, type Breaker, tellings } from './breaks.ts';
import { HOST } from './fabric.ts';

/** A workload's namespace, its link there, and the host's end. */
export interface Workload {
  readonly netns: string;
  readonly link: string;
  readonly dev: string;
}

/** Milliseconds. */
const PATIENCE = 10_000;

export class Rival {
  readonly machine = Machine.open();
  readonly protocol: number;
  readonly #index: DesiredIndex;
  readonly #workloads: readonly Workload[];
  readonly #monitor: Monitor;
  #awaited: Set<string> | null = null;
  #wake: () => void = () => {};
  #seed: number;
  #turn = 0;

  constructor(network: DesiredNetwork, seed: number) {
    this.protocol = network.protocol;
    this.#seed = seed;
    this.#index = new DesiredIndex(network);
    this.#workloads = [...this.host.desired.links.values()].flatMap(({ name: dev, spec }) =>
      spec.kind === 'veth' && ![HOST, 'lan'].includes(spec.peer.netns)
        ? [{ netns: spec.peer.netns, link: spec.peer.name, dev }]
        : [],
    );
    this.#monitor = new Monitor({
      onEvent: (told) => {
        for (const telling of tellings(told)) this.#awaited?.delete(telling);
      },
      onOverflow: () => {},
      onWake: () => this.#wake(),
    });
  }

  get host(): NamespaceIndex {
    return this.at(HOST);
  }

  at(netns: string): NamespaceIndex {
    return this.#index.at(netns)!;
  }

  netns(name: string): Netns {
    const netns = this.machine.namespace(name);
    if (netns === null) throw new Error(`namespace ${name} is not there`);
    return netns;
  }

  /** A whole number below `limit`; the same ones for the same seed. */
  random(limit: number): number {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * limit);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.random(items.length)]!;
  }

  pickWorkload(): Workload {
    // In turn: one that is broken again and again within seconds would be a fight, and rest.
    const workload = this.#workloads[this.#turn++ % this.#workloads.length]!;
    this.#follow(workload.netns);
    return workload;
  }

  /** Sends requests in a namespace; raises the first that the kernel refuses. */
  act(netns: string, queue: (requests: Requests<null>, indexOf: (name: string) => number) => void): void {
    const handle = this.netns(netns);
    const refusals: Error[] = [];
    const requests = new Requests<null>(handle.socket, (_tag, error) => refusals.push(error));
    queue(requests, (name) => readLink(handle, name)?.ifindex ?? 0);
    requests.flush();
    if (refusals[0] !== undefined) throw refusals[0];
  }

  /** Deletes a namespace as `ip netns delete` does, and lets go of it. */
  remove(netns: string): void {
    this.#monitor.forget(netns);
    try {
      this.machine.remove(netns);
    } catch (error) {
      // The watch was quicker: a new namespace stands under the name already.
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
    }
  }

  /** Breaks an item and waits until it is mended; how long that took, in ms; null where it was not in time. */
  async measure(breaker: Breaker): Promise<number | null> {
    this.machine.refresh();
    this.#follow(HOST);
    this.#follow(SELF);
    this.#awaited = new Set();
    // What is awaited is told only after the breaking: events until now are of before.
    this.#monitor.drain();
    const began = performance.now();
    const broken = breaker(this);
    this.#awaited = broken.awaited;
    const took = (await this.#mended(broken)) ? performance.now() - began : null;
    this.#awaited = null;
    return took;
  }

  close(): void {
    this.#monitor.close();
    this.machine.close();
  }

  async #mended({ awaited, isWhole }: Break): Promise<boolean> {
    const deadline = performance.now() + PATIENCE;
    while (awaited.size > 0 || isWhole?.() === false) {
      if (performance.now() > deadline) return false;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, isWhole === undefined ? 100 : 1);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return true;
  }

  #follow(name: string): void {
    this.machine.refresh();
    const netns = this.netns(name);
    this.#monitor.follow(name, netns);
  }
}
