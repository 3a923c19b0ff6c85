// Supervision by systemd: says when the watch is ready, when it reads its files again and when it stops, and shows at
// half the watchdog's time that the event loop turns.
import { Notifier } from '../kernel/notify.ts';

export class Supervision {
  readonly #notifier: Notifier;
  #timer: NodeJS.Timeout | null = null;

  /** Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
  constructor(env: NodeJS.ProcessEnv) {
    this.#notifier = new Notifier(env.NOTIFY_SOCKET);
    const period = watchdogPeriod(env);
    if (period === null) return;
    this.#timer = setInterval(() => this.#notifier.send('WATCHDOG=1'), period / 2);
    this.#timer.unref();
  }

  /** The first pass is done, or a reload is; `status` is what `systemctl status` shows. */
  ready(status: string): void {
    this.#notifier.send('READY=1', `STATUS=${status}`);
  }

  status(status: string): void {
    this.#notifier.send(`STATUS=${status}`);
  }

  /** The files are read again; `ready` ends that. */
  reloading(): void {
    this.#notifier.send('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  }

  stopping(): void {
    this.#notifier.send('STOPPING=1');
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#notifier.close();
  }
}

/** In milliseconds; null where no watchdog waits for this process. */
function watchdogPeriod({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | null {
  const period = Number(WATCHDOG_USEC) / 1000;
  if (!(period > 0) || (WATCHDOG_PID !== undefined && Number(WATCHDOG_PID) !== process.pid)) return null;
  return period;
}
