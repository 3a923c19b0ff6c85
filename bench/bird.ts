// BIRD 2 as a contestant: a daemon, so its load is timed from its start to the moment the kernel has all routes.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, findProgram, type Sample } from './bench.ts';
import type { Cell, Resident } from './cell.ts';
import { usageOf } from './process.ts';

const TIMEOUT_MS = 120_000;

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
