// Inside a running watch, seen from outside. W2: a pass with nothing to do. W3: one line edited, until the kernel has it.
// W4: a deleted route, until it is back. W8: what the process weighs.
import { spawn } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { bird, birdc, loadByBird, statusOf } from '../bird.ts';
import { Cell, DEVICE, type Resident } from '../cell.ts';
import { type Contestant, contest, quantile, type Row } from '../contest.ts';
import { birdOfRoutes, routeNumbers, topologyOfRoutes, write } from '../files.ts';

const EDIT_TIMEOUT_S = 20;
const QUIET_MS = 300;
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
  let ownRound = 0;
  const turn = turns(size);
  const contestants: Contestant[] = [
    {
      name: 'floor (C), cold',
      work: () => {
        // The floor is asked for the same edit each time, so the one before is taken back first.
        const sample = own.run(bench.floor, 'edit', `${size}`, DEVICE, `${size + ownRound}`, `${ownRound}`);
        return sample;
      },
      after: () => {
        own.clear();
        own.floor('load', `${size}`, DEVICE);
        ownRound++;
      },
    },
    {
      name: 'calico-reconcile',
      work: () =>
        timeEdit(
          bench,
          ours,
          turn,
          (numbers) => {
            replace(topology, topologyOfRoutes(numbers));
          },
          size,
        ),
    },
  ];
  const rival = bird === null || birdc === null ? null : await Cell.open(bench);
  const configuration = write(bench, 'watched.conf', birdOfRoutes(routeNumbers(size, null)));
  const loaded = rival === null ? null : await loadByBird(bench, rival, configuration, size);
  if (rival !== null && loaded !== null) {
    const birdTurn = turns(size);
    contestants.push({
      name: 'BIRD 2, configure',
      work: () =>
        timeEdit(
          bench,
          rival,
          birdTurn,
          (numbers) => {
            replace(configuration, birdOfRoutes(numbers));
            spawn(birdc!, ['-s', loaded.control, 'configure'], { stdio: 'ignore' });
          },
          size,
        ),
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

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly add: number;
  readonly gone: number;
}

/** One edit after another: each round replaces another route, and puts the one of the round before back. */
function turns(size: number): () => Edit {
  let round = 0;
  return () => {
    const from = Math.floor(size / 2);
    const edit = {
      from,
      to: size + round + 1,
      add: size + round + 1,
      gone: round === 0 ? from : size + round,
    };
    round++;
    return edit;
  };
}

async function timeEdit(
  bench: Bench,
  cell: Cell,
  turn: () => Edit,
  change: (numbers: readonly number[]) => void,
  size: number,
): Promise<{ readonly ms: number }> {
  const { from, to, add, gone } = turn();
  const numbers = routeNumbers(size, { from, to });
  const observer = cell.start(bench.floor, 'watch-edit', `${add}`, `${gone}`, `${EDIT_TIMEOUT_S}`);
  const seen = observer.lastLine;
  await observer.ready;
  const start = Number(process.hrtime.bigint()) / 1e6;
  change(numbers);
  const at = Number(await seen);
  if (!(at > 0)) throw new Error(`not within ${EDIT_TIMEOUT_S} s`);
  await sleep(QUIET_MS);
  return { ms: at - start };
}

async function heals(bench: Bench, own: Cell, ours: Cell, size: number): Promise<Row> {
  const times = bench.quick ? 20 : 100;
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

/** Replaces a file as editors do. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Waits until a process's main thread has not worked for a while. */
async function untilQuiet(pid: number): Promise<void> {
  for (let last = -1, quiet = performance.now(); performance.now() - quiet < QUIET_MS * 2; await sleep(20)) {
    const worked = workedMs(pid);
    if (worked > last + 1) quiet = performance.now();
    last = worked;
  }
}

/** The next stretches of work of a process's main thread, from their first moment to their last. */
async function burstsOf(
  pid: number,
  count: number,
): Promise<{ readonly ms: number; readonly userMs: number }[]> {
  const bursts: { readonly ms: number; readonly userMs: number }[] = [];
  let start = 0;
  let end = 0;
  let worked = workedMs(pid);
  let before = worked;
  const until = performance.now() + (count + 3) * 2000;
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
    } else if (start > 0 && time - end > QUIET_MS / 2) {
      if (worked - before > 1) bursts.push({ ms: end - start, userMs: worked - before });
      start = 0;
    }
  }
  return bursts;
}

/** How long a process's main thread has run, in milliseconds. */
function workedMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
