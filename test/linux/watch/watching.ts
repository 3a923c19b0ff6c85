// A watch inside the test's own process, over a topology given as text; and ways to wait for what it does.
import { vi } from 'vitest';
import type { ReconcileError } from '../../../src/errors.ts';
import { Machine } from '../../../src/kernel/machine.ts';
import { inspect } from '../../../src/reconcile/pass.ts';
import type { DesiredNetwork } from '../../../src/state/network.ts';
import { Daemon, type Healed } from '../../../src/watch/daemon.ts';
import type { Mended } from '../../../src/watch/heal.ts';
import { desire, found, told } from '../semantics/pass.ts';

export class Watching {
  readonly machine = Machine.open();
  readonly healed: Healed[] = [];
  readonly troubles: ReconcileError[] = [];
  readonly fatal: unknown[] = [];
  readonly overflows: string[] = [];
  wakes = 0;
  #network: DesiredNetwork;
  readonly #daemon: Daemon;

  /** Converges, and from then on heals by event. */
  constructor(text: string) {
    this.#network = desire(text);
    this.#daemon = new Daemon({
      machine: this.machine,
      onHealed: (healed) => this.healed.push(healed),
      onTrouble: (error) => this.troubles.push(error),
      onFatal: (error) => this.fatal.push(error),
      onWake: () => this.wakes++,
      onOverflow: (netns) => this.overflows.push(netns),
    });
    this.#daemon.pass(this.#network);
  }

  /** What was mended or failed so far. */
  get outcomes(): readonly Mended[] {
    return this.healed.flatMap(({ outcomes }) => outcomes);
  }

  /** The same as short lines. */
  get told(): string[] {
    return told(this.outcomes);
  }

  /** A pass over everything, with another topology where one is given. */
  pass(text?: string): string[] {
    if (text !== undefined) this.#network = desire(text);
    return told(this.#daemon.pass(this.#network).outcomes);
  }

  /** An edit of the topology: what became of it, and how many whole passes it took. */
  edit(text: string): { readonly told: string[]; readonly passes: number } {
    this.#network = desire(text);
    const passes = vi.spyOn(this.#daemon, 'pass');
    try {
      const { outcomes } = this.#daemon.edit(this.#network);
      return { told: told(outcomes), passes: passes.mock.calls.length };
    } finally {
      passes.mockRestore();
    }
  }

  /** What differs now, read anew. */
  differences(): string[] {
    const machine = Machine.open();
    try {
      return found(inspect(machine, this.#network, { adopt: false }).differences);
    } finally {
      machine.close();
    }
  }

  /** Waits until something was mended and nothing differs. */
  async inSync(): Promise<void> {
    const before = this.healed.length;
    await vi.waitFor(
      () => {
        if (this.fatal.length > 0) throw this.fatal[0];
        const differences = this.differences();
        if (this.healed.length === before && differences.length === 0) throw new Error('nothing was mended');
        if (differences.length > 0) throw new Error(differences.join('\n'));
      },
      { timeout: 10_000, interval: 10 },
    );
  }

  /** Waits until no event has come for so long, in ms. */
  async quiet(pause = 200): Promise<void> {
    let before: number;
    do {
      before = this.wakes;
      await new Promise((resolve) => setTimeout(resolve, pause));
    } while (before !== this.wakes);
  }

  close(): void {
    this.#daemon.close();
    this.machine.close();
  }
}
