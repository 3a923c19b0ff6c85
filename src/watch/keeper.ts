// What a pass of `watch` does: read the topology, converge, and hold on to the last good one. A topology that is
// invalid, or that the prune guard stops, changes nothing: the one in force is converged instead.
import { ReconcileError } from '../errors.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import type { DesiredNetwork } from '../state/network.ts';

export type WatchEvent =
  | {
      readonly kind: 'converged';
      readonly reason: string;
      readonly network: DesiredNetwork;
      readonly result: ConvergeResult;
    }
  /** The topology could not be read or applied. */
  | { readonly kind: 'refused'; readonly reason: string; readonly error: ReconcileError };

export interface KeeperOptions {
  /** Reads the topology; throws where it is not valid. */
  readonly load: () => DesiredNetwork;
  readonly converge: (network: DesiredNetwork) => ConvergeResult;
  readonly onEvent: (event: WatchEvent) => void;
}

export class Keeper {
  readonly #options: KeeperOptions;
  #inForce: DesiredNetwork | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** One pass. The first throws what goes wrong; later ones report it and go on with the topology in force. */
  pass(reason: string): void {
    const inForce = this.#inForce;
    if (inForce === null) {
      this.#inForce = this.#converge(this.#options.load(), reason);
      return;
    }
    const fresh = this.#attempt(reason, () => this.#converge(this.#options.load(), reason));
    if (fresh !== null) this.#inForce = fresh;
    else this.#attempt(reason, () => this.#converge(inForce, 'resync'));
  }

  #converge(network: DesiredNetwork, reason: string): DesiredNetwork {
    const { converge, onEvent } = this.#options;
    const result = converge(network);
    onEvent({ kind: 'converged', reason, network, result });
    return network;
  }

  #attempt(reason: string, run: () => DesiredNetwork): DesiredNetwork | null {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof ReconcileError)) throw error;
      this.#options.onEvent({ kind: 'refused', reason, error });
      return null;
    }
  }
}
