// When to run a pass: at the start, when the topology's files have changed, on demand, and by a timer. What a pass does
// is given from outside.
import { TopologyFiles, type TopologyFilesOptions } from './topology-files.ts';

/** Why a pass runs, and whether it reads the files again. */
export interface Occasion {
  /** `start`, `resync`, `SIGHUP`, or `PATH changed`. */
  readonly reason: string;
  readonly kind: 'start' | 'edit' | 'reload' | 'resync';
}

export interface WatchOptions extends Pick<TopologyFilesOptions, 'paths' | 'onHeld' | 'onError'> {
  /** Seconds between passes that nothing asked for; each interval varies by a tenth. */
  readonly resyncSeconds: number;
  /** One pass; it reports its own failures, and throws only where watching makes no sense. */
  readonly pass: (occasion: Occasion) => void;
  /** Stops at the next clean point: between passes. */
  readonly signal: AbortSignal;
  /** Called once, after the first pass, with a function that asks for the files to be read again. */
  readonly onReady: (reload: (reason: string) => void) => void;
}

/** Runs passes until the signal aborts; rejects where a pass throws. */
export async function watch(options: WatchOptions): Promise<void> {
  const { pass, signal, resyncSeconds, paths, onHeld, onError } = options;
  const bell = new Bell();
  const onChange = (path: string): void => bell.ring({ kind: 'edit', reason: `${path} changed` });
  const files = new TopologyFiles({ paths, onChange, onHeld, onError });
  const onStop = (): void => bell.ring(null);
  signal.addEventListener('abort', onStop, { once: true });
  try {
    pass({ kind: 'start', reason: 'start' });
    options.onReady((reason) => bell.ring({ kind: 'reload', reason }));
    while (!signal.aborted) {
      const rung = await bell.wait(resyncSeconds * 1000 * (0.9 + Math.random() * 0.2));
      if (signal.aborted) return;
      if (rung?.kind === 'reload') files.markRead();
      pass(rung ?? { kind: 'resync', reason: 'resync' });
      // A file system that tells nothing is looked at by the timer.
      if (rung === null) files.look();
    }
  } finally {
    signal.removeEventListener('abort', onStop);
    await files.close();
  }
}

/** Wakes one waiter when it is rung, or when its time is over. */
class Bell {
  readonly #rung: Array<Occasion | null> = [];
  #wake: (() => void) | null = null;

  ring(occasion: Occasion | null): void {
    this.#rung.push(occasion);
    this.#wake?.();
  }

  /** What it was first rung for since the last wait, all taken as one; null where nobody rang in time. */
  async wait(timeoutMs: number): Promise<Occasion | null> {
    if (this.#rung.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = null;
    return this.#rung.splice(0)[0] ?? null;
  }
}
