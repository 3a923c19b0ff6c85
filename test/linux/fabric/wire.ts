// What leaves a host, as tcpdump(8) prints it, and packets of a size of one's own, as ping(8) sends them.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';

const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
/** Milliseconds; a slow machine says how much slower it is. */
const PATIENCE = 10_000 * Number(process.env.TEST_TIME_FACTOR ?? 1);

/** The packets on a link of a namespace from now on, one a line. */
export class Capture {
  readonly #tcpdump: ChildProcess;
  #lines = '';

  private constructor(tcpdump: ChildProcess) {
    this.#tcpdump = tcpdump;
    tcpdump.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#lines += text;
    });
  }

  static async start(netns: string, dev: string, ...filter: readonly string[]): Promise<Capture> {
    const flags = ['-Z', 'root', '--immediate-mode', '-l', '-v', '-nn', '-i', dev, ...filter];
    const tcpdump = spawn('ip', ['netns', 'exec', netns, 'tcpdump', ...flags], { env });
    const capture = new Capture(tcpdump);
    let said = '';
    tcpdump.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await expect.poll(() => said, { timeout: PATIENCE }).toContain('listening on');
    return capture;
  }

  /** Waits until what was seen matches. */
  async sees(pattern: RegExp): Promise<void> {
    await expect.poll(() => this.#lines, { timeout: PATIENCE }).toMatch(pattern);
  }

  get text(): string {
    return this.#lines;
  }

  async stop(): Promise<void> {
    this.#tcpdump.kill();
    await once(this.#tcpdump, 'exit');
  }
}

/** Whether one packet of a whole size in bytes, IP header included, gets there and back, and may not be fragmented. */
export function passesWhole(netns: string, to: string, size: number): boolean {
  const header = to.includes(':') ? 48 : 28;
  const args = ['-n', '-c', '1', '-W', '5', '-M', 'do', '-s', String(size - header), to];
  return spawnSync('ip', ['netns', 'exec', netns, 'ping', ...args], { env }).status === 0;
}
