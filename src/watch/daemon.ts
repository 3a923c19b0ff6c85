// The daemon: the topology in force, the kernel's events, and what is mended when. Passes over everything come from
// outside (at the start, on an edit, by the timer); between them it heals by event. Everything it does is synchronous:
// a pass and a heal never overlap.
import { ReconcileError } from '../errors.ts';
import type { Machine } from '../kernel/machine.ts';
import { Monitor, type Told } from '../kernel/monitor.ts';
import { watchNamespaceNames } from '../kernel/netns.ts';
import { RouteMemory } from '../kernel/route-memory.ts';
import { type Applied, extendApplied, NOTHING_APPLIED } from '../reconcile/applied.ts';
import { Locks } from '../reconcile/lock.ts';
import { type ConvergeResult, converge } from '../reconcile/pass.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { causeOf } from './cause.ts';
import { DesiredIndex } from './desired-index.ts';
import { Dirt } from './dirt.ts';
import { editRoutes } from './edit.ts';
import { Following } from './following.ts';
import { heal, type Mended } from './heal.ts';
import { type Notebook, note, noteDifference, noteVanished } from './note.ts';
import { type Fight, Restraint } from './restraint.ts';

/** What a heal came to. */
export interface Healed {
  readonly network: DesiredNetwork;
  readonly outcomes: readonly Mended[];
  /** From the first event to the kernel's last answer, in ms. */
  readonly milliseconds: number;
  /** Items that another writer keeps undoing. */
  readonly fights: readonly Fight[];
}

export interface DaemonOptions {
  readonly machine: Machine;
  readonly onHealed: (healed: Healed) => void;
  /** A heal could not be carried out; it is tried again with all that it was about. */
  readonly onTrouble: (error: ReconcileError) => void;
  /** Something nobody thought of: the watch cannot go on. */
  readonly onFatal: (error: unknown) => void;
  /** An event was taken in. */
  readonly onKernelEvent?: (kind: Told['event']['kind']) => void;
  /** The event loop was woken by events. */
  readonly onWake?: () => void;
  /** Events of a namespace were lost; it is read again. */
  readonly onOverflow?: (netns: string, lost: number) => void;
}

/** How long after a heal that went wrong it is tried again, in ms. */
const TROUBLE_DELAY = 1000;

export class Daemon {
  readonly #options: DaemonOptions;
  readonly #machine: Machine;
  readonly #monitor: Monitor;
  readonly #following: Following;
  readonly #memory = new RouteMemory();
  readonly #restraint = new Restraint(() => performance.now());
  readonly #stopNames: () => void;
  #locks: { readonly topology: string; readonly locks: Locks } | null = null;
  #index: DesiredIndex | null = null;
  #applied: Applied = NOTHING_APPLIED;
  /** The last pass left nothing undone. */
  #isSettled = false;
  #book: (Notebook & { readonly since: number }) | null = null;
  #scheduled: NodeJS.Immediate | null = null;
  #release: NodeJS.Timeout | null = null;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#machine = options.machine;
    this.#monitor = new Monitor({
      onEvent: (told) => this.#note(told),
      onOverflow: (netns, lost) => {
        options.onOverflow?.(netns, lost);
        this.#open()?.dirt.whole(netns, causeOf('events-lost', 'events were lost'));
      },
      onWake: () => {
        options.onWake?.();
        this.#schedule();
      },
    });
    this.#following = new Following(this.#machine, this.#monitor);
    this.#stopNames = watchNamespaceNames(() => {
      this.#noteGone();
      this.#schedule();
    });
  }

  /** One pass over everything; what is given becomes the topology in force. */
  pass(network: DesiredNetwork): ConvergeResult {
    const result = converge(this.#machine, network, {
      adopt: false,
      pruneAll: false,
      locks: this.#locksOf(network),
      memory: this.#memory,
      // Listening begins before the kernel is read, and what was told until then is read: no change falls between.
      onLook: () => {
        this.#noteGone();
        this.#following.follow(network);
        this.#monitor.drain();
        this.#book = null;
      },
    });
    this.#following.follow(network);
    if (network !== this.#index?.network) {
      this.#index = new DesiredIndex(network);
      this.#restraint.clear();
    }
    this.#applied = result.applied;
    this.#isSettled = result.ignored === 0 && result.outcomes.every(({ outcome }) => outcome === 'done');
    this.#restraint.forget();
    this.#restraint.judge(result.outcomes.filter(({ outcome }) => outcome === 'failed'));
    this.#schedule();
    this.#awaitRelease();
    return result;
  }

  /** What is given becomes the topology in force: by what it changes alone, where that is sure to be all there is to do. */
  edit(network: DesiredNetwork): ConvergeResult {
    this.#noteGone();
    this.#monitor.drain();
    const index = this.#index;
    const isCalm = this.#isSettled && !this.#restraint.isResting && (this.#book?.dirt.isEmpty ?? true);
    if (index === null || !isCalm) return this.pass(network);
    const linksOf = (netns: string) => this.#monitor.links(netns);
    const edited = editRoutes(this.#machine, index.network, network, { applied: this.#applied, linksOf });
    if (edited === null) return this.pass(network);
    if (!edited.isAll) {
      const rest = this.pass(network);
      const done = edited.outcomes.filter(({ outcome }) => outcome === 'done');
      return { ...rest, outcomes: [...done, ...rest.outcomes] };
    }
    this.#book = null;
    this.#index = new DesiredIndex(network);
    this.#applied = edited.applied;
    return edited;
  }

  /** Stops following; the network stays as it is. */
  close(): void {
    this.#stopNames();
    this.#monitor.close();
    this.#locks?.locks.release();
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    if (this.#release !== null) clearTimeout(this.#release);
  }

  #locksOf({ name }: DesiredNetwork): Locks {
    if (this.#locks?.topology !== name) {
      this.#locks?.locks.release();
      this.#locks = { topology: name, locks: new Locks(this.#machine, name, 'watch') };
    }
    return this.#locks.locks;
  }

  #note(told: Told): void {
    this.#options.onKernelEvent?.(told.event.kind);
    const { kind } = told.event;
    if ((kind === 'link' || kind === 'address') && !told.event.gone) this.#restraint.release(told.netns);
    const book = this.#open();
    if (book !== null) note(book, told);
  }

  #open(): Notebook | null {
    const index = this.#index;
    if (index === null) return null;
    this.#book ??= {
      index,
      dirt: new Dirt(),
      isFull: (netns) => this.#following.isFull(netns),
      since: performance.now(),
    };
    return this.#book;
  }

  /** Names came, went or changed hands: sockets of the dead are let go at once, for they would keep them alive. */
  #noteGone(): void {
    for (const name of this.#machine.refresh()) {
      this.#following.forget(name);
      const book = this.#open();
      if (book !== null) noteVanished(book, name);
    }
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = null;
      try {
        this.#heal();
      } catch (error) {
        this.#options.onFatal(error);
      }
    });
  }

  #heal(): void {
    const due = this.#restraint.due();
    const opened = due.length > 0 ? this.#open() : this.#book;
    const book = this.#book;
    this.#book = null;
    if (opened === null || book === null) return;
    for (const difference of due) noteDifference(book, difference);
    // What has come since in the same places is mended with it.
    this.#book = book;
    this.#monitor.drain([...book.dirt.entries().keys()]);
    this.#book = null;
    if (!book.dirt.isEmpty) this.#mend(book);
    this.#awaitRelease();
  }

  #mend({ index, dirt, since }: Notebook & { readonly since: number }): void {
    const holds = this.#restraint.holds.bind(this.#restraint);
    let outcomes: readonly Mended[];
    try {
      outcomes = heal(this.#machine, index, dirt, {
        applied: this.#applied,
        holds,
        linksOf: (netns) => this.#monitor.links(netns),
      });
      this.#following.follow(index.network);
    } catch (error) {
      if (!(error instanceof ReconcileError)) throw error;
      this.#options.onTrouble(error);
      setTimeout(() => {
        for (const netns of dirt.entries().keys()) this.#open()?.dirt.whole(netns, null);
        this.#schedule();
      }, TROUBLE_DELAY).unref();
      return;
    }
    if (outcomes.length === 0) return;
    if (outcomes.some(({ outcome }) => outcome !== 'done')) this.#isSettled = false;
    this.#applied = extendApplied(this.#applied, outcomes, index.network.protocol);
    const fights = this.#restraint.judge(outcomes);
    const milliseconds = performance.now() - since;
    this.#options.onHealed({ network: index.network, outcomes, milliseconds, fights });
  }

  /** Looks again at what rests, when the first of it may be tried. */
  #awaitRelease(): void {
    const next = this.#restraint.nextRelease();
    if (this.#release !== null) clearTimeout(this.#release);
    this.#release = next === null ? null : setTimeout(() => this.#schedule(), next + 1);
  }
}
