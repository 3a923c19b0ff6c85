// How long it takes until what was broken is mended: every kind of item, many times, one after another.
import { setTimeout as sleep } from 'node:timers/promises';
import { breakers } from './breaks.ts';
import { type FabricSize, writeFabric } from './fabric.ts';
import { Rival } from './rival.ts';
import { Watched } from './watched.ts';

export interface HealTimes {
  readonly kind: string;
  /** Milliseconds, ascending. */
  readonly times: readonly number[];
  /** How many were not mended in time. */
  readonly lost: number;
  /** Processor time of the watch for one, in ms, with what it reads again to prove it. */
  readonly busy: number;
}

export interface HealResult {
  readonly kinds: readonly HealTimes[];
  readonly startMs: number;
  /** What the log says beside mending: failures, troubles, fights, lost events. */
  readonly remarks: readonly string[];
  /** Resident memory in MB and open descriptors, before the first break and after the last. */
  readonly rss: readonly [number, number];
  readonly descriptors: readonly [number, number];
}

/** Breaks `count` items in all, of the kinds in turn, under a watch of its own; `cli` is the built dist/cli.js. */
export async function measureHeals(
  cli: string,
  directory: string,
  size: FabricSize,
  count: number,
  kinds: readonly string[] = Object.keys(breakers),
): Promise<HealResult> {
  const fabric = writeFabric(directory, size);
  const watched = new Watched(cli, [fabric.file]);
  const rival = new Rival(fabric.network, 1);
  try {
    const start = await watched.started();
    const before = [watched.rss(), watched.descriptors()] as const;
    const times = new Map(kinds.map((kind) => [kind, [] as number[]]));
    const lost = new Map(kinds.map((kind) => [kind, 0]));
    const busy = new Map(kinds.map((kind) => [kind, 0]));
    let busyBefore = watched.busy();
    for (let i = 0; i < count; i++) {
      const kind = kinds[i % kinds.length]!;
      const took = await rival.measure(breakers[kind]!);
      if (took === null) {
        lost.set(kind, lost.get(kind)! + 1);
        console.error(`${kind} was not mended:\n${watched.tail()}`);
      } else times.get(kind)!.push(took);
      await sleep(5 + rival.random(10));
      const now = watched.busy();
      busy.set(kind, busy.get(kind)! + now - busyBefore);
      busyBefore = now;
    }
    const ascending = (list: number[]): number[] => list.sort((a, b) => a - b);
    return {
      kinds: kinds.map((kind) => {
        const ofKind = times.get(kind)!;
        const each = busy.get(kind)! / (ofKind.length + lost.get(kind)!);
        return { kind, times: ascending(ofKind), lost: lost.get(kind)!, busy: each };
      }),
      startMs: start.milliseconds as number,
      remarks: watched.lines
        .filter(({ event }) => !['mended', 'converged'].includes(event))
        .map(({ message }) => message),
      rss: [before[0], watched.rss()],
      descriptors: [before[1], watched.descriptors()],
    };
  } finally {
    rival.close();
    await watched.stop();
  }
}

/** The value below which a share (0-1) of ascending numbers lies. */
export function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}
