// A contest: several ways of doing one work, round after round in turn, so that whatever disturbs the machine disturbs
// all of them; each is told as a ratio to the floor of the same round.
import type { Sample } from './bench.ts';

export interface Contestant {
  readonly name: string;
  /** Not counted: makes the state that the work begins with. */
  readonly before?: () => void | Promise<void>;
  readonly work: () => (Partial<Sample> & Pick<Sample, 'ms'>) | Promise<Partial<Sample> & Pick<Sample, 'ms'>>;
  /** Not counted: proves that the work is done. */
  readonly after?: () => void | Promise<void>;
}

export interface Result {
  readonly name: string;
  /** Milliseconds, in the order of the rounds. */
  readonly rounds: readonly number[];
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** Median over the rounds; null for the baseline, and where it failed. */
  readonly ratio: number | null;
  /** Medians; null where they were not taken. */
  readonly cpuMs: number | null;
  readonly rssMb: number | null;
  /** Why it has no result, or what is to be known of it. */
  readonly note: string | null;
}

export interface Row {
  readonly work: string;
  readonly title: string;
  readonly size: number;
  readonly results: readonly Result[];
}

/** Runs the contestants in turn; the first is the baseline. One that fails is left out from then on, with its words. */
export async function contest(rounds: number, contestants: readonly Contestant[]): Promise<Result[]> {
  const samples = contestants.map((): (Partial<Sample> & Pick<Sample, 'ms'>)[] => []);
  const faults = contestants.map((): string | null => null);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { before, work, after }] of contestants.entries()) {
      if (faults[index] !== null) continue;
      try {
        await before?.();
        const sample = await work();
        await after?.();
        samples[index]!.push(sample);
      } catch (error) {
        faults[index] = error instanceof Error ? error.message : String(error);
      }
    }
  }
  const baseline = samples[0]!;
  return contestants.map(({ name }, index) =>
    toResult(name, samples[index]!, baseline, faults[index] ?? null),
  );
}

function toResult(
  name: string,
  samples: readonly (Partial<Sample> & Pick<Sample, 'ms'>)[],
  baseline: readonly Pick<Sample, 'ms'>[],
  note: string | null,
): Result {
  const rounds = samples.map(({ ms }) => ms);
  const ratios = rounds.flatMap((ms, round) =>
    baseline[round] === undefined ? [] : ms / baseline[round].ms,
  );
  const cpu = samples.flatMap(({ userMs, systemMs }) =>
    userMs === undefined ? [] : userMs + (systemMs ?? 0),
  );
  const rss = samples.flatMap(({ rssKb }) => (rssKb === undefined ? [] : rssKb / 1024));
  return {
    name,
    rounds,
    median: median(rounds),
    least: Math.min(...rounds),
    most: Math.max(...rounds),
    ratio: samples === baseline || ratios.length === 0 ? null : median(ratios),
    cpuMs: cpu.length === 0 ? null : median(cpu),
    rssMb: rss.length === 0 ? null : median(rss),
    note,
  };
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
