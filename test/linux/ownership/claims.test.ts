// Claims: a number is one topology's in a namespace, an old number of ours is taken over, and two topologies in one
// namespace leave each other alone.
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { sh } from '../../sandbox/machine.ts';
import { freshBox, lines } from '../semantics/box.ts';
import { applyText, destroyName, differencesOf, establish, told } from '../semantics/pass.ts';

/** A topology of a name and number with a bridge, an address, a neighbour and a route of its own in the box. */
function topology(name: string, protocol: number, n: number): string {
  return `name: ${name}
ownership: { protocol: ${protocol} }
netns:
  box:
    links:
      br${n}: { kind: bridge, addresses: [10.${n}.0.1/24], neighbours: [{ dst: 10.${n}.0.9, mac: 02:00:00:00:00:0${n} }] }
    routes: [{ dst: 10.10${n}.0.0/16, via: 10.${n}.0.9, dev: br${n} }]
`;
}

function claims(): string[] {
  const [lo] = JSON.parse(sh('ip -n box -j link show dev lo')) as { altnames?: string[] }[];
  return lo?.altnames ?? [];
}

const itemsOf = (n: number, protocol: number): string[] => [
  ...lines(`ip -n box -br link show dev br${n}`).map((line) => line.split(' ')[0]!),
  ...lines(`ip -n box -4 -o addr show dev br${n}`).map((line) => line.split(/\s+/)[3]!),
  ...lines(`ip -n box neigh show nud permanent dev br${n}`),
  ...lines(`ip -n box route show proto ${protocol} dev br${n}`),
];
const whole = (n: number, protocol: number): string[] => [
  `br${n}`,
  `10.${n}.0.1/24`,
  `10.${n}.0.9 lladdr 02:00:00:00:00:0${n} PERMANENT proto ${protocol}`,
  `10.10${n}.0.0/16 via 10.${n}.0.9`,
];

beforeEach(freshBox);

describe('two topologies in one namespace', () => {
  beforeEach(() => establish(topology('one', 201, 1), topology('two', 202, 2)));

  it('each see their own only, and both are in sync', () => {
    expect(claims().sort()).toEqual(['calico-reconcile.201.one', 'calico-reconcile.202.two']);
    expect(differencesOf(topology('one', 201, 1))).toEqual([]);
    expect(differencesOf(topology('two', 202, 2))).toEqual([]);
    expect([itemsOf(1, 201), itemsOf(2, 202)]).toEqual([whole(1, 201), whole(2, 202)]);
  });

  it('one is destroyed without a trace, and the other stays whole', () => {
    expect(told(destroyName('one').outcomes)).toEqual(
      expect.arrayContaining(['done extra box netns box', 'done extra box link br1']),
    );
    expect(claims()).toEqual(['calico-reconcile.202.two']);
    expect(lines('ip -n box route show proto 201')).toEqual([]);
    expect(lines('ip -n box -br link').map((line) => line.split(' ')[0])).not.toContain('br1');
    expect(itemsOf(2, 202)).toEqual(whole(2, 202));
    expect(differencesOf(topology('two', 202, 2))).toEqual([]);
  });

  it('neither takes the other for extra in a namespace that one of them made', () => {
    const elsewhere = (text: string): string => text.replaceAll('box', 'made');
    establish(elsewhere(topology('one', 201, 1)), elsewhere(topology('two', 202, 2)));
    expect(differencesOf(elsewhere(topology('one', 201, 1)))).toEqual([]);
    establish(elsewhere(topology('one', 201, 3)));
    expect(differencesOf(elsewhere(topology('two', 202, 2)))).toEqual([]);
  });
});

describe('a number that another topology claimed', () => {
  it('is an error that names it, and nothing is changed', () => {
    establish(topology('one', 201, 1));
    const before = [lines('ip -n box -o link'), lines('ip -n box route')];
    expect(() => applyText(topology('two', 201, 2))).toThrowError(
      expect.objectContaining({ code: 'ownership', message: expect.stringContaining('the topology one') }),
    );
    expect([lines('ip -n box -o link'), lines('ip -n box route')]).toEqual(before);
    expect(() => differencesOf(topology('two', 201, 2))).toThrowError(
      expect.objectContaining({ code: 'ownership' }),
    );
  });

  it('is free again once that topology is destroyed', () => {
    establish(topology('one', 201, 1));
    destroyName('one');
    establish(topology('two', 201, 2));
    expect(claims()).toEqual(['calico-reconcile.201.two']);
  });
});

describe('a topology whose number changed', () => {
  it('takes over what bears the old one, in place, and drops the old claim', () => {
    establish(topology('one', 201, 1));
    const ifindex = (): number => JSON.parse(sh('ip -n box -j link show dev br1'))[0].ifindex;
    const before = ifindex();
    establish(topology('one', 211, 1));
    expect(claims()).toEqual(['calico-reconcile.211.one']);
    expect(itemsOf(1, 211)).toEqual(whole(1, 211));
    expect(lines('ip -n box route show proto 201')).toEqual([]);
    expect(ifindex()).toBe(before);
    expect(differencesOf(topology('one', 211, 1))).toEqual([]);
  });

  it('deletes under the old one what left the file meanwhile', () => {
    establish(topology('one', 201, 1));
    establish(topology('one', 211, 2));
    expect(lines('ip -n box -br link').map((line) => line.split(' ')[0])).not.toContain('br1');
    expect(lines('ip -n box route show proto 201')).toEqual([]);
    expect(claims()).toEqual(['calico-reconcile.211.one']);
  });

  it('is destroyed by its name whatever the number', () => {
    establish(topology('one', 201, 1));
    destroyName('one');
    expect(claims()).toEqual([]);
    expect(lines('ip -n box route show proto 201')).toEqual([]);
    expect(lines('ip -n box -br link').map((line) => line.split(/[ @]/)[0])).toEqual(['lo', 'eth1', 'eth0']);
  });
});

describe('a namespace that we only claim', () => {
  it('is not spoken of as deleted', async () => {
    establish('name: one\nnetns: { box: { routes: [{ dst: 10.9.0.0/16, type: blackhole }] } }\n');
    expect((await run('destroy', '--name', 'one')).out.split('\n').slice(-3)).toEqual([
      '- netns box claim',
      'one: 2 items deleted',
      '',
    ]);
  });
});
