// One pool, wrapped in one way after another: each time everyone is reached, and nothing is left of the way before.
import { beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../../src/kernel/machine.ts';
import { freshMachine } from '../../sandbox/machine.ts';
import { expectSame, readState } from '../laws/state.ts';
import { applyText, desire, differencesOf, establish, told } from '../semantics/pass.ts';
import { needsKinds, switchFallbackTunnels } from './kinds.ts';
import { lostPairs, type Station } from './pings.ts';

const file = (encapsulation: string): string => `
name: switching
hosts:
  host0: { netns: host0, uplink: { dev: eth0, addresses: [192.168.1.10/24, "2001:db8::10/64"] }, blocks: [10.20.0.0/26] }
  host1: { netns: host1, uplink: { dev: eth0, addresses: [192.168.1.11/24, "2001:db8::11/64"] } }
underlay:
  lan: { hosts: [host0, host1] }
pools:
  - { cidr: 10.20.0.0/16, encapsulation: ${encapsulation} }
  - { cidr: "fd00:20::/64", encapsulation: ${encapsulation.startsWith('vxlan') ? encapsulation : 'none'} }
workloads:
  ns0: { host: host0, addresses: [10.20.0.2, "fd00:20::2"] }
  ns1: { host: host1, addresses: [10.20.1.3, "fd00:20::3"] }
`;
const stations: readonly Station[] = [
  { netns: 'ns0', addresses: [0x0a140002, 'fd00:20::2'] },
  { netns: 'ns1', addresses: [0x0a140103, 'fd00:20::3'] },
];

function stateOf(text: string): string[] {
  const machine = Machine.open();
  try {
    return readState(machine, desire(text));
  } finally {
    machine.close();
  }
}

/** The state that a text comes to on a machine with nothing on it. */
function freshStateOf(text: string): string[] {
  freshMachine();
  establish(text);
  return stateOf(text);
}

function walk(encapsulations: readonly string[]): void {
  const wanted = new Map(encapsulations.map((name) => [name, freshStateOf(file(name))]));
  freshMachine();
  for (const name of encapsulations) {
    const undone = applyText(file(name)).outcomes.filter(({ outcome }) => outcome !== 'done');
    expect([name, told(undone)]).toEqual([name, []]);
    expect([name, differencesOf(file(name))]).toEqual([name, []]);
    expectSame(wanted.get(name)!, stateOf(file(name)));
    expect([name, lostPairs(stations)]).toEqual([name, { tried: 4, lost: [] }]);
  }
}

beforeEach(freshMachine);

describe('switching a pool', () => {
  beforeEach(needsKinds('vxlan'));

  it('goes from none to vxlan and back, with nothing left over', () => {
    walk(['none', 'vxlan', 'none', 'vxlan-cross-subnet', 'none']);
  });
});

describe('switching a pool through ipip', () => {
  beforeEach(needsKinds('vxlan', 'ipip'));

  it('goes all the way round where new namespaces have a tunl0', (context) => {
    switchFallbackTunnels(context, 0);
    try {
      walk(['none', 'vxlan', 'ipip', 'none', 'ipip-cross-subnet', 'vxlan']);
    } finally {
      switchFallbackTunnels(context, 2);
    }
  });

  it('goes all the way round where new namespaces have none', (context) => {
    switchFallbackTunnels(context, 2);
    walk(['none', 'vxlan', 'ipip', 'none', 'ipip-cross-subnet', 'vxlan']);
  });
});
