// Every way to break what the watch holds, on the real kernel: it is mended by event, with its cause, and nothing else
// is touched.
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CauseCode } from '../../../src/watch/cause.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { Watching } from './watching.ts';

const topology = `name: mine
hosts:
  host0: { netns: host0, uplink: { dev: ens192, address: 192.168.1.32/24 } }
  host1: { netns: host1, uplink: { dev: ens192, address: 192.168.1.16/24 } }
underlay:
  lan: { hosts: [host0, host1] }
pools:
  - { cidr: 10.20.0.0/16, encapsulation: none }
workloads:
  w0: { host: host0, address: 10.20.1.2/32, dev: veth0 }
  w1: { host: host1, address: 10.20.1.3/32, dev: veth0 }
netns:
  host0:
    links:
      ens192:
        kind: veth
        peer: { netns: lan, name: host0 }
        addresses: ['fd00:1::32/64']
        neighbours:
          - { dst: 192.168.1.99, mac: '02:00:00:00:00:99' }
          - { dst: 192.168.1.98, proxy: true }
        sysctls: { ipv4: { arp_ignore: 1 } }
    routes:
      - { dst: 10.30.0.0/16, nexthops: [{ via: 192.168.1.16, weight: 1 }, { via: 192.168.1.17, weight: 2 }] }
      - { dst: 'fd00:30::/64', via: 'fd00:1::16', dev: ens192 }
      - { dst: 'fd00:31::/64', via: 'fd00:1::16', dev: ens192, src: 'fd00:1::32' }
      - { dst: 10.40.0.0/16, type: blackhole }
`;

let watching: Watching;

beforeEach(requires('ip'));
beforeEach(async () => {
  freshMachine();
  watching = new Watching(topology);
  await watching.quiet();
});
afterEach(() => watching.close());

/** Breaks something, and waits until all is mended; the cause told of an item. */
async function causeOf(command: string, item: string): Promise<CauseCode | undefined> {
  sh(command);
  await watching.inSync();
  const lines = watching.told;
  return watching.outcomes[lines.findIndex((line) => line.startsWith('done') && line.endsWith(item))]
    ?.causeCode;
}

describe('what is broken is mended, and its cause is told', () => {
  it.each<[what: string, command: string, item: string, cause: CauseCode]>([
    [
      'a deleted route',
      'ip -n host0 route delete 10.20.1.3/32',
      'missing host0 route 10.20.1.3/32',
      'deleted',
    ],
    [
      'a deleted multipath route',
      'ip -n host0 route delete 10.30.0.0/16',
      'missing host0 route 10.30.0.0/16',
      'deleted',
    ],
    [
      'a deleted blackhole',
      'ip -n host0 route delete blackhole 10.40.0.0/16',
      'missing host0 route 10.40.0.0/16',
      'deleted',
    ],
    [
      'a deleted IPv6 route',
      'ip -n host0 -6 route delete fd00:30::/64',
      'missing host0 route fd00:30::/64',
      'deleted',
    ],
    [
      'a route that bird replaced',
      'ip -n host0 route replace 10.20.1.3/32 via 192.168.1.17 proto bird',
      'changed host0 route 10.20.1.3/32',
      'replaced',
    ],
    [
      'a route in front of ours',
      'ip -n host0 route prepend 10.20.1.3/32 via 192.168.1.17 proto bird',
      'changed host0 route 10.20.1.3/32',
      'replaced',
    ],
    [
      'a route of ours that was changed',
      'ip -n host0 route change 10.20.1.3/32 via 192.168.1.17 proto 169',
      'changed host0 route 10.20.1.3/32',
      'changed',
    ],
    [
      'a route with our mark',
      'ip -n host0 route add 10.99.0.0/16 dev ens192 proto 169',
      'extra host0 route 10.99.0.0/16',
      'changed',
    ],
    [
      'a route made by hand',
      'ip -n host0 route add 10.98.0.0/16 dev ens192',
      'extra host0 route 10.98.0.0/16',
      'replaced',
    ],
    [
      'a deleted address',
      'ip -n w0 address delete 10.20.1.2/32 dev eth0',
      'missing w0 address eth0 10.20.1.2/32',
      'deleted',
    ],
    [
      'an address made by hand',
      'ip -n w0 address add 10.9.9.9/32 dev eth0',
      'extra w0 address eth0 10.9.9.9/32',
      'changed',
    ],
    [
      'the last IPv4 address, with the routes that went silently',
      'ip -n host0 address delete 192.168.1.32/24 dev ens192',
      'missing host0 route 10.20.1.3/32',
      'deleted',
    ],
    [
      'a deleted neighbour',
      'ip -n host0 neighbour delete 192.168.1.99 dev ens192',
      'missing host0 neighbour ens192 192.168.1.99',
      'deleted',
    ],
    [
      'a neighbour with another mac',
      'ip -n host0 neighbour replace 192.168.1.99 lladdr 02:00:00:00:00:11 dev ens192 nud permanent',
      'changed host0 neighbour ens192 192.168.1.99',
      'changed',
    ],
    [
      'a neighbour made by hand',
      'ip -n host0 neighbour add 192.168.1.77 lladdr 02:00:00:00:00:11 dev ens192',
      'extra host0 neighbour ens192 192.168.1.77',
      'changed',
    ],
    [
      'proxy_arp written through /proc',
      'ip netns exec host0 sysctl -qw net.ipv4.conf.veth0.proxy_arp=0',
      'changed host0 sysctl net.ipv4.conf.veth0.proxy_arp',
      'sysctl-written',
    ],
    [
      'ip_forward written through /proc',
      'ip netns exec host0 sysctl -qw net.ipv4.ip_forward=0',
      'changed host0 sysctl net.ipv4.ip_forward',
      'unknown',
    ],
    ['another mtu', 'ip -n host0 link set veth0 mtu 1400', 'changed host0 link veth0', 'link-changed'],
    [
      'an mtu too small for IPv6',
      'ip -n host0 link set ens192 mtu 1000',
      'missing host0 route fd00:30::/64',
      'link-changed',
    ],
    [
      'another mac',
      'ip -n host0 link set veth0 address 02:00:00:00:00:07',
      'changed host0 link veth0',
      'link-changed',
    ],
    [
      'a link that is down, with the routes that went silently',
      'ip -n host0 link set veth0 down',
      'missing host0 route 10.20.1.2/32',
      'link-down',
    ],
    [
      'an uplink that is down, with its proxies',
      'ip -n host0 link set ens192 down',
      'missing host0 neighbour ens192 192.168.1.98 proxy',
      'link-down',
    ],
    ['a deleted link', 'ip -n host0 link delete veth0', 'missing host0 link veth0', 'link-deleted'],
    ['a renamed link', 'ip -n w0 link set eth0 name eth9', 'missing w0 link eth0', 'link-changed'],
    [
      'a link without its bridge',
      'ip -n lan link set host0 nomaster',
      'changed lan link host0',
      'link-changed',
    ],
    ['a deleted bridge', 'ip -n lan link delete br0', 'missing lan link br0', 'link-deleted'],
    [
      'a link without our mark',
      'ip -n host0 link set veth0 alias x',
      'changed host0 link veth0',
      'link-changed',
    ],
    ['a link made by hand', 'ip -n w0 link add name odd type bridge', 'extra w0 link odd', 'unknown'],
    ['a deleted namespace', 'ip netns delete w0', 'missing netns w0', 'namespace-deleted'],
    ['a deleted host', 'ip netns delete host0', 'missing netns host0', 'namespace-deleted'],
    [
      'a namespace replaced under its name',
      'ip netns delete w0; ip netns add w0',
      'missing w0 link eth0',
      'namespace-deleted',
    ],
    [
      'a namespace without its claim',
      'ip netns exec w0 ip link property del dev lo altname calico-reconcile.169.mine',
      'changed netns w0',
      'changed',
    ],
  ])('%s', async (_what, command, item, cause) => {
    expect(
      await causeOf(
        command,
        item.replace('netns w0', 'w0 netns w0').replace('netns host0', 'host0 netns host0'),
      ),
    ).toBe(cause);
  });

  it('the author of a change that still runs is named', async () => {
    const ip = spawn('ip', ['-n', 'host0', '-batch', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    ip.stdin.write('route delete 10.20.1.3/32\n');
    await watching.inSync();
    ip.stdin.end();
    expect(watching.outcomes[0]!.difference.cause).toMatch(/^deleted by ip \(pid \d+\)$/);
  });

  it('a source taken from IPv6 routes without a word', async () => {
    sh('ip -n host0 address delete fd00:1::32/64 dev ens192');
    await watching.inSync();
    expect(sh('ip -n host0 -6 route show fd00:31::/64')).toContain('src fd00:1::32');
  });
});

describe('what no event tells', () => {
  it.each([
    [
      'arp_ignore',
      'ip netns exec host0 sysctl -qw net.ipv4.conf.ens192.arp_ignore=0',
      'sysctl net.ipv4.conf.ens192.arp_ignore',
    ],
    [
      'proxy_delay',
      'ip netns exec host0 sysctl -qw net.ipv4.neigh.veth0.proxy_delay=80',
      'sysctl net.ipv4.neigh.veth0.proxy_delay',
    ],
    [
      'a proxy',
      'ip -n host0 neighbour delete proxy 192.168.1.98 dev ens192',
      'neighbour ens192 192.168.1.98 proxy',
    ],
  ])('%s is mended by the next pass', (_what, command, item) => {
    sh(command);
    expect(watching.pass().map((line) => line.replace(/^done \w+ host0 /, ''))).toEqual([item]);
    expect(watching.differences()).toEqual([]);
  });
});

describe('what is not ours', () => {
  it('routes of daemons are left alone, and bring no heal', async () => {
    sh('ip -n host0 route add 10.77.0.0/16 via 192.168.1.16 proto bird');
    sh(
      'ip -n host0 route delete 10.77.0.0/16 proto bird; ip -n host0 route add 10.78.0.0/16 dev ens192 proto bird',
    );
    await watching.quiet();
    expect(watching.healed).toEqual([]);
    expect(sh('ip -n host0 route show 10.78.0.0/16')).toContain('proto bird');
  });

  it('own changes wake it at most once, and not again and again', async () => {
    await watching.quiet(2000);
    const before = watching.wakes;
    sh('ip -n host0 route delete 10.20.1.3/32');
    await watching.inSync();
    await watching.quiet();
    expect(watching.wakes - before).toBeLessThanOrEqual(2);
    sh('ip -n host0 link set veth0 mtu 1400');
    await watching.inSync();
    await watching.quiet();
    expect(watching.wakes - before).toBeLessThanOrEqual(6);
    expect(watching.healed).toHaveLength(2);
  });
});
