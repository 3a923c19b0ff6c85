// When to run a pass: at the start, when the topology's files change, on demand, and by a timer. What a pass does
// is given from outside. A topology that cannot be read changes nothing: the last good one stays in force.
import { type FSWatcher, watch as watchFiles } from 'chokidar';

export interface WatchOptions {
  /** Files and directories; `-` is read once and not watched. */
  readonly paths: readonly string[];
  /** Seconds between passes that nothing asked for; each interval varies by a tenth. */
  readonly resyncSeconds: number;
  /** One pass, saying why it runs; it reports its own failures, and throws only where watching makes no sense. */
  readonly pass: (reason: string) => void;
  /** Told when files cannot be watched; the timer still reads them. */
  readonly onError: (error: unknown) => void;
  /** Stops at the next clean point: between passes. */
  readonly signal: AbortSignal;
  /** Called once with a function that asks for a pass. */
  readonly onReady: (wake: (reason: string) => void) => void;
}

/** How long files must be quiet before they are read, in milliseconds. */
const QUIET_MS = 100;

/** Runs passes until the signal aborts; rejects where the first pass throws. */
export async function watch(options: WatchOptions): Promise<void> {
  const { pass, signal, resyncSeconds } = options;
  const alarm = new Alarm();
  const files = watchPaths(options.paths, (path) => alarm.ring(`${path} changed`, QUIET_MS));
  files.on('error', options.onError);
  signal.addEventListener('abort', () => alarm.ring('stop', 0), { once: true });
  try {
    pass('start');
    options.onReady((reason) => alarm.ring(reason, 0));
    while (!signal.aborted) {
      const reason = await alarm.wait(resyncSeconds * 1000 * (0.9 + Math.random() * 0.2));
      if (!signal.aborted) pass(reason ?? 'resync');
    }
  } finally {
    alarm.stop();
    await files.close();
  }
}

/** Wakes one waiter: by a ring, put off by each further ring until all is quiet, or when the wait is over. */
class Alarm {
  #reason: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #wake: (() => void) | null = null;

  ring(reason: string, delayMs: number): void {
    this.#reason ??= reason;
    this.#after(delayMs);
  }

  /** The first reason rung since the last wait; null where nobody rang in time. */
  async wait(timeoutMs: number): Promise<string | null> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#reason === null) this.#after(timeoutMs);
      else this.#after(QUIET_MS);
    });
    this.#wake = null;
    const reason = this.#reason;
    this.#reason = null;
    return reason;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #after(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#wake?.(), ms);
  }
}

/** Reports every change of the files, and of YAML files in the directories (not below them). */
function watchPaths(paths: readonly string[], changed: (path: string) => void): FSWatcher {
  const watched = paths.filter((path) => path !== '-');
  const watcher = watchFiles([...watched], {
    ignoreInitial: true,
    depth: 0,
    ignored: (path, stats) => stats?.isFile() === true && !watched.includes(path) && !/\.ya?ml$/.test(path),
  });
  return watcher.on('all', (_event, path) => changed(path));
}
