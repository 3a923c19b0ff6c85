// The watch among others: rivals, foreign namespaces, links that come later, lost events, and other topologies.
import { type ChildProcess, spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { freshBox, lines } from '../semantics/box.ts';
import { found } from '../semantics/pass.ts';
import { Watching } from './watching.ts';

let watches: Watching[] = [];
let rivals: ChildProcess[] = [];

beforeEach(requires('ip'));
beforeEach((context) => {
  watches = [];
  rivals = [];
  freshBox(context);
});
afterEach(() => {
  for (const rival of rivals) rival.kill('SIGKILL');
  for (const watching of watches) watching.close();
});

function watch(text: string): Watching {
  const watching = new Watching(text);
  watches.push(watching);
  return watching;
}

/** Runs a shell loop beside the watch, until the test is over. */
function rival(script: string): ChildProcess {
  const child = spawn('/bin/sh', ['-c', script], { stdio: 'ignore' });
  rivals.push(child);
  return child;
}

const items = (protocol: number, name: string, third: number): string => `name: ${name}
ownership: { protocol: ${protocol} }
netns:
  box:
    links:
      eth0: { kind: existing }
    routes:
      - { dst: 10.${third}.0.0/16, via: 10.0.0.9, dev: eth0 }
`;

it('a fight with another writer is named, slows down, and is over when the other stops', async () => {
  const watching = watch(items(169, 'mine', 1));
  const other = rival('while :; do ip -n box route delete 10.1.0.0/16 2>/dev/null; sleep 0.02; done');
  await vi.waitFor(() => expect(watching.healed.flatMap(({ fights }) => fights)).not.toEqual([]), {
    timeout: 10_000,
  });
  const [fight] = watching.healed.flatMap(({ fights }) => fights);
  expect(found([fight!.difference])).toEqual(['drift missing box route 10.1.0.0/16']);
  expect(fight!.difference.cause).toMatch(/^deleted by /);
  const before = watching.outcomes.length;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(watching.outcomes.length).toBe(before);
  other.kill('SIGKILL');
  await vi.waitFor(() => expect(watching.differences()).toEqual([]), { timeout: 10_000 });
});

it('a conflict that comes before anything of ours is left alone', async () => {
  sh('ip -n box route add 10.1.0.0/16 via 10.0.0.8 proto bird');
  const watching = watch(items(169, 'mine', 1));
  sh('ip -n box route replace 10.1.0.0/16 via 10.0.0.7 proto bird');
  await watching.quiet();
  expect(watching.outcomes).toEqual([]);
  expect(lines('ip -n box route show 10.1.0.0/16')).toEqual(['10.1.0.0/16 via 10.0.0.7 dev eth0 proto bird']);
});

it('an existing link that comes later gets what waits for it', async () => {
  const watching = watch(`name: mine
netns:
  box:
    links:
      late: { kind: existing, up: true, addresses: [10.5.0.1/24] }
    routes:
      - { dst: 10.6.0.0/16, via: 10.5.0.9, dev: late }
`);
  expect(watching.differences()).toHaveLength(3);
  await watching.quiet();
  sh('ip -n box link add name late type bridge');
  await watching.inSync();
  expect(lines('ip -n box route show 10.6.0.0/16')).toHaveLength(1);
});

it('what the kernel refused is tried again when what it lacked is there', async () => {
  sh('ip -n box address flush dev eth0');
  const watching = watch(items(169, 'mine', 1));
  expect(watching.differences()).toHaveLength(1);
  sh('ip -n box address add 10.0.0.1/24 dev eth0');
  await watching.inSync();
});

it('sockets keep no dead namespace alive', async () => {
  sh('ip netns add far; ip -n box link add name x type veth peer name y netns far');
  const watching = watch(`name: mine
netns:
  box:
    links:
      eth8: { kind: veth, peer: { name: eth9 }, addresses: [10.0.8.1/24] }
    routes:
      - { dst: 10.1.0.0/16, via: 10.0.8.9, dev: eth8 }
`);
  sh('ip netns delete box');
  await vi.waitFor(() => expect(lines('ip -n far -o link show type veth')).toEqual([]), { timeout: 5000 });
  await vi.waitFor(() => expect(watching.differences()).toEqual([]), { timeout: 5000 });
});

it('a namespace of others that goes is let go of, though it was looked into', async () => {
  sh('ip netns add far; ip netns add other; ip -n other link add name x type veth peer name y netns far');
  const watching = watch(items(169, 'mine', 1));
  sh('ip netns delete other');
  await vi.waitFor(() => expect(lines('ip -n far -o link show type veth')).toEqual([]), { timeout: 5000 });
  expect(watching.outcomes).toEqual([]);
});

it('two topologies in one namespace leave each other alone', async () => {
  const mine = watch(items(169, 'mine', 1));
  const theirs = watch(items(170, 'theirs', 2));
  sh('ip -n box route delete 10.1.0.0/16');
  await mine.inSync();
  sh('ip -n box route delete 10.2.0.0/16');
  await theirs.inSync();
  await mine.quiet();
  expect(mine.told).toEqual(['done missing box route 10.1.0.0/16']);
  expect(theirs.told).toEqual(['done missing box route 10.2.0.0/16']);
  expect([...mine.pass(), ...theirs.pass()]).toEqual([]);
  mine.pass('name: mine\nnetns: {}\n');
  expect(theirs.differences()).toEqual([]);
});

it('a flood of foreign routes that overflows the socket costs no drift', async () => {
  const watching = watch(items(169, 'mine', 1));
  const count = 100_000;
  const flood = `i=0; while [ $i -lt ${count} ]; do echo "route add 100.$((64 + i / 65536)).$((i / 256 % 256)).$((i % 256))/32 dev eth0 proto 99"; i=$((i + 1)); done`;
  // The event loop stands while this runs, so nothing is read meanwhile.
  sh(`{ ${flood}; echo route delete 10.1.0.0/16; } | ip -n box -batch -; ip -n box route flush proto 99`);
  await watching.inSync();
  expect(watching.overflows).toContain('box');
  expect(watching.troubles).toEqual([]);
  sh('ip -n box route delete 10.1.0.0/16');
  await watching.inSync();
});

it('a topology applied over the one in force changes the difference only', async () => {
  freshMachine();
  const two = (mtu: number): string => `name: mine
netns:
  a:
    links:
      x: { kind: veth, peer: { name: y }, mtu: ${mtu}, addresses: [10.0.0.1/24] }
    routes: [{ dst: 10.1.0.0/16, via: 10.0.0.9, dev: x }]
`;
  const watching = watch(two(1500));
  expect(watching.pass(two(1400))).toEqual(['done changed a link x']);
  await watching.quiet();
  expect(watching.outcomes).toEqual([]);
});
