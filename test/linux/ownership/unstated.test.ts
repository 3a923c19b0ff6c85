// What the file does not state, or states no more: of a link of ours it is what a new link has, in a namespace we made
// what a fresh one has, and elsewhere it stays and is told once.
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines, topologyOf } from '../semantics/box.ts';
import { applyText, differencesOf, establish, found } from '../semantics/pass.ts';

const sysctl = (netns: string, key: string): string =>
  lines(`ip netns exec ${netns} cat /proc/sys/${key.replaceAll('.', '/')}`).join();

beforeEach(freshBox);

describe('an unstated setting of a link of ours', () => {
  const full = `links:
  br0: { kind: bridge, stp: true }
  v0:
    kind: veth
    peer: { name: v1 }
    mtu: 1400
    master: br0
    up: false
    proxyArp: true
    forwarding: true
    rpFilter: 2
    proxyDelay: 0
    sysctls: { ipv4: { arp_ignore: 1 }, ipv6: { accept_ra: 0 } }`;
  const bare = 'links: { br0: { kind: bridge }, v0: { kind: veth, peer: { name: v1 } } }';

  it('goes back to the default when it leaves the file', () => {
    establish(box(full));
    expect(sysctl('box', 'net.ipv4.conf.v0.arp_ignore')).toBe('1');
    establish(box(bare));
    const [v0] = JSON.parse(sh('ip -n box -j link show dev v0'));
    expect(v0.mtu).toBe(1500);
    expect(v0.master).toBeUndefined();
    expect(v0.flags).toContain('UP');
    const values = [
      'net.ipv4.conf.v0.proxy_arp',
      'net.ipv4.conf.v0.forwarding',
      'net.ipv4.conf.v0.rp_filter',
      'net.ipv4.conf.v0.arp_ignore',
      'net.ipv4.neigh.v0.proxy_delay',
      'net.ipv6.conf.v0.accept_ra',
    ].map((key) => [key, sysctl('box', key)]);
    sh('ip -n box link add name new type veth peer name far');
    const ofNew = values.map(([key]) => [key, sysctl('box', key!.replace('.v0.', '.new.'))]);
    expect(values).toEqual(ofNew);
    expect(sh('ip -n box -d link show dev br0')).toContain('stp_state 0');
    expect(differencesOf(box(bare))).toEqual([]);
  });

  it('that another changed is drift', () => {
    establish(box(bare));
    sh(`ip -n box link set v0 mtu 1300; ip -n box link set v1 master br0
      ip netns exec box sysctl -qw net.ipv4.conf.v0.proxy_arp=1`);
    expect(found(differencesOf(box(bare)))).toEqual([
      'drift changed box link v0',
      'drift changed box link v1',
      'drift changed box sysctl net.ipv4.conf.v0.proxy_arp',
    ]);
  });

  it('is what a new link in that namespace would have, not what the kernel is built with', () => {
    sh('ip netns exec box sysctl -qw net.ipv4.conf.default.rp_filter=2');
    establish(box(full.replace('    rpFilter: 2\n', '    rpFilter: 1\n')));
    establish(box(bare));
    expect(sysctl('box', 'net.ipv4.conf.v0.rp_filter')).toBe('2');
  });

  it('stays on a link that is not ours', () => {
    sh('ip -n box link set eth0 mtu 1300; ip netns exec box sysctl -qw net.ipv4.conf.eth0.proxy_arp=1');
    const text = box('links: { eth0: { kind: existing, addresses: [10.5.0.1/24] } }');
    establish(text);
    expect(sysctl('box', 'net.ipv4.conf.eth0.proxy_arp')).toBe('1');
    expect(sh('ip -n box link show dev eth0')).toContain('mtu 1300');
    expect(differencesOf(text)).toEqual([]);
  });

  it('leaves a random hardware address alone', () => {
    establish(box(bare));
    sh('ip -n box link set v0 address 02:00:00:00:00:77');
    expect(differencesOf(box(bare))).toEqual([]);
  });
});

describe('a sysctl that leaves the file', () => {
  const keys = 'sysctls: { net.ipv4.ip_forward: 1, net.ipv4.ip_default_ttl: 65 }';

  it('returns to a fresh value in a namespace that we made', () => {
    establish(topologyOf('made', keys));
    expect(sysctl('made', 'net.ipv4.ip_forward')).toBe('1');
    const { left } = applyText(topologyOf('made', 'sysctls: { net.ipv4.ip_default_ttl: 65 }'));
    expect(left).toEqual([]);
    expect(sysctl('made', 'net.ipv4.ip_forward')).toBe('0');
    expect(sysctl('made', 'net.ipv4.ip_default_ttl')).toBe('65');
  });

  it('stays elsewhere, and is told once', () => {
    establish(box(keys));
    const without = box('sysctls: { net.ipv4.ip_default_ttl: 65 }');
    expect(applyText(without).left).toEqual(['box net.ipv4.ip_forward']);
    expect(sysctl('box', 'net.ipv4.ip_forward')).toBe('1');
    expect(applyText(without)).toMatchObject({ left: [], outcomes: [] });
  });

  it('stays elsewhere when all of the namespace leaves the file', () => {
    establish(box(keys));
    const { left } = applyText(topologyOf('made', 'sysctls: { net.ipv4.ip_default_ttl: 65 }'));
    expect([...left].sort()).toEqual(['box net.ipv4.ip_default_ttl', 'box net.ipv4.ip_forward']);
    expect(sysctl('box', 'net.ipv4.ip_forward')).toBe('1');
    expect(lines('ip -n box -j link show dev lo').join()).not.toContain('calico-reconcile');
  });
});
