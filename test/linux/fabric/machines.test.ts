// Four namespaces that stand for four machines, each with a watch of its own that knows only its name: together they make
// the network that one run makes which simulates them all.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { establish } from '../semantics/pass.ts';
import { needsKinds } from './kinds.ts';
import { lostPairs, stationsOf } from './pings.ts';
import { cli, PATIENCE, Watching } from './watching.ts';

const example = 'topologies/four-hosts-vxlan.yaml';
const hosts = ['host0', 'host1', 'host2', 'host3'] as const;

/** The machines as somebody else prepared them: uplinks, addresses, a router between two racks. */
const prepared = `
name: machines
ownership: { protocol: 170 }
netns:
${hosts
  .map(
    (host, i) => `  ${host}:
    manage: owned
    links: { lo: {}, eth0: { kind: veth, peer: { netns: router, name: p${i} }, addresses: [192.168.${i < 2 ? 1 : 2}.${10 + (i % 2)}/24] } }
    routes: [{ dst: default, via: 192.168.${i < 2 ? 1 : 2}.1 }]
`,
  )
  .join('')}  router:
    links:
      br0: { kind: bridge, addresses: [192.168.1.1/24] }
      br1: { kind: bridge, addresses: [192.168.2.1/24] }
      p0: { master: br0 }
      p1: { master: br0 }
      p2: { master: br1 }
      p3: { master: br1 }
    sysctls: { net.ipv4.ip_forward: 1 }
`;

/** The example as the four machines share it: without what simulates them. */
function sharedFile(): string {
  const text = readFileSync(example, 'utf8')
    .replace(/^ {4}netns: .*\n/gm, '')
    .replace(/^underlay:\n(?: .*\n)*/m, '');
  expect(text).not.toMatch(/^ *(underlay|netns):/m);
  const file = join(scratch, 'machines.yaml');
  writeFileSync(file, text);
  return file;
}

/** What a host has for the sake of workloads, without what the machine itself has. */
function fabricOf(netns: string): string[] {
  const lines = (command: string): string[] =>
    sh(command)
      .split('\n')
      .filter((line) => line.trim() !== '');
  return [
    ...lines(`ip -n ${netns} -4 route show proto 169`).filter((line) => !line.startsWith('default')),
    ...lines(`ip -n ${netns} neighbour show nud permanent dev vxlan.calico`),
    ...lines(`bridge -n ${netns} fdb show dev vxlan.calico`),
    ...lines(`ip -n ${netns} -4 -o address show dev vxlan.calico`),
  ]
    .map((line) => line.replace(/^\d+: /, '').trim())
    .sort();
}

/** Pings from every workload to every other; each machine has the names of its own workloads in its own /run. */
function lostBetween(machines: readonly Watching[]): string[] {
  const workloads = [
    ['web', '10.20.0.2'],
    ['app', '10.20.0.66'],
    ['db', '10.20.0.130'],
    ['cache', '10.20.7.7'],
  ] as const;
  return workloads.flatMap(([from], i) =>
    workloads
      .filter(([to]) => to !== from)
      .filter(([, address]) => {
        const inside = ['--mount', '-t', String(machines[i]!.pid), 'ip', 'netns', 'exec', from];
        return spawnSync('nsenter', [...inside, 'ping', '-n', '-c', '1', '-W', '5', address]).status !== 0;
      })
      .map(([to]) => `${from} > ${to}`),
  );
}

const scratch = mkdtempSync(join(tmpdir(), 'calico-reconcile-machines-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const config = join(scratch, 'included.conf');
const watches: Watching[] = [];

beforeEach(freshMachine);
beforeEach(requires('ip', 'bridge', 'nsenter', 'ping'));
beforeEach(needsKinds('vxlan'));
afterEach(async () => {
  await Promise.all(watches.map((watching) => watching.stop()));
  watches.length = 0;
});

describe('four machines', () => {
  it('make the same network, each by its own slice, as one run that simulates them', async () => {
    expect((await run('apply', example)).status).toBe(0);
    const wanted = hosts.map(fabricOf);
    freshMachine();
    establish(prepared);
    const file = sharedFile();
    for (const host of hosts) watches.push(new Watching(['--host', host, file], host));
    for (const [i, host] of hosts.entries()) {
      await watches[i]!.says(/in sync/);
      expect(fabricOf(host)).toEqual(wanted[i]);
    }
    expect(lostBetween(watches)).toEqual([]);
  });
});

describe('four machines of one /run', () => {
  it('leave each other’s part alone, at every turn, also where one asks what differs', async () => {
    establish(prepared);
    const file = sharedFile();
    const inside = (host: string, words: string): string =>
      sh(`nsenter --net=/run/netns/${host} ${process.execPath} ${cli} ${words} --host ${host} ${file}`);
    for (const host of hosts) expect(inside(host, 'apply')).not.toMatch(/^[-~] (?!.*sysctl)(?!netns self)/m);
    const fabrics = hosts.map(fabricOf);
    for (const host of hosts) expect(inside(host, 'diff')).toContain('in sync');
    for (const host of hosts) inside(host, 'apply');
    expect(hosts.map(fabricOf)).toEqual(fabrics);
    expect(lostPairs(stationsOf(example))).toEqual({ tried: 12, lost: [] });
    // That has a /run/netns of its own, which nobody sees afterwards.
    expect(() => sh(`ip netns exec host0 ${process.execPath} ${cli} apply --host host0 ${file}`)).toThrow(
      /namespaces made here would be seen by nobody outside.*nsenter --net=/s,
    );
    // One that leaves the file is pruned by the machine that has it, and by no other.
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^ {2}cache: .*$/m, ''));
    expect(inside('host0', 'apply')).not.toContain('netns cache');
    expect(inside('host3', 'apply')).toContain('- netns cache');
    sh(`nsenter --net=/run/netns/host1 ${process.execPath} ${cli} destroy --name four-hosts-vxlan`);
    for (const host of hosts) expect(sh(`ip -n ${host} link`)).not.toMatch(/cali[0-9a-f]{11}|vxlan/);
  });
});

/** What administrators write on a machine of their own: the tool's part is one included file. */
const birdOfTheirs = (id: string): string => `
log stderr { warning, error, fatal };
router id ${id};
protocol device { scan time 1; }
protocol direct { ipv4; interface "eth0"; }
protocol kernel { learn; scan time 1; ipv4 { import none; export where source = RTS_BGP; }; }
include "/run/calico-reconcile.conf";
`;

describe('two machines that run BIRD already', () => {
  const machines = ['host0', 'host1'] as const;
  const fabric = (workloads: string): string => `
name: two-machines
hosts:
  host0: { uplink: { dev: eth0, address: 192.168.1.10/24 }, blocks: [10.20.0.0/26] }
  host1: { uplink: { dev: eth0, address: 192.168.1.11/24 } }
pools: [{ cidr: 10.20.0.0/16, routing: bgp }]
bgp: { configFile: /run/calico-reconcile.conf, controlSocket: /run/bird.ctl }
workloads:
  a: { host: host0, address: 10.20.0.2 }
${workloads}`;
  const birds: ChildProcess[] = [];
  afterEach(() => {
    for (const bird of birds) bird.kill('SIGKILL');
    birds.length = 0;
  });
  beforeEach(requires('bird', 'birdc'));

  it('get the tool’s part by an included file, and are asked to read it again', async () => {
    establish(prepared);
    const file = join(scratch, 'two.yaml');
    writeFileSync(file, fabric('  b: { host: host1, address: 10.20.7.7 }\n'));
    for (const [i, host] of machines.entries()) {
      const machine = new Watching(['--host', host, file], host);
      watches.push(machine);
      await machine.says(/calico-reconcile.conf is written; no BIRD listens on \/run\/bird.ctl/);
      const config = join(scratch, `${host}.conf`);
      writeFileSync(config, birdOfTheirs(`192.168.1.1${i}`));
      const args = [
        '--mount',
        '--net',
        '-t',
        String(machine.pid),
        'bird',
        '-f',
        '-s',
        '/run/bird.ctl',
        '-c',
        config,
      ];
      birds.push(
        spawn('nsenter', args, {
          stdio: 'ignore',
          env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
        }),
      );
    }
    const routes = (): string => sh('ip -n host0 route show proto bird');
    await expect.poll(routes, { timeout: PATIENCE }).toMatch(/^10\.20\.7\.7 via 192\.168\.1\.11 dev eth0/);
    writeFileSync(
      file,
      fabric('  b: { host: host1, address: 10.20.7.7 }\n  c: { host: host1, address: 10.20.7.8 }\n'),
    );
    await expect.poll(routes, { timeout: PATIENCE }).toMatch(/^10\.20\.7\.8 via 192\.168\.1\.11 dev eth0/m);
    await watches[1]!.says(/BIRD of host1 took its changed configuration/);
    // What leaves the file is no longer announced.
    writeFileSync(file, fabric('').replace(', routing: bgp', ''));
    await expect.poll(routes, { timeout: PATIENCE }).toBe('');
    writeFileSync(file, fabric('  c: { host: host1, address: 10.20.7.8 }\n'));
    await expect.poll(routes, { timeout: PATIENCE }).toContain('10.20.7.8');
    // A BIRD of theirs outlives the watch.
    await Promise.all(watches.map((machine) => machine.stop()));
    expect(routes()).toContain('10.20.7.8');
    expect(birds.map((bird) => bird.exitCode ?? bird.signalCode)).toEqual([null, null]);
    // Who knows no more than the name takes back what that BIRD was given, wherever the file had said.
    const machine = ['nsenter', '--mount', '--net', '-t', String(birds[1]!.pid)];
    const calico = (...args: string[]): string => sh([...machine, process.execPath, cli, ...args].join(' '));
    expect(calico('destroy', '--name', 'two-machines')).toContain('two-machines');
    await expect.poll(routes, { timeout: PATIENCE }).toBe('');
    expect(sh([...machine, 'cat', '/run/calico-reconcile.conf'].join(' '))).toBe(
      '# Written by calico-reconcile: no topology speaks BGP here.\n',
    );
  });

  it('lose the tool’s part by an apply of a file that speaks BGP no more, and keep another topology’s', async () => {
    establish(prepared);
    const file = join(scratch, 'two.yaml');
    const text = fabric('')
      .replaceAll('/run/calico-reconcile.conf', config)
      .replace('/run/bird.ctl', `${config}.ctl`);
    const apply = (content: string): string => {
      writeFileSync(file, content);
      sh(`nsenter --net=/run/netns/host0 ${process.execPath} ${cli} apply --host host0 ${file}`);
      return readFileSync(config, 'utf8').split('\n')[0]!;
    };
    const own =
      '# Written by calico-reconcile: the BGP speaker host0 of the topology two-machines. Edits are lost.';
    expect(apply(text)).toBe(own);
    expect(apply(text.replace(', routing: bgp', ''))).toBe(
      '# Written by calico-reconcile: no topology speaks BGP here.',
    );
    expect(apply(text)).toBe(own);
    const theirs = readFileSync(config, 'utf8').replaceAll('two-machines', 'another');
    writeFileSync(config, theirs);
    sh(`nsenter --net=/run/netns/host0 ${process.execPath} ${cli} destroy --name two-machines`);
    expect(readFileSync(config, 'utf8')).toBe(theirs);
  });
});
