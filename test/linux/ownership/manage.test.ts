// `manage: owned` and `manage: full`: what of the undeclared is extra in a namespace that we made, and what never is.
import { beforeEach, describe, expect, it } from 'vitest';
import { namespaceNames } from '../../../src/kernel/netns.ts';
import { sh } from '../../sandbox/machine.ts';
import { freshBox, lines, topologyOf } from '../semantics/box.ts';
import { applyText, destroyName, differencesOf, establish, found } from '../semantics/pass.ts';

const items = `links:
  eth0: { kind: veth, peer: { name: eth1 }, addresses: [10.0.0.1/24] }
routes: [{ dst: 10.9.0.0/16, via: 10.0.0.9, dev: eth0 }]`;
const made = topologyOf('made', items);

/** What people and daemons leave in a namespace, one of each. */
function litter(netns: string): void {
  sh(`ip -n ${netns} link add name stray type bridge; ip -n ${netns} link set stray up
    ip -n ${netns} addr add 10.8.0.1/24 dev eth0
    ip -n ${netns} neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev eth0 nud permanent
    ip -n ${netns} neigh add proxy 10.0.0.6 dev eth0
    ip -n ${netns} route add 10.7.1.0/24 dev eth0
    ip -n ${netns} route add 10.7.2.0/24 dev eth0 proto static`);
}

/** What nobody may take for extra: of the kernel, of daemons, and what runs out by itself. */
function keepsakes(netns: string): void {
  for (const [index, proto] of [
    'redirect',
    'kernel',
    'ra',
    'zebra',
    'bird',
    'dhcp',
    'felix',
    'bgp',
    'ospf',
  ].entries())
    sh(`ip -n ${netns} route add 10.6.${index}.0/24 dev eth0 proto ${proto === 'felix' ? 80 : proto}`);
  sh(`ip -n ${netns} addr add 10.5.0.1/24 dev eth0 valid_lft 3600 preferred_lft 3600
    ip -n ${netns} addr add 10.4.0.1/32 dev lo
    ip -n ${netns} neigh add 10.0.0.5 lladdr 02:00:00:00:00:05 dev eth0 nud reachable`);
}

const extras = [
  'extra made address eth0 10.8.0.1/24',
  'extra made link stray',
  'extra made neighbour eth0 10.0.0.6 proxy',
  'extra made neighbour eth0 10.0.0.7',
  'extra made route 10.7.1.0/24',
  'extra made route 10.7.2.0/24',
];

beforeEach(freshBox);

describe('in a namespace that we made', () => {
  beforeEach(() => establish(made));

  it('links, addresses, neighbours and hand-made routes that nobody declared are extra, and go', () => {
    litter('made');
    expect(
      found(differencesOf(made))
        .map((line) => line.replace('drift ', ''))
        .sort(),
    ).toEqual(extras);
    establish(made);
    expect(differencesOf(made)).toEqual([]);
    expect(lines('ip -n made -br link').map((line) => line.split(/[ @]/)[0])).not.toContain('stray');
    expect(lines('ip -n made route show').filter((line) => line.startsWith('10.7.'))).toEqual([]);
  });

  it('routes of the kernel and of daemons, passing addresses and learned neighbours are not', () => {
    keepsakes('made');
    expect(differencesOf(made)).toEqual([]);
    establish(made);
    expect(lines('ip -n made route show').filter((line) => line.startsWith('10.6.'))).toHaveLength(9);
    expect(sh('ip -n made addr')).toMatch(
      /10\.4\.0\.1\/32[\s\S]*10\.5\.0\.1\/24|10\.5\.0\.1\/24[\s\S]*10\.4\.0\.1\/32/,
    );
  });

  it('nothing is extra where the file says owned', () => {
    const owned = topologyOf('made', `manage: owned\n${items}`);
    litter('made');
    expect(differencesOf(owned)).toEqual([]);
  });

  it('goes whole when it leaves the file, and only then', () => {
    litter('made');
    establish(topologyOf('other', items));
    expect(namespaceNames()).toEqual(['box', 'other']);
    destroyName('mine');
    expect(namespaceNames()).toEqual(['box']);
  });

  it('is made anew when somebody deleted it', () => {
    sh('ip netns delete made');
    expect(new Set(differencesOf(made).map(({ change }) => change))).toEqual(new Set(['missing']));
    establish(made);
    expect(differencesOf(made)).toEqual([]);
  });
});

describe('in a namespace that was there', () => {
  const there = topologyOf('box', 'routes: [{ dst: 10.9.0.0/16, via: 10.0.0.9, dev: eth0 }]');

  it('nothing of others is extra', () => {
    litter('box');
    establish(there);
    expect(differencesOf(there)).toEqual([]);
    destroyName('mine');
    expect(namespaceNames()).toEqual(['box']);
    expect(lines('ip -n box route show').filter((line) => line.startsWith('10.7.'))).toHaveLength(2);
  });

  it('it is, where the file says full', () => {
    const full = topologyOf(
      'box',
      `manage: full\nlinks: { eth0: { kind: existing, addresses: [10.0.0.1/24] }, eth1: { kind: existing } }`,
    );
    litter('box');
    keepsakes('box');
    const { outcomes } = applyText(full, { pruneAll: true });
    expect(outcomes.map(({ difference }) => `${difference.change} ${difference.kind}`).sort()).toEqual([
      'changed netns',
      'extra address',
      'extra link',
      'extra neighbour',
      'extra neighbour',
      'extra route',
      'extra route',
    ]);
    expect(differencesOf(full)).toEqual([]);
    expect(lines('ip -n box route show').filter((line) => line.startsWith('10.6.'))).toHaveLength(9);
    expect(lines('ip -n box -br link').map((line) => line.split(/[ @]/)[0])).toEqual(['lo', 'eth1', 'eth0']);
  });

  it('fallback tunnels and what is no virtual link stay even there', () => {
    // The kernel makes tunl0 and its like in every namespace, where it has them at all.
    const before = lines('ip -n box -br link').map((line) => line.split(/[ @]/)[0]!);
    establish(
      topologyOf('box', 'manage: full\nlinks: { eth0: { kind: existing }, eth1: { kind: existing } }'),
    );
    expect(lines('ip -n box -br link').map((line) => line.split(/[ @]/)[0]!)).toEqual(before);
  });
});
