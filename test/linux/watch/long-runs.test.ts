// Short forms of the long runs of bench/heal: what they measure at length is held here in small.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { breakers } from '../../../bench/heal/breaks.ts';
import { flood } from '../../../bench/heal/flood.ts';
import { measureHeals } from '../../../bench/heal/heal.ts';
import { idle } from '../../../bench/heal/idle.ts';
import { soak } from '../../../bench/heal/soak.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const small = { workloads: 8, routes: 200, neighbours: 10 };
let dir: string;

beforeEach(requires('ip'));
beforeEach(() => {
  freshMachine();
  sh('ip link set lo up');
  dir = mkdtempSync(join(tmpdir(), 'long-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

it('every kind of break is mended, again and again', async () => {
  const kinds = Object.keys(breakers);
  const { kinds: times } = await measureHeals(cli, dir, small, kinds.length * 3);
  expect(times.map(({ kind, times: mended, lost }) => [kind, mended.length, lost])).toEqual(
    kinds.map((kind) => [kind, 3, 0]),
  );
});

it('nothing is missed in a flood of foreign routes', async () => {
  const { missed, broken, exitStatus } = await flood(cli, dir, small, 20_000);
  expect(broken).toBeGreaterThan(0);
  expect({ missed, exitStatus }).toEqual({ missed: 0, exitStatus: 0 });
});

it('descriptors stay where they were through faults of every kind', async () => {
  const { samples, lost, missed } = await soak(cli, dir, small, 4);
  expect({ lost, missed }).toEqual({ lost: 0, missed: 0 });
  expect(samples.at(-1)!.heals).toBeGreaterThan(10);
  expect(samples.at(-1)!.descriptors).toBeLessThanOrEqual(samples[0]!.descriptors);
});

it('an idle watch sends nothing and reads nothing', async (context) => {
  requires('strace')(context);
  const { calls } = await idle(cli, dir, small, 3, 3600);
  // What is left are V8's own: threads, memory, and the event loop that they wake.
  const working = ['sendto', 'sendmsg', 'openat', 'statx', 'newfstatat', 'getdents64', 'setns', 'clone3'];
  expect(Object.keys(calls).filter((name) => working.includes(name))).toEqual([]);
  // A straggling event of IPv6's address detection may still be read; nothing comes again and again.
  expect(calls.recvmsg ?? 0).toBeLessThanOrEqual(3);
});
