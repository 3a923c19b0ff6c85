// W9: own routes beside many more of others. What a report on the own ones takes may grow by what the kernel takes to
// leave the others out, and no more.
import type { Bench } from '../bench.ts';
import { Cell, DEVICE } from '../cell.ts';
import { contest, type Row } from '../contest.ts';
import { routeNumbers, topologyOfRoutes, write } from '../files.ts';

const FOREIGN_PROTOCOL = '4';

export async function foreign(bench: Bench, size: number, others: number): Promise<Row> {
  const [alone, beside] = [await Cell.open(bench), await Cell.open(bench)];
  const topology = write(bench, 'routes.yaml', topologyOfRoutes(routeNumbers(size, null)));
  try {
    for (const cell of [alone, beside]) cell.run(...bench.tool, 'apply', topology);
    beside.floor('load', `${others}`, DEVICE, FOREIGN_PROTOCOL, `${2 ** 24}`);
    const check = (cell: Cell) => () => cell.run(bench.floor, 'check', `${size}`, DEVICE, '169');
    const diff = (cell: Cell) => () => cell.run(...bench.tool, 'diff', topology);
    const results = await contest(bench.rounds, [
      { name: 'floor (C), no others', work: check(alone) },
      { name: `floor (C), ${others} others`, work: check(beside) },
      { name: 'calico-reconcile, no others', work: diff(alone) },
      { name: `calico-reconcile, ${others} others`, work: diff(beside) },
    ]);
    return { work: 'W9', title: 'report own routes beside foreign ones', size, results };
  } finally {
    alone.close();
    beside.close();
  }
}
