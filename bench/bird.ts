// BIRD 2 as a contestant: a daemon, so its load is timed from its start to the moment the kernel has all routes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, findProgram, type Sample } from './bench.ts';
import type { Cell, Resident } from './cell.ts';

const TIMEOUT_MS = 120_000;
/** Of /proc/PID/stat; 10 ms on every machine that Node runs on. */
const TICK_MS = 10;

export const bird = findProgram('bird');
export const birdc = findProgram('birdc');

/** Starts BIRD with a configuration and waits until the kernel has `count` routes. */
export async function loadByBird(
  bench: Bench,
  cell: Cell,
  configuration: string,
  count: number,
): Promise<{ readonly daemon: Resident; readonly control: string; readonly sample: Sample }> {
  const control = join(bench.directory, 'bird.ctl');
  const start = performance.now();
  const daemon = cell.start(bird!, '-f', '-c', configuration, '-s', control);
  try {
    for (;;) {
      const before = performance.now();
      const found = cell.countRoutes();
      const after = performance.now();
      if (found === count) return { daemon, control, sample: { ms: after - start, ...usageOf(daemon.pid) } };
      if (after - start > TIMEOUT_MS)
        throw new Error(`${found} of ${count} routes after ${TIMEOUT_MS / 1000} s`);
      await sleep(Math.max(1, (after - before) * 4)); // counting is the kernel's work too
    }
  } catch (error) {
    await daemon.end();
    throw error;
  }
}

/** What a running process has taken so far. */
export function usageOf(pid: number): Omit<Sample, 'ms'> {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return { userMs: user * TICK_MS, systemMs: system * TICK_MS, rssKb: statusOf(pid, 'VmHWM') };
}

/** A line of /proc/PID/status, in kB. */
export function statusOf(pid: number, key: string): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${key}:\\s*(\\d+)`, 'm').exec(text)?.[1]);
}
