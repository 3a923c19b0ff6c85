// `npm run bench:heal [-- heal|flood|soak|idle…] [--quick]`: the long runs of the watch, in namespaces of their own;
// prints what docs/performance.md tells under "Heal".
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { insideSandbox, runInSandbox } from '../../src/lab/sandbox.ts';
import { flood } from './flood.ts';
import { measureHeals, quantile } from './heal.ts';
import { idle } from './idle.ts';
import { soak } from './soak.ts';

const cli = fileURLToPath(new URL('../../../../dist/cli.js', import.meta.url));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const quick = process.argv.includes('--quick');
const large = { workloads: 200, routes: 10_000, neighbours: 200 };

const works: Readonly<Record<string, (directory: string) => Promise<void>>> = {
  heal: async (directory) => {
    const { kinds, startMs, remarks, rss, descriptors } = await measureHeals(
      cli,
      directory,
      large,
      quick ? 200 : 2000,
    );
    console.log(
      `first pass ${startMs.toFixed(0)} ms, rss ${mb(rss)}, descriptors ${descriptors.join(' → ')}`,
    );
    console.log(
      '| broken | times | not mended | p50 ms | p99 ms | max ms | cpu ms |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    );
    for (const remark of remarks) console.error(remark);
    for (const { kind, times, lost, busy } of kinds) {
      const [p50, p99, max] = [0.5, 0.99, 1].map((share) => quantile(times, share).toFixed(1));
      console.log(`| ${kind} | ${times.length} | ${lost} | ${p50} | ${p99} | ${max} | ${busy.toFixed(1)} |`);
    }
  },
  flood: async (directory) => console.log(await flood(cli, directory, large, quick ? 20_000 : 200_000)),
  soak: async (directory) => {
    const { samples, lost, missed } = await soak(cli, directory, large, quick ? 30 : 300);
    console.table(samples);
    console.log(`not mended ${lost}, differences at the end ${missed}`);
  },
  idle: async (directory) => console.log(await idle(cli, directory, large, quick ? 10 : 60, 3600)),
};

function mb(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(0)).join(' → ')} MB`;
}

if (!insideSandbox()) {
  process.exitCode = await runInSandbox(fileURLToPath(import.meta.url), process.argv.slice(2));
} else {
  const directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-heal-'));
  try {
    for (const name of names.length === 0 ? Object.keys(works) : names) {
      console.log(`== ${name}`);
      await works[name]!(directory);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}
