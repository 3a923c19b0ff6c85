// A running process, seen from outside: what it has taken, how long it works at a stretch, and when it is quiet.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sample } from './bench.ts';

/** Of /proc/PID/stat; 10 ms on every machine that Node runs on. */
const TICK_MS = 10;
/** A stretch of work ends, and a process is quiet, when it has not worked for so long. */
const QUIET_MS = 150;

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

/** Waits until a process's main thread has not worked for a while. */
export async function untilQuiet(pid: number): Promise<void> {
  for (let last = -1, quiet = performance.now(); performance.now() - quiet < QUIET_MS * 4; await sleep(20)) {
    const worked = workedMs(pid);
    if (worked > last + 1) quiet = performance.now();
    last = worked;
  }
}

export interface Burst {
  readonly ms: number;
  readonly userMs: number;
}

/** The next passes of a process: stretches of its main thread's work, from their first moment to their last. */
export async function burstsOf(pid: number, count: number): Promise<Burst[]> {
  let bursts: Burst[] = [];
  let start = 0;
  let end = 0;
  let worked = workedMs(pid);
  let before = worked;
  const until = performance.now() + (count + 3) * 2500;
  while (bursts.length < count && performance.now() < until) {
    await sleep(1);
    const time = performance.now();
    const total = workedMs(pid);
    if (total > worked + 0.2) {
      if (start === 0) {
        start = time;
        before = worked;
      }
      end = time;
      worked = total;
    } else if (start > 0 && time - end > QUIET_MS) {
      // Looked at once a millisecond: a short stretch shows as nothing, and takes at least what it works.
      bursts.push({ ms: Math.max(end - start, worked - before), userMs: worked - before });
      // Timers and collections of garbage are stretches too, and small ones.
      const most = Math.max(...bursts.map(({ userMs }) => userMs));
      bursts = bursts.filter(({ userMs }) => userMs > most / 3);
      start = 0;
    }
  }
  return bursts;
}

/** How long a process's main thread has run, in milliseconds. */
function workedMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    throw new Error('the process has ended');
  }
}
