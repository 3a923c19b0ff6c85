// What replaced or changed an item of ours is drift, and is mended, whoever did it.
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from '../semantics/box.ts';
import { applyText, differencesOf, establish, found, told } from '../semantics/pass.ts';

const wanted = box(`links:
  br0: { kind: bridge, mac: 02:00:00:00:00:aa }
  eth0:
    kind: existing
    addresses: [10.2.0.1/24]
    neighbours: [{ dst: 10.0.0.9, mac: 02:00:00:00:00:10 }]
routes:
  - { dst: 10.9.0.0/16, via: 10.0.0.8, dev: eth0 }`);

beforeEach((context) => {
  freshBox(context);
  establish(wanted);
});

describe('what replaced an item of ours is drift, and is mended', () => {
  it.each([
    [
      'a route, by a daemon',
      'ip -n box route replace 10.9.0.0/16 via 10.0.0.7 dev eth0 proto bird',
      'drift changed box route 10.9.0.0/16',
    ],
    [
      'a route, by hand',
      'ip -n box route delete 10.9.0.0/16; ip -n box route add blackhole 10.9.0.0/16',
      'drift changed box route 10.9.0.0/16',
    ],
    [
      'a neighbour',
      'ip -n box neigh delete 10.0.0.9 dev eth0; ip -n box neigh add 10.0.0.9 lladdr 02:00:00:00:00:66 dev eth0 nud permanent',
      'drift changed box neighbour eth0 10.0.0.9',
    ],
    [
      'an address',
      'ip -n box addr delete 10.2.0.1/24 dev eth0; ip -n box addr add 10.2.0.1/24 scope link dev eth0',
      'drift changed box address eth0 10.2.0.1/24',
    ],
    [
      'a link',
      'ip -n box link delete br0; ip -n box link add name br0 type veth peer name far',
      'drift changed box link br0',
    ],
  ])('%s', (_, act, difference) => {
    sh(act);
    expect(found(differencesOf(wanted))).toEqual([difference]);
    expect(applyText(wanted).outcomes.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    expect(differencesOf(wanted)).toEqual([]);
  });

  it('also after an apply that could not mend it', () => {
    const isRoute = (line: string): boolean => line.includes(' route ');
    sh(`ip -n box route delete 10.9.0.0/16; ip -n box addr delete 10.0.0.1/24 dev eth0
      ip -n box route add blackhole 10.9.0.0/16 proto bird`);
    const failed = told(applyText(wanted).outcomes).filter(isRoute);
    expect(failed).toEqual([expect.stringMatching(/^failed changed box route 10\.9\.0\.0\/16: /)]);
    expect(found(differencesOf(wanted)).filter(isRoute)).toEqual(['drift changed box route 10.9.0.0/16']);
    sh('ip -n box addr add 10.0.0.1/24 dev eth0');
    establish(wanted);
    expect(differencesOf(wanted)).toEqual([]);
  });

  it('and names the daemon', () => {
    sh('ip -n box route replace 10.9.0.0/16 via 10.0.0.7 dev eth0 proto bird');
    expect(differencesOf(wanted).map(({ cause }) => cause)).toEqual(['replaced by proto bird']);
  });
});

describe('what changed or took an item of ours is drift', () => {
  it.each([
    ['ip -n box link set br0 down', 'drift changed box link br0'],
    ['ip -n box link set br0 mtu 1300', 'drift changed box link br0'],
    ['ip -n box link set br0 address 02:00:00:00:00:bb', 'drift changed box link br0'],
    ['ip -n box link set br0 alias stolen', 'drift changed box link br0'],
    ['ip -n box addr delete 10.2.0.1/24 dev eth0', 'drift missing box address eth0 10.2.0.1/24'],
    ['ip -n box neigh delete 10.0.0.9 dev eth0', 'drift missing box neighbour eth0 10.0.0.9'],
    ['ip -n box route delete 10.9.0.0/16', 'drift missing box route 10.9.0.0/16'],
    ['ip -n box route add 10.8.0.0/16 dev eth0 proto 169', 'drift extra box route 10.8.0.0/16'],
  ])('%s', (act, difference) => {
    sh(act);
    expect(found(differencesOf(wanted))).toEqual([difference]);
    expect(told(applyText(wanted).outcomes)).toEqual([difference.replace('drift', 'done')]);
    expect(differencesOf(wanted)).toEqual([]);
  });

  it('is mended in full after the link that carried it all went down', () => {
    sh('ip -n box link set eth0 down; ip -n box link set eth0 up');
    expect(found(differencesOf(wanted))).toEqual([
      'drift missing box neighbour eth0 10.0.0.9',
      'drift missing box route 10.9.0.0/16',
    ]);
    applyText(wanted);
    expect(differencesOf(wanted)).toEqual([]);
  });
});

describe('an edit of the file is pending', () => {
  it('where an item is new, other or gone, each beside the drift of another', () => {
    sh('ip -n box link set br0 mtu 1300');
    const edited = wanted
      .replace('10.0.0.8', '10.0.0.7')
      .replace('10.2.0.1/24', '10.2.0.2/24')
      .replace('10.0.0.9', '10.0.0.10');
    expect(found(differencesOf(edited)).sort()).toEqual([
      'drift changed box link br0',
      'pending changed box route 10.9.0.0/16',
      'pending extra box address eth0 10.2.0.1/24',
      'pending extra box neighbour eth0 10.0.0.9',
      'pending missing box address eth0 10.2.0.2/24',
      'pending missing box neighbour eth0 10.0.0.10',
    ]);
    establish(edited);
    expect(lines('ip -n box route show proto 169')).toEqual(['10.9.0.0/16 via 10.0.0.7 dev eth0']);
  });
});
