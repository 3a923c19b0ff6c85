// A watch with nothing to do: what it wakes for, counted by strace, and the memory it holds.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FabricSize, writeFabric } from './fabric.ts';
import { Watched } from './watched.ts';

export interface IdleResult {
  readonly seconds: number;
  /** System calls by name. */
  readonly calls: Readonly<Record<string, number>>;
  /** MB. */
  readonly rss: number;
  readonly descriptors: number;
}

/** Counts the system calls of an idle watch; `resync` seconds between its own passes. */
export async function idle(
  cli: string,
  directory: string,
  size: FabricSize,
  seconds: number,
  resync: number,
): Promise<IdleResult> {
  // What strace writes is out of sight of the watch, which looks when something happens near its files.
  const aside = mkdtempSync(join(tmpdir(), 'strace-'));
  const fabric = writeFabric(directory, size);
  const watched = new Watched(cli, ['--resync', String(resync), fabric.file]);
  try {
    await watched.started();
    await sleep(3000);
    const output = join(aside, 'summary');
    const strace = spawn('strace', ['-f', '-c', '-o', output, '-p', String(watched.pid)], {
      stdio: 'ignore',
    });
    await sleep(seconds * 1000);
    strace.kill('SIGINT');
    await new Promise((resolve) => strace.once('close', resolve));
    const calls = parseSummary(readFileSync(output, 'utf8'));
    return { seconds, calls, rss: watched.rss(), descriptors: watched.descriptors() };
  } finally {
    await watched.stop();
    rmSync(aside, { recursive: true });
  }
}

/** The table of `strace -c`: the fourth column is the count, the last the name. */
export function parseSummary(text: string): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const name = fields.at(-1);
    if (/^\d+\.\d+$/.test(fields[0] ?? '') && name !== undefined && name !== 'total')
      calls[name] = Number(fields[3]);
  }
  return calls;
}
