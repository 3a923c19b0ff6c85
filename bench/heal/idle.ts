// A watch with nothing to do: what it wakes for, counted by strace, and the memory it holds.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
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
  const own = mkdtempSync(join(directory, 'idle-'));
  const fabric = writeFabric(own, size);
  const watched = new Watched(cli, ['--resync', String(resync), fabric.file]);
  try {
    await watched.started();
    await sleep(3000);
    const output = join(own, 'strace');
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
