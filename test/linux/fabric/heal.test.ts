// A watch mends a fabric: forwarding entries, neighbours and routes that are lost, and a tunnel device with all that is on it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { needsKinds } from './kinds.ts';
import { lostPairs, stationsOf } from './pings.ts';
import { PATIENCE, Watching } from './watching.ts';

const file = 'topologies/four-hosts-vxlan.yaml';
let watching: Watching | undefined;

beforeEach(freshMachine);
beforeEach(requires('ip', 'bridge'));
beforeEach(needsKinds('vxlan'));
afterEach(async () => {
  await watching?.stop();
  watching = undefined;
});

/** What a host knows of its tunnel. */
function tunnelOf(netns: string): string[] {
  const commands = [
    `bridge -n ${netns} fdb show dev vxlan.calico`,
    `ip -n ${netns} neighbour show nud permanent dev vxlan.calico`,
    `ip -n ${netns} route show dev vxlan.calico`,
    `ip -n ${netns} -br -4 address show dev vxlan.calico`,
  ];
  return commands
    .flatMap((command) => sh(`${command} 2>&1 || true`).split('\n'))
    .filter((line) => line.trim() !== '')
    .sort();
}

describe('a watched fabric', () => {
  it.each([
    [
      'a forwarding entry',
      'bridge -n host0 fdb del $(bridge -n host0 fdb show dev vxlan.calico | head -n 1 | cut -d" " -f1) dev vxlan.calico',
    ],
    ['the neighbours', 'ip -n host0 neighbour flush dev vxlan.calico nud permanent'],
    ['the routes', 'ip -n host0 route flush dev vxlan.calico'],
    ['the device', 'ip -n host0 link del dev vxlan.calico'],
    ['the link below it', 'ip -n host0 link set dev eth0 down'],
  ])('has %s back when they are lost', async (_what, command) => {
    watching = new Watching([file]);
    await watching.says(/in sync/);
    const whole = tunnelOf('host0');
    expect(whole).toHaveLength(8);
    sh(command);
    await expect.poll(() => tunnelOf('host0'), { timeout: PATIENCE }).toEqual(whole);
    await watching.says(/mended/);
    expect(lostPairs(stationsOf(file)).lost).toEqual([]);
  });
});
