// IPv6 routes are keyed otherwise than IPv4's: no metric is 1024, gateways of one key are one route of several nexthops,
// whoever added them, and a route straight to a device stands beside.
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from './box.ts';
import { eventsDuring } from './event-log.ts';
import { applyText, destroyName, differencesOf, establish, found, told } from './pass.ts';

beforeEach((context) => {
  freshBox(context);
  sh('ip -n box addr add fd00::1/64 dev eth0 nodad');
});

const withRoutes = (...routes: readonly string[]): string =>
  box(`routes:\n${routes.map((route) => `  - { dst: "fd09::/64", ${route} }`).join('\n')}`);
const viaAll = (...gateways: readonly string[]): string =>
  withRoutes(`nexthops: [${gateways.map((via) => `{ via: "fd00::${via}", dev: eth0 }`).join(', ')}]`);

const inConflict = 'skipped changed box route fd09::/64: a foreign item stands there; --adopt takes it over';

/** The routes to the prefix, each in one line without what IPv6 always prints. */
const standing = (): string[] =>
  lines('ip -o -n box -6 route show fd09::/64').map((line) =>
    line
      .replaceAll(/\\\t?/g, ' ')
      .replaceAll(/ pref medium| {2,}/g, (text) => (text[1] === 'p' ? '' : ' '))
      .trim(),
  );

describe('the metric of an IPv6 route', () => {
  it('is 1024 where none is stated, and stating that is the same route', async () => {
    establish(withRoutes('via: "fd00::9", dev: eth0'));
    expect(standing()).toEqual(['fd09::/64 via fd00::9 dev eth0 proto 169 metric 1024']);
    const stated = withRoutes('via: "fd00::9", dev: eth0, metric: 1024');
    expect(differencesOf(stated)).toEqual([]);
    expect(await eventsDuring('box', () => establish(stated))).toEqual([]);
    establish(box('{}'));
    expect(standing()).toEqual([]);
  });

  it('keeps routes apart, and takes no other along', () => {
    sh('ip -n box -6 route add fd09::/64 via fd00::7 dev eth0 metric 10');
    establish(withRoutes('via: "fd00::9", dev: eth0', 'via: "fd00::8", dev: eth0, metric: 512'));
    expect(standing()).toEqual([
      'fd09::/64 via fd00::7 dev eth0 metric 10',
      'fd09::/64 via fd00::8 dev eth0 proto 169 metric 512',
      'fd09::/64 via fd00::9 dev eth0 proto 169 metric 1024',
    ]);
    establish(withRoutes('via: "fd00::8", dev: eth0, metric: 512'));
    establish(withRoutes('via: "fd00::8", dev: eth0, metric: 256'));
    expect(standing()).toEqual([
      'fd09::/64 via fd00::7 dev eth0 metric 10',
      'fd09::/64 via fd00::8 dev eth0 proto 169 metric 256',
    ]);
    destroyName('mine');
    expect(standing()).toEqual(['fd09::/64 via fd00::7 dev eth0 metric 10']);
  });
});

describe('several nexthops in IPv6', () => {
  it.each([
    ['one more', ['7', '8'], ['7', '8', '9']],
    ['one less', ['7', '8', '9'], ['7', '9']],
    ['all others', ['7', '8'], ['9', 'a']],
    ['from one to two', ['7'], ['7', '8']],
    ['from two to one', ['7', '8'], ['8']],
  ])('%s: the route becomes what a fresh apply makes', (_, before, after) => {
    establish(viaAll(...after));
    const wanted = standing();
    for (const hop of after) expect(wanted[0]).toContain(`via fd00::${hop} dev eth0`);
    establish(box('{}'), viaAll(...before), viaAll(...after));
    expect(standing()).toEqual(wanted);
    expect(differencesOf(viaAll(...after))).toEqual([]);
    expect(applyText(viaAll(...after)).outcomes).toEqual([]);
  });

  it('lose one that the kernel lost, and have it back', () => {
    establish(viaAll('7', '8'));
    const wanted = standing();
    sh('ip -n box -6 route del fd09::/64 via fd00::8 dev eth0');
    expect(found(differencesOf(viaAll('7', '8')))).toEqual(['drift changed box route fd09::/64']);
    establish(viaAll('7', '8'));
    expect(standing()).toEqual(wanted);
  });

  it('lose one that somebody else added, which the kernel takes for ours', () => {
    establish(viaAll('7', '8'));
    const wanted = standing();
    sh('ip -n box -6 route append fd09::/64 via fd00::9 dev eth0 proto static');
    expect(standing()).toHaveLength(1);
    expect(found(differencesOf(viaAll('7', '8')))).toEqual(['drift changed box route fd09::/64']);
    establish(viaAll('7', '8'));
    expect(standing()).toEqual(wanted);
  });

  it('of others are in conflict with one of ours, which would join them', () => {
    sh(
      'ip -n box -6 route add fd09::/64 proto static nexthop via fd00::7 dev eth0 nexthop via fd00::8 dev eth0',
    );
    const before = standing();
    const file = withRoutes('via: "fd00::9", dev: eth0');
    expect(found(differencesOf(file))).toEqual(['conflict changed box route fd09::/64']);
    expect(told(applyText(file).outcomes)).toEqual([inConflict]);
    expect(standing()).toEqual(before);
    expect(told(applyText(file, { adopt: true }).outcomes)).toContain('done changed box route fd09::/64');
    expect(standing()).toEqual(['fd09::/64 via fd00::9 dev eth0 proto 169 metric 1024']);
  });

  it('are in conflict with others’ route straight to a device, which would stand beside', () => {
    sh('ip -n box -6 route add fd09::/64 dev eth1 proto static');
    expect(told(applyText(viaAll('7', '8')).outcomes)).toEqual([inConflict]);
    expect(standing()).toEqual(['fd09::/64 dev eth1 proto static metric 1024']);
    applyText(viaAll('7', '8'), { adopt: true });
    expect(standing()).toHaveLength(1);
    expect(standing()[0]).toMatch(/nexthop via fd00::7 dev eth0 weight 1 nexthop via fd00::8 dev eth0/);
  });

  it('cannot be devices alone: the kernel’s own word is told', () => {
    const file = withRoutes('nexthops: [{ dev: eth0 }, { via: "fd00::9", dev: eth0 }]');
    expect(told(applyText(file).outcomes)).toContain(
      'failed missing box route fd09::/64: Device only routes can not be added for IPv6 using the multipath API. (EINVAL)',
    );
    expect(standing()).toEqual([]);
  });

  it('live again with the link and the address that they go by', async () => {
    const file = box(`links:
  eth0: { kind: existing, up: true, addresses: ["fd00::1/64"] }
  eth1: { kind: existing, up: true, addresses: ["fd01::1/64"] }
routes:
  - { dst: "fd09::/64", nexthops: [{ via: "fd00::9", dev: eth0 }, { via: "fd01::9", dev: eth1 }] }`);
    sh('ip -n box addr del fd00::1/64 dev eth0');
    establish(file);
    const wanted = standing();
    expect(wanted[0]).toMatch(/via fd00::9 dev eth0 .*via fd01::9 dev eth1/);
    sh('ip -n box link set eth0 down');
    expect(standing()[0]).toMatch(/via fd00::9 dev eth0 weight 1 dead/);
    establish(file);
    await expect.poll(standing).toEqual(wanted); // the carrier's coming back is told a little later
    expect(differencesOf(file)).toEqual([]);
  });

  it('weigh what the file says, and a changed weight is a changed route', () => {
    const weighing = (weight: number): string =>
      withRoutes(
        `nexthops: [{ via: "fd00::7", dev: eth0 }, { via: "fd00::8", dev: eth0, weight: ${weight} }]`,
      );
    establish(weighing(2));
    expect(standing()[0]).toMatch(/fd00::8 dev eth0 weight 2/);
    establish(weighing(5));
    expect(standing()[0]).toMatch(/fd00::8 dev eth0 weight 5/);
    expect(differencesOf(weighing(5))).toEqual([]);
  });

  it('are the same in another order', async () => {
    establish(viaAll('8', '7'));
    expect(differencesOf(viaAll('7', '8'))).toEqual([]);
    expect(await eventsDuring('box', () => establish(viaAll('7', '8')))).toEqual([]);
  });
});
