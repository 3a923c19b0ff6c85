// Between reading and deleting, what was ours may have become another's: the kernel guards routes, marks are read again
// for the rest. Each case changes hands behind the pass's back, right before its removals.
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from '../semantics/box.ts';
import { applyAndMeanwhile, establish, told } from '../semantics/pass.ts';

const before = box(`links:
  br0: { kind: bridge }
  br1: { kind: bridge }
  eth0:
    kind: existing
    addresses: [10.2.0.1/24]
    neighbours: [{ dst: 10.0.0.9, mac: 02:00:00:00:00:10 }]
routes:
  - { dst: 10.9.0.0/16, via: 10.0.0.8, dev: eth0 }`);
/** Nothing of the above but br1; something new, so that a step of the settings comes first. */
const after = box(`links: { br1: { kind: bridge } }\nroutes: [{ dst: 10.7.0.0/16, type: blackhole }]`);

beforeEach((context) => {
  freshBox(context);
  establish(before);
});

describe('what changed hands right before its delete stays', () => {
  it.each([
    [
      'a route that a daemon put in the place of ours',
      'ip -n box route replace 10.9.0.0/16 via 10.0.0.7 dev eth0 proto bird',
      'ip -n box route show 10.9.0.0/16',
      '10.9.0.0/16 via 10.0.0.7 dev eth0 proto bird',
    ],
    [
      'a route that another made with the same gateway',
      'ip -n box route replace 10.9.0.0/16 via 10.0.0.8 dev eth0 proto static',
      'ip -n box route show 10.9.0.0/16',
      '10.9.0.0/16 via 10.0.0.8 dev eth0 proto static',
    ],
    [
      'an address without our mark',
      'ip -n box addr delete 10.2.0.1/24 dev eth0; ip -n box addr add 10.2.0.1/24 dev eth0',
      'ip -n box -br -4 addr show dev eth0',
      'eth0@eth1        UP             10.0.0.1/24 10.2.0.1/24',
    ],
    [
      'a neighbour without our mark',
      'ip -n box neigh delete 10.0.0.9 dev eth0; ip -n box neigh add 10.0.0.9 lladdr 02:00:00:00:00:66 dev eth0 nud permanent',
      'ip -n box neigh show nud permanent dev eth0',
      '10.0.0.9 lladdr 02:00:00:00:00:66 PERMANENT',
    ],
    [
      'a link that left our group',
      'ip -n box link set br0 group 7 alias theirs',
      'ip -n box -br link show group 7',
      expect.stringMatching(/^br0 /),
    ],
    [
      'another link of its name',
      'ip -n box link delete br0; ip -n box link add name br0 group 7 type bridge',
      'ip -n box -br link show group 7',
      expect.stringMatching(/^br0 /),
    ],
  ])('%s', (_, act, show, expected) => {
    applyAndMeanwhile(after, 'settings', () => void sh(act));
    expect(lines(show)).toEqual([expected]);
  });

  it('and everything else of ours goes', () => {
    const { outcomes } = applyAndMeanwhile(after, 'settings', () => {
      sh('ip -n box route replace 10.9.0.0/16 via 10.0.0.7 dev eth0 proto bird');
    });
    expect(told(outcomes)).toEqual([
      'done missing box route 10.7.0.0/16',
      'done extra box route 10.9.0.0/16',
      'done extra box neighbour eth0 10.0.0.9',
      'done extra box address eth0 10.2.0.1/24',
      'done extra box link br0',
    ]);
    expect(lines('ip -n box -br link')).toHaveLength(4); // lo, eth0, eth1, br1
  });
});
