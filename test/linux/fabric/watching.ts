// A watch of the built program, as a process of its own in the machine of the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** The built program. */
export const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
/** Milliseconds; a slow machine says how much slower it is. */
export const PATIENCE = 20_000 * Number(process.env.TEST_TIME_FACTOR ?? 1);

export class Watching {
  readonly #child: ChildProcess;
  #log = '';

  /** Begins to watch a file: on the machine of the test, or in a namespace that stands for another, with a /run of its own. */
  constructor(args: readonly string[], netns: string | null = null) {
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
    const ownRun = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      'mount -t tmpfs run /run && exec "$@"',
      'sh',
    ];
    const inside = netns === null ? [] : ['nsenter', `--net=/run/netns/${netns}`, ...ownRun];
    const [program, ...words] = [...inside, process.execPath, cli, 'watch', ...args];
    this.#child = spawn(program!, words, { stdio: ['ignore', 'ignore', 'pipe'], env });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
  }

  /** Its process, by which one enters the /run it has. */
  get pid(): number {
    return this.#child.pid!;
  }

  get log(): string {
    return this.#log;
  }

  async says(pattern: RegExp): Promise<void> {
    await expect.poll(() => this.#log, { timeout: PATIENCE }).toMatch(pattern);
  }

  /** Has it read its files again. */
  reload(): void {
    this.#child.kill('SIGHUP');
  }

  /** Ends it; its exit status. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    const [status] = (await ended) as [number | null];
    return status;
  }
}

/** The directories of the BIRDs of a topology, below its run directory. */
export function birdDirectories(topology: string): string[] {
  const root = `/run/calico-reconcile/${topology}`;
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((cookie) =>
    readdirSync(join(root, cookie))
      .filter((name) => name.startsWith('bird.'))
      .map((name) => join(root, cookie, name)),
  );
}
