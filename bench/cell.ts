// A cell: a network namespace of one contestant's own, with a device `d0` that routes leave by. What one contestant
// leaves behind is in nobody's way, so that rounds can be interleaved.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, findProgram, type Sample } from './bench.ts';

export const DEVICE = 'd0';

/** A program that stays; ended by `end`. */
export interface Resident {
  readonly pid: number;
  /** Rejects when it does not say `ready`, the floor's word, in time. */
  readonly ready: Promise<void>;
  /** What it said last; resolves at its end. */
  readonly lastLine: Promise<string>;
  end(): Promise<void>;
}

export class Cell {
  readonly #bench: Bench;
  readonly #keeper: ChildProcess;

  private constructor(bench: Bench, keeper: ChildProcess) {
    this.#bench = bench;
    this.#keeper = keeper;
  }

  static async open(bench: Bench): Promise<Cell> {
    const keeper = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
    const own = readlinkSync('/proc/self/ns/net');
    for (let tries = 0; readNetns(keeper.pid!) === own; tries++) {
      if (tries === 500) throw new Error('unshare makes no network namespace');
      await sleep(2);
    }
    const cell = new Cell(bench, keeper);
    cell.floor('make-device', DEVICE);
    return cell;
  }

  /** Takes the device away, and with it every route, and makes it anew. */
  clear(): void {
    this.floor('remove-device', DEVICE);
    this.floor('make-device', DEVICE);
  }

  /** Runs a verb of the floor that is no contestant; its output. */
  floor(...args: readonly string[]): string {
    const { status, stdout, stderr } = this.#spawn([this.#bench.floor, ...args]);
    if (status !== 0) throw new Error(`floor ${args.join(' ')}: ${stderr.trim() || `status ${status}`}`);
    return stdout;
  }

  /** Runs a program by the stopwatch; throws its last words where it ends otherwise than with status 0. */
  run(program: string, ...args: readonly string[]): Sample {
    const output = join(this.#bench.directory, 'output');
    const { stdout, stderr } = this.#spawn([this.#bench.floor, 'run', output, program, ...args]);
    const { status, ...sample } = JSON.parse(stdout || '{"status":-1}') as Sample & {
      readonly status: number;
    };
    if (status !== 0) {
      const words = readFileSync(output, 'utf8').trim().slice(-300);
      throw new Error(`${program.split('/').pop()} ${args[0] ?? ''}: status ${status}: ${stderr}${words}`);
    }
    return sample;
  }

  /** Starts a program that stays. */
  start(...command: readonly string[]): Resident {
    const child = spawn('nsenter', this.#enter(command), { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (status) => reject(new Error(`${command[0]} ended with status ${status}`)));
    });
    ready.catch(() => {});
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-1000);
    });
    return {
      pid: child.pid!,
      ready,
      lastLine: ended.then(() => said.trim().split('\n').pop() ?? ''),
      end: () => {
        child.kill('SIGTERM');
        return ended;
      },
    };
  }

  /** How many routes the main table holds, counted by the kernel. */
  countRoutes(): number {
    const text = readFileSync(`/proc/${this.#keeper.pid}/net/fib_triestat`, 'utf8');
    return Number(/^Main:[\s\S]*?Prefixes:\s*(\d+)/m.exec(text)?.[1] ?? 0);
  }

  close(): void {
    this.#keeper.kill('SIGKILL');
  }

  #spawn(command: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync('nsenter', this.#enter(command), { encoding: 'utf8', maxBuffer: 2 ** 28 });
  }

  #enter(command: readonly string[]): string[] {
    return [`--net=/proc/${this.#keeper.pid}/ns/net`, '--', ...command];
  }
}

/** `ip` in its cell, where it is installed. */
export function findIp(): string | null {
  return findProgram('ip');
}

function readNetns(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    throw new Error('unshare, of util-linux, ended at once');
  }
}
