// A watch in a process of its own, as a user runs it: its log read line by line, its metrics, memory and descriptors.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface LogLine {
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Options of Node for the watch, for a profile of it. */
const nodeOptions: readonly string[] = process.env.WATCH_NODE_OPTIONS?.split(' ') ?? [];

export class Watched {
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly #ended: Promise<number | null>;
  #hasEnded = false;

  /** Starts `watch` with arguments; `cli` is the built dist/cli.js. */
  constructor(cli: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.#child = spawn(process.execPath, [...nodeOptions, cli, 'watch', '--log', 'json', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env,
    });
    createInterface({ input: this.#child.stderr! }).on('line', (line) => {
      this.lines.push(line.startsWith('{') ? JSON.parse(line) : { event: 'unreadable', message: line });
      for (const check of this.#waiting) check();
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.#hasEnded = true;
        for (const check of this.#waiting) check();
        resolve(code);
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The first line from `from` on that fits; rejects when there is none in time, or the watch ends. */
  async line(fits: (line: LogLine) => boolean, from = 0, timeoutMs = 30_000): Promise<LogLine> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        act();
      };
      const check = (): void => {
        const found = this.lines.slice(from).find(fits);
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#hasEnded) settle(() => reject(new Error(`the watch ended:\n${this.tail()}`)));
      };
      const timer = setTimeout(
        () => settle(() => reject(new Error(`no such line in the log:\n${this.tail()}`))),
        timeoutMs,
      );
      this.#waiting.add(check);
      check();
    });
  }

  /** Waits until the first pass is done. */
  async started(timeoutMs = 60_000): Promise<LogLine> {
    return this.line(({ event, occasion }) => event === 'converged' && occasion === 'start', 0, timeoutMs);
  }

  /** Resident memory, in MB. */
  rss(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]) / 1024;
  }

  /** What its main thread has run so far, in ms of processor time. */
  busy(): number {
    return Number(readFileSync(`/proc/${this.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Asks it to stop; its exit status. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    return this.#ended;
  }

  /** Its exit status, when it ends by itself. */
  async end(): Promise<number | null> {
    return this.#ended;
  }

  /** The last messages of the log. */
  tail(): string {
    return this.lines
      .slice(-10)
      .map(({ message }) => message)
      .join('\n');
  }
}
