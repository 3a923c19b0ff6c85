// A soak: faults of every kind at a quick pace for minutes. Memory and descriptors stay where they were.
import { setTimeout as sleep } from 'node:timers/promises';
import { breakers } from './breaks.ts';
import { settledDifferences } from './differences.ts';
import { type FabricSize, writeFabric } from './fabric.ts';
import { Rival } from './rival.ts';
import { Watched } from './watched.ts';

export interface SoakSample {
  readonly seconds: number;
  readonly heals: number;
  /** MB. */
  readonly rss: number;
  readonly descriptors: number;
}

export interface SoakResult {
  readonly samples: readonly SoakSample[];
  readonly lost: number;
  readonly missed: number;
}

/** Breaks for so many seconds, with the timer's passes at a quick pace too; samples ten times. */
export async function soak(
  cli: string,
  directory: string,
  size: FabricSize,
  seconds: number,
): Promise<SoakResult> {
  const fabric = writeFabric(directory, size);
  const watched = new Watched(cli, ['--resync', '2', fabric.file]);
  const rival = new Rival(fabric.network, 3);
  const kinds = Object.values(breakers);
  const samples: SoakSample[] = [];
  let heals = 0;
  let lost = 0;
  try {
    await watched.started();
    const began = performance.now();
    const elapsed = (): number => (performance.now() - began) / 1000;
    const sample = (): void => {
      samples.push({ seconds: elapsed(), heals, rss: watched.rss(), descriptors: watched.descriptors() });
      watched.lines.length = 0;
    };
    sample();
    while (elapsed() < seconds) {
      if ((await rival.measure(rival.pick(kinds))) === null) lost++;
      else heals++;
      if (elapsed() >= (samples.length * seconds) / 10) sample();
      await sleep(2);
    }
    sample();
    return { samples, lost, missed: await settledDifferences(cli, fabric.file) };
  } finally {
    rival.close();
    await watched.stop();
  }
}
