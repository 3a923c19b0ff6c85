// W1: a file of N routes onto an empty namespace, from the start of the program to its end or, of a daemon, until the
// kernel has them. W2p: the same routes in sync, and a whole program to say so.
import { type Bench, findProgram, runOrThrow } from '../bench.ts';
import { bird, loadByBird } from '../bird.ts';
import { Cell, DEVICE, findIp } from '../cell.ts';
import { type Contestant, contest, type Row } from '../contest.ts';
import { batchOfRoutes, birdOfRoutes, dstOf, routeNumbers, topologyOfRoutes, write } from '../files.ts';

/** What marks the tool's routes, the floor's and those of `ip`, and BIRD's. */
const PROTOCOLS = { tool: '169', own: '200', bird: '12' } as const;
const MOST_BY_SCRIPT = 1000;
const MOST_BY_PYTHON = 100_000;

export async function load(bench: Bench, size: number): Promise<Row[]> {
  const cell = await Cell.open(bench);
  try {
    const loaded = await contest(
      size > 100_000 ? Math.min(3, bench.rounds) : bench.rounds,
      loaders(bench, cell, size),
    );
    return [
      { work: size > 100_000 ? 'W1m' : 'W1', title: 'load routes onto nothing', size, results: loaded },
      ...(size > 100_000 ? [] : [await inSync(bench, cell, size)]),
    ];
  } finally {
    cell.close();
  }
}

function loaders(bench: Bench, cell: Cell, size: number): Contestant[] {
  const numbers = routeNumbers(size, null);
  const topology = write(bench, 'routes.yaml', topologyOfRoutes(numbers));
  const before = (): void => cell.clear();
  const proveBy = (protocol: string) => (): void => void cell.floor('check', `${size}`, DEVICE, protocol);
  const contestants: Contestant[] = [
    {
      name: 'floor (C)',
      before,
      work: () => cell.run(bench.floor, 'load', `${size}`, DEVICE),
      after: proveBy(PROTOCOLS.own),
    },
    {
      name: 'calico-reconcile',
      before,
      work: () => cell.run(...bench.tool, 'apply', topology),
      after: proveBy(PROTOCOLS.tool),
    },
  ];
  const ip = findIp();
  if (ip !== null) {
    const batch = write(bench, 'routes.batch', batchOfRoutes(numbers));
    contestants.push({
      name: 'ip -batch',
      before,
      work: () => cell.run(ip, '-batch', batch),
      after: proveBy(PROTOCOLS.own),
    });
  }
  if (bird !== null) {
    const configuration = write(bench, 'bird.conf', birdOfRoutes(numbers));
    let loaded: Awaited<ReturnType<typeof loadByBird>> | null = null;
    contestants.push({
      name: 'BIRD 2',
      before,
      work: async () => {
        loaded = await loadByBird(bench, cell, configuration, size);
        return loaded.sample;
      },
      after: async () => {
        cell.floor('check', `${size}`, DEVICE, PROTOCOLS.bird);
        await loaded?.daemon.end();
      },
    });
  }
  if (!bench.quick && ip !== null && size <= MOST_BY_SCRIPT) {
    const script = numbers.map(
      (index) => `${ip} route add ${dstOf(index)}/32 dev ${DEVICE} scope link proto 200\n`,
    );
    const path = write(bench, 'routes.sh', `set -e\n${script.join('')}`);
    contestants.push({
      name: 'script of ip',
      before,
      work: () => cell.run('/bin/sh', path),
      after: proveBy(PROTOCOLS.own),
    });
  }
  const python = bench.quick || size > MOST_BY_PYTHON ? null : pythonWithPyroute2();
  if (python !== null) {
    const path = write(bench, 'routes.py', pythonOfRoutes(size));
    contestants.push({
      name: 'pyroute2',
      before,
      work: () => cell.run(python, path),
      after: proveBy(PROTOCOLS.own),
    });
  }
  return contestants;
}

async function inSync(bench: Bench, cell: Cell, size: number): Promise<Row> {
  const topology = write(bench, 'routes.yaml', topologyOfRoutes(routeNumbers(size, null)));
  cell.clear();
  cell.run(...bench.tool, 'apply', topology);
  const ip = findIp();
  const results = await contest(bench.rounds, [
    { name: 'floor (C)', work: () => cell.run(bench.floor, 'check', `${size}`, DEVICE, PROTOCOLS.tool) },
    { name: 'calico-reconcile', work: () => cell.run(...bench.tool, 'diff', topology) },
    ...(ip === null ? [] : [{ name: 'ip route show', work: () => cell.run(ip, '-4', 'route', 'show') }]),
  ]);
  return { work: 'W2p', title: 'report routes in sync, as a whole program', size, results };
}

function pythonWithPyroute2(): string | null {
  const python = findProgram('python3');
  if (python === null) return null;
  try {
    runOrThrow(python, ['-c', 'import pyroute2']);
    return python;
  } catch {
    return null;
  }
}

function pythonOfRoutes(size: number): string {
  return [
    'from pyroute2 import IPRoute',
    'from socket import inet_ntoa',
    'from struct import pack',
    'ip = IPRoute()',
    `oif = ip.link_lookup(ifname="${DEVICE}")[0]`,
    `for index in range(${size}):`,
    '    dst = inet_ntoa(pack("!I", 0x0a000001 + index)) + "/32"',
    '    ip.route("add", dst=dst, oif=oif, scope=253, proto=200)',
    '',
  ].join('\n');
}
