// Several routes at one key: IPv4 keeps duplicates, the first in force; IPv6 keeps a gateway group and device routes
// side by side. Ours is changed and deleted, and nobody else's.
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from '../semantics/box.ts';
import { applyText, differencesOf, establish, found, told } from '../semantics/pass.ts';

beforeEach(freshBox);

describe('IPv4 routes at the key of ours', () => {
  const via = (gateway: string): string => box(`routes: [{ dst: 10.9.0.0/16, via: ${gateway}, dev: eth0 }]`);
  const routes = (): string[] => lines('ip -n box route show 10.9.0.0/16');
  const theirs = '10.9.0.0/16 via 10.0.0.6 dev eth0 proto static';
  const ours = (gateway: string): string => `10.9.0.0/16 via ${gateway} dev eth0 proto 169`;

  beforeEach(() => establish(via('10.0.0.8')));

  it('are left behind ours when appended, and ours is changed past them', () => {
    sh('ip -n box route append 10.9.0.0/16 via 10.0.0.6 dev eth0 proto static');
    expect(differencesOf(via('10.0.0.8'))).toEqual([]);
    establish(via('10.0.0.7'));
    expect(routes()).toEqual([ours('10.0.0.7'), theirs]);
    expect(differencesOf(via('10.0.0.7'))).toEqual([]);
    establish(box('{}'));
    expect(routes()).toEqual([theirs]);
  });

  it('that shadow ours are drift: ours comes first again, theirs stays', () => {
    sh('ip -n box route prepend 10.9.0.0/16 via 10.0.0.6 dev eth0 proto static');
    const [shadowed] = differencesOf(via('10.0.0.8'));
    expect(found([shadowed!])).toEqual(['drift changed box route 10.9.0.0/16']);
    expect(shadowed!.cause).toBe('shadowed by a route of proto static');
    establish(via('10.0.0.8'));
    expect(routes()).toEqual([ours('10.0.0.8'), theirs]);
    expect(differencesOf(via('10.0.0.8'))).toEqual([]);
  });

  it('that shadow ours stay when ours is changed, and when it is deleted', () => {
    sh('ip -n box route prepend 10.9.0.0/16 via 10.0.0.6 dev eth0 proto static');
    establish(via('10.0.0.7'));
    expect(routes()).toEqual([ours('10.0.0.7'), theirs]);
    sh('ip -n box route prepend 10.9.0.0/16 via 10.0.0.5 dev eth0 proto bird');
    establish(box('{}'));
    expect(routes()).toEqual(['10.9.0.0/16 via 10.0.0.5 dev eth0 proto bird', theirs]);
  });

  it('stay where only what the kernel cannot tell apart differs', () => {
    sh('ip -n box route append 10.9.0.0/16 via 10.0.0.6 dev eth0 proto static');
    const withMtu = via('10.0.0.8').replace('dev: eth0', 'dev: eth0, mtu: 1400');
    establish(withMtu);
    expect(routes()).toEqual([`${ours('10.0.0.8')} mtu 1400`, theirs]);
    expect(differencesOf(withMtu)).toEqual([]);
  });

  it('of ours are told as extra and go, but for the one that is wanted', () => {
    sh('ip -n box route append 10.9.0.0/16 via 10.0.0.5 dev eth0 proto 169');
    expect(told(applyText(via('10.0.0.8')).outcomes)).toEqual(['done extra box route 10.9.0.0/16']);
    expect(routes()).toEqual([ours('10.0.0.8')]);
  });

  it('of another metric are others: nobody touches them', () => {
    sh('ip -n box route add 10.9.0.0/16 via 10.0.0.6 dev eth0 proto static metric 5');
    establish(via('10.0.0.7'), box('{}'));
    expect(routes()).toEqual([`${theirs} metric 5`]);
  });
});

describe('IPv6 routes at the key of ours', () => {
  const routes = (): string[] =>
    lines('ip -n box -6 route show fd09::/64').map((line) => line.replace(/ pref .*/, ''));
  const wanted = (rest: string): string => box(`routes: [{ dst: fd09::/64, ${rest} }]`);

  beforeEach(() => void sh('ip -n box addr add fd00::1/64 dev eth0 nodad'));

  it('a foreign device route stays beside our gateway route, changed and deleted', () => {
    establish(wanted('via: fd00::8, dev: eth0'));
    sh('ip -n box -6 route append fd09::/64 dev eth1 proto static');
    establish(wanted('via: fd00::7, dev: eth0'));
    expect(routes().sort()).toEqual([
      'fd09::/64 dev eth1 proto static metric 1024',
      'fd09::/64 via fd00::7 dev eth0 proto 169 metric 1024',
    ]);
    establish(box('{}'));
    expect(routes()).toEqual(['fd09::/64 dev eth1 proto static metric 1024']);
  });

  it('ours turns from a gateway to a device, and back', () => {
    establish(wanted('via: fd00::8, dev: eth0'), wanted('dev: eth1'));
    expect(routes()).toEqual(['fd09::/64 dev eth1 proto 169 metric 1024']);
    establish(wanted('via: fd00::8, dev: eth0'));
    expect(routes()).toEqual(['fd09::/64 via fd00::8 dev eth0 proto 169 metric 1024']);
    expect(differencesOf(wanted('via: fd00::8, dev: eth0'))).toEqual([]);
  });

  it('a gateway that another merged into ours is drift, and goes', () => {
    const text = wanted('via: fd00::8, dev: eth0');
    establish(text);
    sh('ip -n box -6 route append fd09::/64 via fd00::6 dev eth0 proto static');
    expect(found(differencesOf(text))).toEqual(['drift changed box route fd09::/64']);
    establish(text);
    expect(routes()).toEqual(['fd09::/64 via fd00::8 dev eth0 proto 169 metric 1024']);
  });

  it('ours does not turn to a gateway where it would merge into another’s, and stays as it was', () => {
    establish(wanted('dev: eth1'));
    sh('ip -n box -6 route append fd09::/64 via fd00::6 dev eth0 proto static');
    const before = routes();
    const { outcomes } = applyText(wanted('via: fd00::8, dev: eth0'));
    expect(told(outcomes)).toEqual([expect.stringMatching(/^failed changed box route fd09::\/64: .*EEXIST/)]);
    expect(routes()).toEqual(before);
  });
});
