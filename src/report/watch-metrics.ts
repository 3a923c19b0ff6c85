// What `watch` counts, and whether it is well: the metrics of docs/watch.md.
import { readdirSync } from 'node:fs';
import type { Outcome } from '../reconcile/difference.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import { type BgpSpeaker, ESTABLISHED, type ObservedBgp } from '../state/bgp.ts';
import { formatMetrics, Histogram, Numbers } from './prometheus.ts';

const PREFIX = 'calico_reconcile_';
/** Seconds. */
const HEAL_BOUNDS = [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];
const PASS_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** What became of a difference between passes, and why it came to be. */
export interface HealedOutcome extends Outcome {
  readonly causeCode: string;
}

export class WatchMetrics {
  readonly #differences = counter('differences_total', 'Differences found, by kind and class.');
  readonly #undone = gauge(
    'undone',
    'Items that are not as the topology has them, by kind and what became of them.',
  );
  readonly #heals = counter('heals_total', 'Items mended between passes, by kind and by cause.');
  readonly #healTime = new Histogram(
    `${PREFIX}time_to_heal_seconds`,
    "From the kernel's event to its answer to the mending, by kind.",
    HEAL_BOUNDS,
  );
  readonly #fights = counter(
    'fights_total',
    'How often an item was left alone because another writer keeps undoing it.',
  );
  readonly #passTime = new Histogram(
    `${PREFIX}pass_duration_seconds`,
    'Passes over everything, by occasion.',
    PASS_BOUNDS,
  );
  readonly #items = gauge('items', 'Items that the topology in force wants.');
  readonly #valid = gauge(
    'config_valid',
    'Whether the files as they are were read and applied (1) or refused (0).',
  );
  readonly #generation = counter('config_generation', 'Topologies that came into force since the start.');
  readonly #success = gauge('last_success_timestamp_seconds', 'When a pass last left nothing undone.');
  readonly #lastPass = gauge('last_pass_timestamp_seconds', 'When a pass last ended.');
  readonly #events = counter('kernel_events_total', 'Events of the kernel that were taken in, by kind.');
  readonly #wakes = counter('wakeups_total', 'How often events woke the watch.');
  readonly #overflows = counter(
    'event_overflows_total',
    'How often events were lost and a namespace was read again.',
  );
  readonly #drops = counter(
    'events_dropped_total',
    'Events that the kernel dropped because too many came at once.',
  );
  readonly #troubles = counter('troubles_total', 'Passes and heals that were cut short by an error.');
  readonly #memory = gauge('resident_memory_bytes', 'Memory of the process that is not swapped out.');
  readonly #descriptors = gauge('open_fds', 'Open file descriptors.');
  readonly #sessions = gauge('bgp_session_up', 'Whether a BGP session is established, by host and peer.');
  readonly #received = gauge('bgp_routes_received', 'Routes that a BGP session brings, by host and peer.');
  #readAt: number | null = null;
  #onRead: () => void = () => {};

  constructor() {
    for (const numbers of [
      this.#fights,
      this.#generation,
      this.#overflows,
      this.#drops,
      this.#troubles,
      this.#wakes,
    ])
      numbers.add({}, 0);
    this.#valid.set(1);
  }

  /** A pass ended. */
  converged(
    kind: 'start' | 'edit' | 'reload' | 'resync',
    result: ConvergeResult,
    milliseconds: number,
  ): void {
    const now = Date.now() / 1000;
    this.#readAt = now;
    this.#passTime.observe(milliseconds / 1000, { occasion: kind });
    this.#items.set(result.items);
    this.#undone.clear();
    let undone = 0;
    for (const { difference, outcome } of result.outcomes) {
      this.#differences.add({ kind: difference.kind, class: difference.class });
      if (outcome === 'done') continue;
      undone++;
      this.#undone.add({ kind: difference.kind, outcome: difference.conflict ? 'conflict' : outcome });
    }
    this.#lastPass.set(now);
    if (undone === 0) this.#success.set(now);
    if (kind === 'resync') return;
    this.#valid.set(1);
    this.#generation.add();
  }

  /** The files, or the topology they hold, were refused. */
  refused(): void {
    this.#valid.set(0);
  }

  /** A heal ended; `milliseconds` since its first event. */
  healed(outcomes: readonly HealedOutcome[], milliseconds: number, fights: number): void {
    for (const { difference, outcome, causeCode } of outcomes) {
      this.#differences.add({ kind: difference.kind, class: difference.class });
      if (outcome !== 'done') continue;
      this.#heals.add({ kind: difference.kind, cause: causeCode });
      this.#healTime.observe(milliseconds / 1000, { kind: difference.kind });
    }
    if (fights > 0) this.#fights.add({}, fights);
  }

  kernelEvent(kind: string): void {
    this.#events.add({ kind });
  }

  wake(): void {
    this.#wakes.add();
  }

  overflow(lost: number): void {
    this.#overflows.add();
    this.#drops.add({}, lost);
  }

  trouble(): void {
    this.#troubles.add();
  }

  /** Has a function called before everything is told: what must be asked for is asked for then. */
  onRead(act: () => void): void {
    this.#onRead = act;
  }

  /** What the BGP daemons say of the sessions that are wanted. */
  bgp(speakers: readonly BgpSpeaker[], observed: ReadonlyMap<string, ObservedBgp>): void {
    this.#sessions.clear();
    this.#received.clear();
    for (const { host, peers } of speakers) {
      for (const peer of peers) {
        const session = observed.get(host)?.sessions?.find((one) => one.peer === peer.name);
        this.#sessions.set(session?.state === ESTABLISHED ? 1 : 0, { host, peer: peer.name });
        this.#received.set(session?.received ?? 0, { host, peer: peer.name });
      }
    }
  }

  /** When a pass last ended, in seconds since 1970; null before the first. */
  get lastPass(): number | null {
    return this.#readAt;
  }

  /** Everything, as Prometheus reads it. */
  format(): string {
    this.#onRead();
    this.#memory.set(process.memoryUsage.rss());
    this.#descriptors.set(readdirSync('/proc/self/fd').length);
    return formatMetrics([
      this.#differences,
      this.#undone,
      this.#heals,
      this.#healTime,
      this.#fights,
      this.#passTime,
      this.#items,
      this.#valid,
      this.#generation,
      this.#success,
      this.#lastPass,
      this.#events,
      this.#wakes,
      this.#overflows,
      this.#drops,
      this.#troubles,
      this.#sessions,
      this.#received,
      this.#memory,
      this.#descriptors,
    ]);
  }
}

function counter(name: string, help: string): Numbers {
  return new Numbers('counter', `${PREFIX}${name}`, help);
}

function gauge(name: string, help: string): Numbers {
  return new Numbers('gauge', `${PREFIX}${name}`, help);
}
