// Inside a running watch, seen from outside. W2: a pass with nothing to do. W3: one line edited, until the kernel has it.
// W4: a deleted route, until it is back. W8: what the process weighs.
import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { bird, birdc, loadByBird } from '../bird.ts';
import { Cell, DEVICE, type Resident } from '../cell.ts';
import { type Contestant, contest, quantile, type Row } from '../contest.ts';
import { birdOfRoutes, routeNumbers, topologyOfRoutes, write } from '../files.ts';
import { burstsOf, statusOf, untilQuiet } from '../process.ts';

const EDIT_TIMEOUT_S = 20;
/** Between two edits. */
const REST_MS = 300;
const PASSES = 5;

export async function watch(bench: Bench, size: number): Promise<Row[]> {
  const [own, ours] = [await Cell.open(bench), await Cell.open(bench)];
  const topology = write(bench, 'watched.yaml', topologyOfRoutes(routeNumbers(size, null)));
  own.floor('load', `${size}`, DEVICE);
  ours.run(...bench.tool, 'apply', topology);
  const daemon = ours.start(...bench.tool, 'watch', '--resync', '1', topology);
  try {
    await untilQuiet(daemon.pid);
    const rows = [await passes(bench, own, daemon, size)];
    await daemon.end();
    const calm = ours.start(...bench.tool, 'watch', '--resync', '3600', topology);
    try {
      await untilQuiet(calm.pid);
      rows.push(
        weight(calm, size),
        await edits(bench, own, ours, topology, size),
        await heals(bench, own, ours, size),
      );
    } finally {
      await calm.end();
    }
    return rows;
  } finally {
    await daemon.end();
    own.close();
    ours.close();
  }
}

/** W8 of a watch over the smallest of the examples: two workloads. */
export async function smallWeight(bench: Bench): Promise<Row> {
  const cell = await Cell.open(bench);
  const topology = write(
    bench,
    'two.yaml',
    'name: bench-two\nworkloads:\n  two0: { address: 10.97.0.1 }\n  two1: { address: 10.97.0.2 }\n',
  );
  const daemon = cell.start(...bench.tool, 'watch', '--resync', '3600', topology);
  try {
    await untilQuiet(daemon.pid);
    return weight(daemon, 2);
  } finally {
    await daemon.end();
    cell.run(...bench.tool, 'destroy', topology);
    cell.close();
  }
}

/** The stretches of work of a process that wakes once a second and finds nothing to do. */
async function passes(bench: Bench, own: Cell, daemon: Resident, size: number): Promise<Row> {
  const bursts = await burstsOf(daemon.pid, PASSES);
  let next = 0;
  const results = await contest(PASSES, [
    { name: 'floor (C)', work: () => own.run(bench.floor, 'check', `${size}`, DEVICE) },
    { name: 'calico-reconcile', work: () => bursts[next++] ?? Promise.reject(new Error('no pass was seen')) },
  ]);
  return { work: 'W2', title: 'a pass of a running watch, nothing to do', size, results };
}

function weight(daemon: Resident, size: number): Row {
  const rssMb = statusOf(daemon.pid, 'VmRSS') / 1024;
  const one = {
    rounds: [],
    median: Number.NaN,
    least: Number.NaN,
    most: Number.NaN,
    ratio: null,
    cpuMs: null,
  };
  return {
    work: 'W8',
    title: 'what a watch weighs',
    size,
    results: [{ ...one, name: 'calico-reconcile', rssMb, note: null }],
  };
}

async function edits(bench: Bench, own: Cell, ours: Cell, topology: string, size: number): Promise<Row> {
  let round = 0;
  const reload = (): void => {
    own.clear();
    own.floor('load', `${size}`, DEVICE);
    round++;
  };
  const turn = turns(size);
  const contestants: Contestant[] = [
    {
      name: 'floor (C), cold',
      work: () => own.run(bench.floor, 'edit', `${size}`, DEVICE, `${size + round}`, `${round}`),
      after: reload,
    },
    {
      name: 'calico-reconcile',
      work: () => timeEdit(bench, ours, turn(), topology, topologyOfRoutes, () => {}),
    },
  ];
  const rival = bird === null || birdc === null ? null : await Cell.open(bench);
  const configuration = write(bench, 'watched.conf', birdOfRoutes(routeNumbers(size, null)));
  const loaded = rival === null ? null : await loadByBird(bench, rival, configuration, size);
  if (rival !== null && loaded !== null) {
    const birdTurn = turns(size);
    const configure = (): void => {
      spawn(birdc!, ['-s', loaded.control, 'configure'], { stdio: 'ignore' });
    };
    contestants.push({
      name: 'BIRD 2, configure',
      work: () => timeEdit(bench, rival, birdTurn(), configuration, birdOfRoutes, configure),
    });
  }
  try {
    return {
      work: 'W3',
      title: 'one line edited, until the kernel has it',
      size,
      results: await contest(bench.rounds, contestants),
    };
  } finally {
    await loaded?.daemon.end();
    rival?.close();
  }
}

/** The routes after an edit, and the two that it changes. */
interface Edit {
  readonly numbers: readonly number[];
  readonly added: number;
  readonly gone: number;
}

/** One edit after another of the line in the middle: each replaces what the one before put there. */
function turns(size: number): () => Edit {
  const from = Math.floor(size / 2);
  let gone = from;
  let added = size;
  return () => {
    if (added > size) gone = added;
    added++;
    return { numbers: routeNumbers(size, { from, to: added }), added, gone };
  };
}

/** From the moment the file is another one to that in which the kernel has the new route and no longer the old one. */
async function timeEdit(
  bench: Bench,
  cell: Cell,
  { numbers, added, gone }: Edit,
  path: string,
  format: (numbers: readonly number[]) => string,
  tell: () => void,
): Promise<{ readonly ms: number }> {
  writeFileSync(`${path}.new`, format(numbers));
  const observer = cell.start(bench.floor, 'watch-edit', `${added}`, `${gone}`, `${EDIT_TIMEOUT_S}`);
  await observer.ready;
  const start = Number(process.hrtime.bigint()) / 1e6;
  renameSync(`${path}.new`, path);
  tell();
  const seen = Number(await observer.lastLine);
  if (!(seen > 0)) throw new Error(`not within ${EDIT_TIMEOUT_S} s`);
  await sleep(REST_MS);
  return { ms: seen - start };
}

async function heals(bench: Bench, own: Cell, ours: Cell, size: number): Promise<Row> {
  const times = bench.quick ? 100 : 500;
  const keeper = own.start(bench.floor, 'keep-healed', `${size}`, DEVICE);
  await keeper.ready;
  let notes: string | null = null;
  const healing = (cell: Cell) => (): { readonly ms: number } => {
    const all = cell.floor('heal', `${size}`, `${times}`).trim().split('\n').map(Number);
    notes = `p99 ${quantile(all, 0.99).toFixed(1)} ms of ${times}`;
    return { ms: quantile(all, 0.5) };
  };
  try {
    const results = await contest(1, [
      { name: 'floor (C)', work: healing(own) },
      { name: 'calico-reconcile', work: healing(ours) },
    ]);
    const told = results.map((result, index) =>
      index === 1 && result.note === null ? { ...result, note: notes } : result,
    );
    return { work: 'W4', title: 'a deleted route, until it is back (p50)', size, results: told };
  } finally {
    await keeper.end();
  }
}
