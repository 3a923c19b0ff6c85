// W5: N workloads from nothing: a namespace, a veth pair, an address, the routes and proxy ARP each. W5b: a report that
// all of it is there. W5c: all of it removed.
import type { Bench } from '../bench.ts';
import { Cell, findIp } from '../cell.ts';
import { type Contestant, contest, type Row } from '../contest.ts';
import { batchOfPods, scriptOfPods, topologyOfPods, write } from '../files.ts';

interface Maker {
  readonly name: string;
  readonly cell: Cell;
  readonly create: readonly [string, ...string[]];
  readonly check: readonly [string, ...string[]] | null;
  readonly destroy: readonly [string, ...string[]];
}

export async function pods(bench: Bench, size: number): Promise<Row[]> {
  const makers = await makersOf(bench, size);
  const does = (
    verb: 'create' | 'check' | 'destroy',
    around: Partial<Record<'before' | 'after', 'create' | 'destroy'>>,
  ) => {
    return makers.flatMap((maker): Contestant[] => {
      const { name, cell } = maker;
      const command = maker[verb];
      if (command === null) return [];
      const step = (which: 'create' | 'destroy' | undefined) => (): void => {
        if (which !== undefined) cell.run(...maker[which]);
      };
      return [
        { name, before: step(around.before), work: () => cell.run(...command), after: step(around.after) },
      ];
    });
  };
  try {
    const rounds = Math.min(3, bench.rounds);
    const created = await contest(rounds, does('create', { after: 'destroy' }));
    for (const { cell, create } of makers.filter(({ check }) => check !== null)) cell.run(...create);
    const checked = await contest(rounds, does('check', {}));
    for (const { cell, destroy } of makers.filter(({ check }) => check !== null)) cell.run(...destroy);
    const destroyed = await contest(rounds, does('destroy', { before: 'create' }));
    return [
      { work: 'W5', title: 'workloads from nothing', size, results: created },
      { work: 'W5b', title: 'report workloads in sync', size, results: checked },
      { work: 'W5c', title: 'workloads removed', size, results: destroyed },
    ];
  } finally {
    for (const { cell } of makers) cell.close();
  }
}

async function makersOf(bench: Bench, size: number): Promise<Maker[]> {
  const topology = write(bench, 'pods.yaml', topologyOfPods(size));
  const makers: Maker[] = [
    {
      name: 'floor (C)',
      cell: await Cell.open(bench),
      create: [bench.floor, 'create-pods', `${size}`],
      check: [bench.floor, 'check-pods', `${size}`],
      destroy: [bench.floor, 'destroy-pods', `${size}`],
    },
    {
      name: 'calico-reconcile',
      cell: await Cell.open(bench),
      create: [...bench.tool, 'apply', topology],
      check: [...bench.tool, 'diff', topology],
      destroy: [...bench.tool, 'destroy', topology],
    },
  ];
  const ip = findIp();
  if (ip === null) return makers;
  const scripts = [{ name: 'ip -batch', of: batchOfPods(bench, size, ip) }];
  if (!bench.quick) scripts.push({ name: 'script of ip', of: scriptOfPods(size, ip) });
  for (const { name, of } of scripts) {
    const file = name.replaceAll(' ', '-');
    makers.push({
      name,
      cell: await Cell.open(bench),
      create: ['/bin/sh', write(bench, `${file}-create.sh`, of.create)],
      check: null,
      destroy: ['/bin/sh', write(bench, `${file}-destroy.sh`, of.destroy)],
    });
  }
  return makers;
}
