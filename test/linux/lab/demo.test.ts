// The tour of `npm start`, as built: no packet lost, everything broken is healed, nothing left.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { freshMachine } from '../../sandbox/machine.ts';

const demo = fileURLToPath(new URL('../../../dist/lab/demo.js', import.meta.url));

describe('demo', () => {
  let tour: { readonly status: number | null; readonly stdout: string; readonly stderr: string };

  beforeAll(() => {
    freshMachine();
    tour = spawnSync(process.execPath, [demo], { encoding: 'utf8' });
  });

  it('ends well and says nothing on stderr', () => {
    expect(tour).toMatchObject({ status: 0, stderr: '' });
  });

  it('loses packets only while the network is broken', () => {
    const losses = [...tour.stdout.matchAll(/received, (\d+)% lost/g)].map((match) => Number(match[1]));
    expect(losses).toEqual([0, 0, 100, 100, 0, 0]);
  });

  it('passes two routers each way', () => {
    const ttls = [...tour.stdout.matchAll(/ttl=(\d+)/g)].map((match) => match[1]);
    expect(ttls).toHaveLength(12);
    expect(new Set(ttls)).toEqual(new Set(['62']));
  });
});
