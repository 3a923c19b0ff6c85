// What every work of the benchmark needs: how thorough to be, where files go, the floor built on the spot, and programs
// run with a stopwatch.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's folder, from bench/dist/bench/. */
const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface BenchOptions {
  readonly quick: boolean;
  /** The works to do, by id; null: all. */
  readonly only: ReadonlySet<string> | null;
}

export interface Bench extends BenchOptions {
  readonly rounds: number;
  /** For generated files; gone at the end. */
  readonly directory: string;
  /** The program of bench/floor. */
  readonly floor: string;
  /** This tool, as arguments of Node. */
  readonly tool: readonly [node: string, cli: string];
  /** An example that W7 starts with. */
  readonly example: string;
}

/** What a program took. */
export interface Sample {
  readonly ms: number;
  readonly userMs: number;
  readonly systemMs: number;
  readonly rssKb: number;
}

export async function withBench(options: BenchOptions, run: (bench: Bench) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-bench-'));
  try {
    await run({
      ...options,
      rounds: options.quick ? 3 : 5,
      directory,
      floor: buildFloor(directory),
      tool: [process.execPath, join(root, 'dist/cli.js')],
      example: join(root, 'topologies/two-hosts.yaml'),
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Where a program stands in PATH or among the programs of root; null where it is not installed. */
export function findProgram(name: string): string | null {
  const path = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  const folder = path.split(delimiter).find((at) => at !== '' && existsSync(join(at, name)));
  return folder === undefined ? null : join(folder, name);
}

/** Runs a program to its end; throws its words where it fails. */
export function runOrThrow(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ').slice(0, 200)}: status ${status}\n${stderr}`);
  return stdout;
}

function buildFloor(directory: string): string {
  const compiler = findProgram('cc');
  if (compiler === null) throw new Error('the floor needs a C compiler, cc');
  const sources = join(root, 'bench/floor');
  const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
  const floor = join(directory, 'floor');
  runOrThrow(compiler, ['-O2', '-o', floor, ...files.map((name) => join(sources, name))]);
  return floor;
}
