// `npm run bench [-- --quick] [--only W1,W5] [--json FILE] [--profile]`: measures the works of docs/performance.md in
// namespaces of its own, prints a table, and writes the numbers as JSON.
import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { insideSandbox, runInSandbox } from '../src/lab/sandbox.ts';
import { type Bench, withBench } from './bench.ts';
import type { Row } from './contest.ts';
import { profileRoutes, profileWorkloads } from './profile.ts';
import { formatTable } from './table.ts';
import { foreign } from './works/foreign.ts';
import { load } from './works/load.ts';
import { pods } from './works/pods.ts';
import { start } from './works/start.ts';
import { smallWeight, watch } from './works/watch.ts';

interface Work {
  /** The works whose rows it gives. */
  readonly ids: readonly string[];
  readonly run: (bench: Bench) => Promise<readonly Row[]>;
}

function worksOf(quick: boolean): Work[] {
  const sizes = quick ? [10_000, 100_000] : [1_000, 10_000, 100_000];
  const loads = sizes.map((size): Work => ({ ids: ['W1', 'W2p'], run: (bench) => load(bench, size) }));
  const watches = sizes
    .slice(-2)
    .map((size): Work => ({ ids: ['W2', 'W3', 'W4', 'W8'], run: (bench) => watch(bench, size) }));
  const small: Work = { ids: ['W8'], run: async (bench) => [await smallWeight(bench)] };
  const others: Work[] = [
    { ids: ['W5', 'W5b', 'W5c'], run: (bench) => pods(bench, quick ? 100 : 500) },
    { ids: ['W7'], run: async (bench) => [await start(bench)] },
  ];
  const full: Work[] = [
    { ids: ['W1m'], run: (bench) => load(bench, 1_000_000) },
    { ids: ['W9'], run: async (bench) => [await foreign(bench, 100_000, 1_000_000)] },
  ];
  return [...loads, ...watches, small, ...others, ...(quick ? [] : full)];
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string', default: 'bench.json' },
    profile: { type: 'boolean', default: false },
  },
});

if (!insideSandbox()) {
  process.exitCode = await runInSandbox(fileURLToPath(import.meta.url), process.argv.slice(2));
} else {
  const only = values.only === undefined ? null : new Set(values.only.split(','));
  await withBench({ quick: values.quick, only }, async (bench) => {
    if (values.profile) {
      console.log(await profileRoutes(bench, 100_000));
      console.log(await profileWorkloads(bench, 500));
      return;
    }
    const rows: Row[] = [];
    for (const { ids, run } of worksOf(bench.quick)) {
      if (only !== null && !ids.some((id) => only.has(id))) continue;
      console.error(`${ids.join(', ')}…`);
      try {
        rows.push(...(await run(bench)));
      } catch (error) {
        console.error(`${ids.join(', ')}: ${error instanceof Error ? error.message : error}`);
        process.exitCode = 1;
      }
    }
    console.log(formatTable(rows));
    const machine = { kernel: release(), node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model };
    writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
  });
}
