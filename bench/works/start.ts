// W7: how long the program takes to be there at all: a report on two hosts that are in sync, beside Node alone.
import type { Bench } from '../bench.ts';
import { Cell } from '../cell.ts';
import { contest, type Row } from '../contest.ts';

export async function start(bench: Bench): Promise<Row> {
  const cell = await Cell.open(bench);
  const [node] = bench.tool;
  try {
    cell.run(...bench.tool, 'apply', bench.example);
    const results = await contest(bench.quick ? 5 : 15, [
      { name: 'node -e 0', work: () => cell.run(node, '-e', '0') },
      { name: 'calico-reconcile', work: () => cell.run(...bench.tool, 'diff', bench.example) },
    ]);
    cell.run(...bench.tool, 'destroy', bench.example);
    return { work: 'W7', title: 'report two hosts in sync', size: 2, results };
  } finally {
    cell.close();
  }
}
