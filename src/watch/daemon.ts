// The daemon: the topology in force, the kernel's events, and what is mended when. Passes over everything come from
// outside (at the start, on an edit, by the timer); between them it heals by event. Everything it does is synchronous:
// a pass and a heal never overlap.
import type { Machine } from '../kernel/machine.ts';
import { Monitor } from '../kernel/monitor.ts';
import { watchNamespaceNames } from '../kernel/netns.ts';
import { readLink } from '../kernel/observe-part.ts';
import { type Applied, NOTHING_APPLIED } from '../reconcile/applied.ts';
import { type Difference, keyOf, type Outcome } from '../reconcile/difference.ts';
import { Locks } from '../reconcile/lock.ts';
import { type ConvergeResult, converge } from '../reconcile/pass.ts';
import { parseOwnerAlias } from '../state/mark.ts';
import { type DesiredNetwork, SELF } from '../state/network.ts';
import { describeAuthor } from './author.ts';
import { DesiredIndex } from './desired-index.ts';
import { Dirt } from './dirt.ts';
import { heal } from './heal.ts';
import { Restraint } from './restraint.ts';

/** What a heal came to. */
export interface Healed {
  readonly network: DesiredNetwork;
  readonly outcomes: readonly Outcome[];
  /** From the first event to the kernel's last answer, in ms. */
  readonly milliseconds: number;
  /** Items that another writer keeps undoing, by key, with how long each is left alone, in ms. */
  readonly fights: ReadonlyMap<string, number>;
}

export interface DaemonOptions {
  readonly machine: Machine;
  readonly onHealed: (healed: Healed) => void;
  /** Events taken in, by kind. */
  readonly onKernelEvent?: (kind: string) => void;
  /** Events of a namespace were lost; it is read again. */
  readonly onOverflow?: (netns: string) => void;
}

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #machine: Machine;
  readonly #monitor: Monitor;
  readonly #restraint = new Restraint(() => performance.now());
  readonly #stopNames: () => void;
  /** Namespaces with something that rests, to be read again when it may be tried. */
  readonly #resting = new Set<string>();
  #locks: Locks | null = null;
  #index: DesiredIndex | null = null;
  #applied: Applied = NOTHING_APPLIED;
  #full: ReadonlySet<string> = new Set();
  #dirt: Dirt | null = null;
  #dirtySince = 0;
  #scheduled: NodeJS.Immediate | null = null;
  #release: NodeJS.Timeout | null = null;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#machine = options.machine;
    this.#monitor = new Monitor({
      onEvent: (told) => {
        options.onKernelEvent?.(told.event.kind);
        this.#dirty()?.note(told);
      },
      onOverflow: (netns) => {
        options.onOverflow?.(netns);
        this.#dirty()?.whole(netns, 'events were lost');
      },
      onWake: () => this.#schedule(),
    });
    this.#stopNames = watchNamespaceNames(() => this.#noteGone());
  }

  /** One pass over everything; what is given becomes the topology in force. */
  pass(network: DesiredNetwork): ConvergeResult {
    this.#locks ??= new Locks(this.#machine, network.name, 'watch');
    const result = converge(this.#machine, network, { adopt: false, pruneAll: false, locks: this.#locks });
    if (network !== this.#index?.network) {
      this.#index = new DesiredIndex(network);
      this.#restraint.clear();
    }
    this.#applied = result.applied;
    this.#follow();
    // What the pass did itself has been told by now, and the pass has read the state after it.
    this.#monitor.drain();
    this.#schedule();
    return result;
  }

  /** Stops following; the network stays as it is. */
  close(): void {
    this.#stopNames();
    this.#monitor.close();
    this.#locks?.release();
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    if (this.#release !== null) clearTimeout(this.#release);
  }

  #dirty(): Dirt | null {
    const index = this.#index;
    if (index === null) return null;
    if (this.#dirt === null) {
      this.#dirt = new Dirt({ index, isFull: (netns) => this.#full.has(netns), author: describeAuthor });
      this.#dirtySince = performance.now();
    }
    return this.#dirt;
  }

  /** Names came, went or changed hands: sockets of the dead are let go at once, for they would keep them alive. */
  #noteGone(): void {
    for (const name of this.#machine.refresh()) {
      this.#monitor.forget(name);
      this.#dirty()?.whole(name, 'the namespace was deleted');
    }
    this.#schedule();
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = null;
      this.#heal();
    });
  }

  #heal(): void {
    const index = this.#index;
    for (const name of this.#machine.refresh()) {
      this.#monitor.forget(name);
      this.#dirty()?.whole(name, 'the namespace was deleted');
    }
    const dirt = this.#dirt;
    if (index === null || dirt === null || dirt.isEmpty) {
      this.#dirt = null;
      return;
    }
    this.#dirt = null;
    const since = this.#dirtySince;
    const holds = (difference: Difference): boolean => this.#holds(difference);
    const outcomes = heal(this.#machine, index, dirt, { applied: this.#applied, adopt: false, holds });
    const fights = this.#restrain(outcomes);
    this.#follow();
    if (outcomes.length > 0) {
      const milliseconds = performance.now() - since;
      this.#options.onHealed({ network: index.network, outcomes, milliseconds, fights });
    }
    this.#awaitRelease();
  }

  #holds(difference: Difference): boolean {
    const held = this.#restraint.holds(keyOf(difference));
    if (held) this.#resting.add(difference.netns);
    return held;
  }

  #restrain(outcomes: readonly Outcome[]): Map<string, number> {
    const fights = new Map<string, number>();
    for (const { difference, outcome } of outcomes) {
      const key = keyOf(difference);
      if (outcome !== 'done') {
        this.#restraint.failed(key);
        this.#resting.add(difference.netns);
        continue;
      }
      const rest = this.#restraint.mended(key);
      if (rest > 0) {
        fights.set(key, rest);
        this.#resting.add(difference.netns);
      }
    }
    return fights;
  }

  /** Reads again what rests, when the first of it may be tried. */
  #awaitRelease(): void {
    const next = this.#restraint.nextRelease();
    if (this.#release !== null) clearTimeout(this.#release);
    this.#release = null;
    if (next === null || this.#resting.size === 0) return;
    this.#release = setTimeout(() => {
      for (const netns of this.#resting) this.#dirty()?.whole(netns, null);
      this.#resting.clear();
      this.#heal();
    }, next + 1);
  }

  /** Follows every namespace of the topology that is there. */
  #follow(): void {
    const full = new Set<string>();
    for (const { name, manage } of this.#index?.network.namespaces.values() ?? []) {
      const netns = this.#machine.namespace(name);
      if (netns === null) continue;
      this.#monitor.follow(name, netns);
      const isOurs = name !== SELF && parseOwnerAlias(this.#aliasOfLo(name)) === this.#index?.network.name;
      if ((manage ?? (isOurs ? 'full' : 'owned')) === 'full') full.add(name);
    }
    for (const name of this.#monitor.names())
      if (!this.#index?.network.namespaces.has(name)) this.#monitor.forget(name);
    this.#full = full;
  }

  #aliasOfLo(name: string): string {
    const netns = this.#machine.namespace(name);
    return netns === null ? '' : (readLink(netns, 'lo')?.alias ?? '');
  }
}
