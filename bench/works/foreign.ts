// W9: own routes beside many more of others. What a pass of a watch takes may grow by what the kernel takes to leave the
// others out, and no more; a report looks at each of the others once, for one may stand in the way of ours.
import type { Bench } from '../bench.ts';
import { Cell, DEVICE } from '../cell.ts';
import { contest, type Row } from '../contest.ts';
import { routeNumbers, topologyOfRoutes, write } from '../files.ts';
import { burstsOf, untilQuiet } from '../process.ts';

const FOREIGN_PROTOCOL = '4';

export async function foreign(bench: Bench, size: number, others: number): Promise<Row> {
  const [alone, beside] = [await Cell.open(bench), await Cell.open(bench)];
  const topology = write(bench, 'routes.yaml', topologyOfRoutes(routeNumbers(size, null)));
  try {
    for (const cell of [alone, beside]) cell.run(...bench.tool, 'apply', topology);
    beside.floor('load', `${others}`, DEVICE, FOREIGN_PROTOCOL, `${2 ** 24}`);
    const check = (cell: Cell) => () => cell.run(bench.floor, 'check', `${size}`, DEVICE, '169');
    const diff = (cell: Cell) => () => cell.run(...bench.tool, 'diff', topology);
    const passes = [await passesIn(bench, alone, topology), await passesIn(bench, beside, topology)];
    const pass = (at: number) => () => passes[at]!.shift() ?? Promise.reject(new Error('no pass was seen'));
    const results = await contest(bench.rounds, [
      { name: 'floor (C), no others', work: check(alone) },
      { name: `floor (C), ${others} others`, work: check(beside) },
      { name: 'a pass of watch, no others', work: pass(0) },
      { name: `a pass of watch, ${others} others`, work: pass(1) },
      { name: 'diff, no others', work: diff(alone) },
      { name: `diff, ${others} others`, work: diff(beside) },
    ]);
    return { work: 'W9', title: 'own routes beside foreign ones', size, results };
  } finally {
    alone.close();
    beside.close();
  }
}

/** The passes of a watch that wakes once a second and finds nothing to do. */
async function passesIn(bench: Bench, cell: Cell, topology: string): ReturnType<typeof burstsOf> {
  const daemon = cell.start(...bench.tool, 'watch', '--resync', '1', topology);
  try {
    await untilQuiet(daemon.pid);
    await burstsOf(daemon.pid, 2); // the first passes read all, and learn what there is
    return await burstsOf(daemon.pid, bench.rounds);
  } finally {
    await daemon.end();
  }
}
