import { expect, test } from 'vitest';
import type { Difference } from '../../src/reconcile/difference.ts';
import { formatBuildScript } from '../../src/report/ip/build.ts';
import { mendingCommands } from '../../src/report/ip/mend.ts';
import { quote } from '../../src/report/ip/shell.ts';
import type { ObservedNamespace } from '../../src/state/network.ts';
import { networkOf } from '../topology/describe.ts';
import { address, difference, link, network, observedLink, observedRoute, route, small } from './network.ts';

const emptyObserved: ObservedNamespace = {
  name: 'host0',
  cookie: 1n,
  madeBy: null,
  claims: [],
  links: new Map(),
  addresses: [],
  neighbours: [],
  fdb: [],
  routes: [],
  sysctls: new Map(),
};

function mend(...differences: Difference[]): (string | null)[] {
  return mendingCommands(small, differences);
}

test('a missing route is added with the protocol that marks it', () => {
  const desired = route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' });
  expect(mend(difference({ kind: 'route', desired, observed: null }))).toEqual([
    'ip -n host0 route add 10.20.1.3/32 via 192.168.1.16 dev ens192 proto 169',
  ]);
});

test('an extra route is deleted by its protocol', () => {
  const observed = observedRoute('10.9.0.0/16', 169, { dev: 'veth0', scope: 253, metric: 50, table: 100 });
  expect(mend(difference({ kind: 'route', desired: null, observed }))).toEqual([
    'ip -n host0 route del 10.9.0.0/16 dev veth0 table 100 metric 50 scope link proto 169',
  ]);
});

test('an IPv6 route is deleted and added, since a replace may leave the old one', () => {
  const desired = route('fd00::/64', { gateway: 'fe80::2', dev: 'eth0' });
  const observed = observedRoute('fd00::/64', 169, { gateway: 'fe80::1', dev: 'eth0' });
  expect(mend(difference({ kind: 'route', desired, observed }))).toEqual([
    'ip -n host0 route del fd00::/64 via fe80::1 dev eth0 metric 1024 proto 169\nip -n host0 route add fd00::/64 via fe80::2 dev eth0 proto 169',
  ]);
});

test('multipath, types, tables, metrics, source and mtu are all said', () => {
  const nexthops = [
    { via: 0x0a000001, dev: 'a', weight: 1, onlink: false },
    { via: 0x0a000002, dev: null, weight: 2, onlink: true },
  ];
  const desired = route('10.30.0.0/16', { nexthops, metric: 5, table: 100, src: 0x0a000009, mtu: 1400 });
  const blackhole = route('10.20.1.0/26', { type: 6 });
  expect(
    mend(
      difference({ kind: 'route', desired, observed: null }),
      difference({ kind: 'route', netns: 'self', desired: blackhole, observed: null }),
    ),
  ).toEqual([
    'ip -n host0 route add 10.30.0.0/16 src 10.0.0.9 table 100 metric 5 proto 169 mtu 1400 nexthop via 10.0.0.1 dev a weight 1 nexthop via 10.0.0.2 weight 2 onlink',
    'ip route add blackhole 10.20.1.0/26 proto 169',
  ]);
});

test('the two ends of a veth pair are created by one command, which stands with the first', () => {
  const host0 = small.namespaces.get('host0')!.links.get('veth0')!;
  const ns0 = small.namespaces.get('ns0')!.links.get('eth0')!;
  expect(
    mend(
      difference({ kind: 'link', desired: host0, observed: null }),
      difference({ kind: 'link', netns: 'ns0', desired: ns0, observed: null }),
    ),
  ).toMatchInlineSnapshot(`
    [
      "ip -n host0 link add name veth0 address ee:ee:ee:ee:ee:ee group 1157884279 type veth peer name eth0 group 1157884279 netns ns0
    ip -n host0 link set dev veth0 alias calico-reconcile:two-hosts
    ip -n host0 link set dev veth0 up",
      "ip -n ns0 link set dev eth0 alias calico-reconcile:two-hosts
    ip -n ns0 link set dev eth0 up",
    ]
  `);
});

test('a pair that ends in the namespace of the shell is made from there', () => {
  const own = link('cali1', { kind: 'veth', peer: { netns: 'w', name: 'eth0' } });
  const inner = link('eth0', { kind: 'veth', peer: { netns: 'self', name: 'cali1' } });
  const wanted = network([]);
  const [command] = mendingCommands(wanted, [
    difference({ kind: 'link', netns: 'w', desired: inner, observed: null }),
  ]);
  expect(command!.split('\n')[0]).toMatch(/^ip link add name cali1 .*type veth peer name eth0 .*netns w$/);
  expect(own.name).toBe('cali1');
});

test('an existing link that is absent has no command', () => {
  expect(
    mend(difference({ kind: 'link', desired: link('ens192', { kind: 'existing' }), observed: null })),
  ).toEqual([null]);
});

test('a changed link gets only what differs', () => {
  const desired = link('br0', { kind: 'bridge', stp: true, vlanFiltering: false }, { up: true });
  const observed = observedLink('br0', {
    kind: 'bridge',
    mtu: 1400,
    up: false,
    master: 'br1',
    bridge: { stp: false, vlanFiltering: false },
  });
  expect(mend(difference({ kind: 'link', desired, observed, unstatedMtu: 1500 }))).toEqual([
    'ip -n host0 link set dev br0 mtu 1500 nomaster up\nip -n host0 link set dev br0 type bridge stp_state 1',
  ]);
});

test('a namespace that others made loses only the claim', () => {
  const observed = { ...emptyObserved, claims: [{ topology: 'two-hosts', protocol: 168 }] };
  const desired = small.namespaces.get('host0')!;
  expect(
    mend(
      difference({ kind: 'netns', desired: null, observed }),
      difference({ kind: 'netns', desired: null, observed: { ...observed, madeBy: 'two-hosts' } }),
      difference({ kind: 'netns', desired, observed }),
    ),
  ).toEqual([
    'ip -n host0 link property del dev lo altname calico-reconcile.168.two-hosts',
    'ip netns del host0',
    'ip -n host0 link property del dev lo altname calico-reconcile.168.two-hosts\nip -n host0 link property add dev lo altname calico-reconcile.169.two-hosts',
  ]);
});

test('addresses are printed unmarked, and changed by delete and add', () => {
  const desired = address('lo', '127.0.0.5/8');
  const observed = { ...desired, scope: 254, ifindex: 1, protocol: 169, permanent: true, secondary: false };
  expect(mend(difference({ kind: 'address', desired, observed }))).toEqual([
    'ip -n host0 address del 127.0.0.5/8 dev lo\nip -n host0 address add 127.0.0.5/8 dev lo scope global',
  ]);
});

test('a sysctl of a device with dots is written with slashes', () => {
  const sysctl = (key: string, value: string) =>
    difference({ kind: 'sysctl', netns: 'self', desired: { key, value }, observed: null });
  expect(mend(sysctl('net.ipv4.conf.ens1.10.proxy_arp', '1'), sysctl('net.ipv4.tcp_rmem', '1 2 3'))).toEqual([
    'sysctl -qw net/ipv4/conf/ens1.10/proxy_arp=1',
    "sysctl -qw 'net.ipv4.tcp_rmem=1 2 3'",
  ]);
});

test('words of the shell stay words', () => {
  expect(quote('ens192')).toBe('ens192');
  expect(quote('x;id')).toBe("'x;id'");
  expect(quote("a'b")).toBe(`'a'\\''b'`);
  expect(quote('')).toBe("''");
  expect(quote("a\x1b'%\\b")).toBe(`"$(printf 'a\\033\\047%%\\\\b')"`);
});

test('the script builds in the order of need', () => {
  expect(formatBuildScript(small)).toMatchInlineSnapshot(`
    "#!/bin/sh
    # Builds two-hosts from nothing, as two-hosts.yaml has it.
    set -e

    # namespaces
    ip netns add host0
    ip -n host0 link set dev lo alias calico-reconcile:two-hosts
    ip -n host0 link property add dev lo altname calico-reconcile.169.two-hosts
    ip netns add lan
    ip -n lan link set dev lo alias calico-reconcile:two-hosts
    ip -n lan link property add dev lo altname calico-reconcile.169.two-hosts
    ip netns add ns0
    ip -n ns0 link set dev lo alias calico-reconcile:two-hosts
    ip -n ns0 link property add dev lo altname calico-reconcile.169.two-hosts

    # sysctls
    ip netns exec host0 sysctl -qw net.ipv4.ip_forward=1

    # links
    ip -n host0 link add name ens192 address 02:00:00:00:00:20 mtu 1500 group 1157884279 type veth peer name host0 group 1157884279 netns lan
    ip -n host0 link add name veth0 address ee:ee:ee:ee:ee:ee group 1157884279 type veth peer name eth0 group 1157884279 netns ns0
    ip -n lan link add name br0 group 1157884279 type bridge
    ip -n host0 link set dev ens192 alias calico-reconcile:two-hosts
    ip -n host0 link set dev veth0 alias calico-reconcile:two-hosts
    ip -n lan link set dev br0 alias calico-reconcile:two-hosts
    ip -n lan link set dev host0 alias calico-reconcile:two-hosts master br0
    ip -n ns0 link set dev eth0 alias calico-reconcile:two-hosts

    # sysctls of links
    ip netns exec host0 sysctl -qw net.ipv4.conf.veth0.proxy_arp=1
    ip netns exec host0 sysctl -qw net.ipv4.conf.veth0.arp_ignore=1
    ip netns exec host0 sysctl -qw net.ipv4.neigh.veth0.proxy_delay=0

    # links up
    ip -n host0 link set dev ens192 up
    ip -n host0 link set dev veth0 up
    ip -n lan link set dev br0 up
    ip -n lan link set dev host0 up
    ip -n ns0 link set dev lo up
    ip -n ns0 link set dev eth0 up

    # addresses
    ip -n host0 address add 192.168.1.32/24 dev ens192
    ip -n ns0 address add 10.20.1.2/24 dev eth0

    # neighbours
    ip -n ns0 neighbour replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent protocol 169

    # routes
    ip -n host0 route add 10.20.1.2/32 dev veth0 scope link proto 169
    ip -n host0 route add 10.20.1.3/32 via 192.168.1.16 dev ens192 proto 169
    ip -n ns0 route add 169.254.1.1/32 dev eth0 scope link proto 169
    ip -n ns0 route add default via 169.254.1.1 dev eth0 proto 169
    "
  `);
});

test('the script says what BIRD does, which no command can', () => {
  const fabric = networkOf(`name: x
hosts:
  a: { netns: a, uplink: { dev: eth0, address: 192.0.2.1/24 }, blocks: [10.0.0.0/26] }
  b: { netns: b, uplink: { dev: eth0, address: 192.0.2.2/24 } }
underlay: { lan: { hosts: [a, b] } }
pools: [{ cidr: 10.0.0.0/16, routing: bgp }]
`);
  expect(formatBuildScript(fabric).split('\n').slice(-4)).toEqual([
    '# routes of BGP',
    '# BIRD of a, AS 64512, announces 10.0.0.0/26 to b.4 192.0.2.2',
    '# BIRD of b, AS 64512, announces nothing to a.4 192.0.2.1',
    '',
  ]);
});
