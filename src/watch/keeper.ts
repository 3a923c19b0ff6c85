// What a pass of `watch` does: read the topology where it may have changed, converge, and hold on to the last good one.
// A topology that is invalid, or that the prune guard stops, changes nothing: the one in force stays.
import { ReconcileError } from '../errors.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import type { DesiredNetwork } from '../state/network.ts';
import type { Occasion } from './watch.ts';

export type WatchEvent =
  | {
      readonly kind: 'converged';
      readonly occasion: Occasion;
      readonly network: DesiredNetwork;
      readonly result: ConvergeResult;
      readonly milliseconds: number;
    }
  /** The topology could not be read or applied. */
  | { readonly kind: 'refused'; readonly occasion: Occasion; readonly error: ReconcileError };

export interface KeeperOptions {
  /** Reads the topology; throws where it is not valid. */
  readonly load: () => DesiredNetwork;
  readonly converge: (network: DesiredNetwork, occasion: Occasion) => ConvergeResult;
  readonly onEvent: (event: WatchEvent) => void;
}

export class Keeper {
  readonly #options: KeeperOptions;
  #inForce: DesiredNetwork | null = null;
  /** Read and valid, but not applied yet: the next pass tries again. */
  #next: { readonly network: DesiredNetwork; readonly occasion: Occasion } | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** One pass. The first throws what goes wrong; later ones report it and go on with the topology in force. */
  pass(occasion: Occasion): void {
    const { load } = this.#options;
    if (this.#inForce === null) {
      this.#inForce = this.#converge(load(), occasion);
      return;
    }
    if (occasion.kind !== 'resync') {
      this.#next = null;
      const network = this.#attempt(occasion, load);
      if (network === null) return;
      this.#next = { network, occasion };
    }
    const next = this.#next;
    if (next !== null) {
      const applied = this.#attempt(occasion, () => this.#converge(next.network, next.occasion));
      if (applied !== null) {
        this.#inForce = applied;
        this.#next = null;
        return;
      }
    }
    const inForce = this.#inForce;
    this.#attempt(occasion, () => this.#converge(inForce, { kind: 'resync', reason: 'resync' }));
  }

  #converge(network: DesiredNetwork, occasion: Occasion): DesiredNetwork {
    const { converge, onEvent } = this.#options;
    const began = performance.now();
    const result = converge(network, occasion);
    onEvent({ kind: 'converged', occasion, network, result, milliseconds: performance.now() - began });
    return network;
  }

  #attempt(occasion: Occasion, run: () => DesiredNetwork): DesiredNetwork | null {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ReconcileError)) throw error;
      this.#options.onEvent({ kind: 'refused', occasion, error });
      return null;
    }
  }
}
