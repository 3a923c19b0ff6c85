// What the kernel takes along when an address goes: secondaries and routes of others are kept, or put back as they were.
import { beforeEach, describe, expect, it } from 'vitest';
import { differenceKey } from '../../../src/reconcile/difference.ts';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from '../semantics/box.ts';
import { applyText, differencesOf, establish, told } from '../semantics/pass.ts';

const on = (...addresses: string[]): string =>
  box(`links: { eth1: { kind: existing, addresses: [${addresses.join(', ')}] } }`);

const addresses = (): string[] => {
  const [eth1] = JSON.parse(sh('ip -n box -4 -j addr show dev eth1')) as {
    addr_info?: { local: string; prefixlen: number; secondary?: boolean }[];
  }[];
  return (eth1?.addr_info ?? []).map(
    ({ local, prefixlen, secondary }) => `${local}/${prefixlen}${secondary ? ' secondary' : ''}`,
  );
};

beforeEach(freshBox);

describe('deleting a primary address of ours', () => {
  it('leaves foreign secondaries of its subnet where they are', () => {
    establish(on('10.5.0.1/24'));
    sh('ip -n box addr add 10.5.0.2/24 dev eth1; ip -n box addr add 10.5.0.3/24 dev eth1');
    establish(on('10.6.0.1/24'));
    expect(addresses().sort()).toEqual(['10.5.0.2/24', '10.5.0.3/24 secondary', '10.6.0.1/24']);
    expect(lines('ip netns exec box cat /proc/sys/net/ipv4/conf/eth1/promote_secondaries')).toEqual(['0']);
  });

  it('leaves our own secondaries too', () => {
    establish(on('10.5.0.1/24', '10.5.0.2/24', '10.5.0.3/24'));
    establish(on('10.5.0.2/24', '10.5.0.3/24'));
    expect(addresses()).toEqual(['10.5.0.2/24', '10.5.0.3/24 secondary']);
  });
});

describe('the order of addresses in one subnet', () => {
  it('makes the first of the file the primary, at first and when the file changes', () => {
    establish(on('10.5.0.1/24', '10.5.0.2/24'));
    expect(addresses()).toEqual(['10.5.0.1/24', '10.5.0.2/24 secondary']);
    const turned = on('10.5.0.2/24', '10.5.0.1/24');
    expect(differencesOf(turned).map(differenceKey)).toEqual(['eth1 10.5.0.1/24']);
    establish(turned);
    expect(addresses()).toEqual(['10.5.0.2/24', '10.5.0.1/24 secondary']);
    expect(differencesOf(turned)).toEqual([]);
  });

  it('is mended after another deleted and made the primary', () => {
    const text = on('10.5.0.1/24', '10.5.0.2/24');
    establish(text);
    sh(`ip netns exec box sysctl -qw net.ipv4.conf.eth1.promote_secondaries=1
      ip -n box addr delete 10.5.0.1/24 dev eth1
      ip netns exec box sysctl -qw net.ipv4.conf.eth1.promote_secondaries=0`);
    establish(text);
    expect(addresses()).toEqual(['10.5.0.1/24', '10.5.0.2/24 secondary']);
  });
});

describe('deleting our last address of a link', () => {
  const foreign = `ip -n box route add 10.9.0.0/16 dev eth1 proto static
    ip -n box route add 10.9.1.0/24 dev eth1 proto bird table 100 metric 7
    ip -n box neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev eth1 nud permanent
    ip -n box neigh add proxy 10.9.0.8 dev eth1`;
  const state = (): string[] => [
    ...lines('ip -n box route show proto static'),
    ...lines('ip -n box route show table 100'),
    ...lines('ip -n box neigh show nud permanent dev eth1'),
    ...lines('ip -n box neigh show proxy dev eth1'),
  ];

  it('puts foreign routes, neighbours and proxies back as they were', () => {
    establish(on('10.5.0.1/24'));
    sh(foreign);
    const before = state();
    expect(before).toHaveLength(4);
    const { outcomes } = applyText(on());
    expect(told(outcomes)).toEqual(['done extra box address eth1 10.5.0.1/24']);
    expect(addresses()).toEqual([]);
    expect(state()).toEqual(before);
  });

  it('puts them back as well when the address is made anew', () => {
    establish(on('10.5.0.1/24'));
    sh(foreign);
    const before = state();
    establish(on('{ address: 10.5.0.1/24, noprefixroute: true }'));
    expect(state()).toEqual(before);
  });

  it('says so in the plan', () => {
    establish(on('10.5.0.1/24'));
    sh(foreign);
    const notes: string[] = [];
    applyText(on(), { onStep: (step) => void notes.push(...step.notes) });
    expect(notes).toEqual(['the last IPv4 address of eth1: puts back 2 neighbours, 2 routes']);
  });

  it('leaves them standing where a foreign address remains', () => {
    establish(on('10.5.0.1/24'));
    sh(`${foreign}; ip -n box addr add 10.6.0.1/24 dev eth1`);
    const before = state();
    establish(on());
    expect(addresses()).toEqual(['10.6.0.1/24']);
    expect(state()).toEqual(before);
  });
});

describe('a hardware address that changes', () => {
  it('keeps the permanent neighbours of others', () => {
    const bridge = (mac: string): string => box(`links: { br0: { kind: bridge, mac: '${mac}' } }`);
    establish(bridge('02:00:00:00:00:01'));
    sh(`ip -n box neigh add 10.9.0.9 lladdr 02:00:00:00:00:09 dev br0 nud permanent`);
    establish(bridge('02:00:00:00:00:02'));
    expect(lines('ip -n box neigh show nud permanent dev br0')).toEqual([
      '10.9.0.9 lladdr 02:00:00:00:00:09 PERMANENT',
    ]);
  });
});
