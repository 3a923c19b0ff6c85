// What a topology expands to: the article's two hosts in full, and every key of the Calico model by what it changes.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { locate } from '../../src/state/place.ts';
import { describeNetwork, linesOf, networkOf } from './describe.ts';

const host = (
  uplink: string,
  own: string,
  other: string,
  port: string,
  netns: string,
  remote: string,
): string[] => [
  `link ens192 veth peer ${port} netns lan up mtu 1500`,
  'link lo existing up',
  `link veth0 veth peer eth0 netns ${netns} up mtu 1500 address ee:ee:ee:ee:ee:ee`,
  `address ${uplink}/24 dev ens192 scope global`,
  'route 169.254.1.1/32 dev ens192 scope link',
  `route ${own}/32 dev veth0 scope link`,
  `route ${other}/32 via ${remote} dev ens192`,
  'sysctl net.ipv4.conf.veth0.forwarding=1',
  'sysctl net.ipv4.conf.veth0.proxy_arp=1',
  'sysctl net.ipv4.ip_forward=1',
  'sysctl net.ipv4.neigh.veth0.proxy_delay=0',
];

const inside = (address: string, name: string): string[] => [
  `link eth0 veth peer veth0 netns ${name} up mtu 1500`,
  'link lo existing up',
  `address ${address}/24 dev eth0 scope global`,
  'route 169.254.1.1/32 dev eth0 scope link',
  'route default via 169.254.1.1 dev eth0',
];

describe('two-hosts.yaml', () => {
  const network = networkOf(readFileSync('topologies/two-hosts.yaml', 'utf8'));

  it('expands to the network of the article', () => {
    expect(describeNetwork(network)).toEqual({
      host0: host('192.168.1.32', '10.20.1.2', '10.20.1.3', 'host0', 'ns0', '192.168.1.16'),
      host1: host('192.168.1.16', '10.20.1.3', '10.20.1.2', 'host1', 'ns1', '192.168.1.32'),
      lan: [
        'link br0 bridge up mtu 1500',
        'link host0 veth peer ens192 netns host0 up mtu 1500 master br0',
        'link host1 veth peer ens192 netns host1 up mtu 1500 master br0',
      ],
      ns0: inside('10.20.1.2', 'host0'),
      ns1: inside('10.20.1.3', 'host1'),
    });
  });

  it('places every item of a workload at the workload', () => {
    const route = network.namespaces.get('host0')!.routes.find(({ via }) => via !== null)!;
    expect(locate(network.files, route.source)).toEqual({ file: 'topology.yaml', line: 26, column: 8 });
  });

  it('narrows to the hosts that are named', () => {
    const text = readFileSync('topologies/two-hosts.yaml', 'utf8');
    const narrowed = describeNetwork(networkOf(text, { hosts: ['host1'] }));
    expect(Object.keys(narrowed)).toEqual(['host1', 'lan', 'ns1']);
    expect(narrowed.lan).toHaveLength(2);
    expect(narrowed.host1).toEqual(describeNetwork(network).host1);
  });
});

describe('single-host.yaml', () => {
  it('reaches the gateway by a bridge without ports', () => {
    expect(linesOf(readFileSync('topologies/single-host.yaml', 'utf8'), 'node1')).toMatchInlineSnapshot(`
      [
        "link cali-gw bridge up",
        "link cali2f106f27fa1 veth peer eth0 netns busybox up mtu 8980 address ee:ee:ee:ee:ee:ee",
        "link cali5755280d10c veth peer eth0 netns web-0 up mtu 8980 address ee:ee:ee:ee:ee:ee",
        "link caliba92dbab280 veth peer eth0 netns web-1 up mtu 8980 address ee:ee:ee:ee:ee:ee",
        "link lo existing up",
        "route 169.254.1.1/32 dev cali-gw scope link",
        "route 192.168.166.132/32 dev cali2f106f27fa1 scope link",
        "route 192.168.166.140/32 dev cali5755280d10c scope link",
        "route 192.168.166.141/32 dev caliba92dbab280 scope link",
        "sysctl net.ipv4.conf.cali2f106f27fa1.forwarding=1",
        "sysctl net.ipv4.conf.cali2f106f27fa1.proxy_arp=1",
        "sysctl net.ipv4.conf.cali5755280d10c.forwarding=1",
        "sysctl net.ipv4.conf.cali5755280d10c.proxy_arp=1",
        "sysctl net.ipv4.conf.caliba92dbab280.forwarding=1",
        "sysctl net.ipv4.conf.caliba92dbab280.proxy_arp=1",
        "sysctl net.ipv4.ip_forward=1",
        "sysctl net.ipv4.neigh.cali2f106f27fa1.proxy_delay=0",
        "sysctl net.ipv4.neigh.cali5755280d10c.proxy_delay=0",
        "sysctl net.ipv4.neigh.caliba92dbab280.proxy_delay=0",
      ]
    `);
  });
});

describe('netns-only.yaml', () => {
  it('makes the unwritten ends of its wires, and keeps routes in the normal form of the kernel', () => {
    expect(
      describeNetwork(networkOf(readFileSync('topologies/netns-only.yaml', 'utf8'))),
    ).toMatchInlineSnapshot(`
      {
        "desk": [
          "link eth0 veth peer desk netns router up",
          "link lo existing up",
          "address 192.0.2.10/24 dev eth0 scope global",
          "route default via 192.0.2.1 dev eth0",
        ],
        "isp-a": [
          "link customer veth peer wan-a netns router up mtu 1400",
          "address 198.51.100.1/30 dev customer scope global",
          "route 192.0.2.0/24 via 198.51.100.2 dev customer",
        ],
        "isp-b": [
          "link customer veth peer wan-b netns router up address 02:00:00:00:00:0b",
          "address 203.0.113.1/30 dev customer scope global",
          "route 192.0.2.0/24 via 203.0.113.2 dev customer",
        ],
        "lamp": [
          "link eth0 veth peer lamp netns router up address 02:00:00:00:00:20",
          "address 192.0.2.20/24 dev eth0 scope global",
          "route default via 192.0.2.1 dev eth0",
        ],
        "router": [
          "link br0 bridge up",
          "link desk veth peer eth0 netns desk up master br0",
          "link lamp veth peer eth0 netns lamp up master br0",
          "link wan-a veth peer customer netns isp-a up mtu 1400",
          "link wan-b veth peer customer netns isp-b up",
          "address 192.0.2.1/24 dev br0 scope global",
          "address 198.51.100.2/30 dev wan-a scope global",
          "address 203.0.113.2/30 dev wan-b scope global",
          "neighbour 203.0.113.1 lladdr 02:00:00:00:00:0b dev wan-b",
          "route default nexthop via 198.51.100.1 dev wan-a weight 1 nexthop via 203.0.113.1 dev wan-b weight 2",
          "route blackhole 10.0.0.0/8",
          "route unreachable 10.64.0.0/16 metric 50",
          "route default table 100 via 203.0.113.1 dev wan-b",
          "sysctl net.ipv4.conf.br0.forwarding=1",
          "sysctl net.ipv4.conf.wan-a.rp_filter=2",
          "sysctl net.ipv4.ip_forward=1",
        ],
      }
    `);
  });
});

const onSelf = (workload: string): string =>
  `name: x\nworkloads: { w: { address: 10.0.0.1, dev: d, ${workload} } }\n`;

describe('a workload', () => {
  it('lives on this machine where there are no hosts', () => {
    expect(linesOf(onSelf(''), 'self')).toEqual([
      'link cali-gw bridge up',
      'link d veth peer eth0 netns w up address ee:ee:ee:ee:ee:ee',
      'route 169.254.1.1/32 dev cali-gw scope link',
      'route 10.0.0.1/32 dev d scope link',
      'sysctl net.ipv4.conf.d.forwarding=1',
      'sysctl net.ipv4.conf.d.proxy_arp=1',
      'sysctl net.ipv4.ip_forward=1',
      'sysctl net.ipv4.neigh.d.proxy_delay=0',
    ]);
  });

  it('is called as it is told', () => {
    const text = onSelf('netns: n, ifname: e, mac: 02:AA:00:00:00:01, mtu: 1400, gateway: 10.0.0.254');
    expect(linesOf(text, 'n')).toEqual([
      'link e veth peer d netns self up mtu 1400',
      'link lo existing up',
      'address 10.0.0.1/32 dev e scope global',
      'route 10.0.0.254/32 dev e scope link',
      'route default via 10.0.0.254 dev e',
    ]);
    expect(linesOf(text, 'self')).toContain(
      'link d veth peer e netns n up mtu 1400 address 02:aa:00:00:00:01',
    );
    expect(linesOf(text, 'self')).toContain('route 10.0.0.254/32 dev cali-gw scope link');
  });

  it('finds the gateway by a permanent neighbour, without proxy ARP', () => {
    const text = onSelf('gatewayMode: neighbour');
    expect(linesOf(text, 'w')).toContain('neighbour 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0');
    expect(linesOf(text, 'self')).toEqual([
      'link d veth peer eth0 netns w up address ee:ee:ee:ee:ee:ee',
      'route 10.0.0.1/32 dev d scope link',
      'sysctl net.ipv4.conf.d.forwarding=1',
      'sysctl net.ipv4.ip_forward=1',
    ]);
  });

  it('finds the gateway as an address of the host', () => {
    const lines = linesOf(onSelf('gatewayMode: address'), 'self');
    expect(lines).toContain('address 169.254.1.1/32 dev d scope global');
    expect(lines.join()).not.toContain('cali-gw');
  });

  it('has the link-local address of its veth as the IPv6 gateway', () => {
    const text = "name: x\nworkloads: { w: { address: '2001:db8::1', dev: d } }\n";
    expect(linesOf(text, 'w')).toEqual([
      'link eth0 veth peer d netns self up',
      'link lo existing up',
      'address 2001:db8::1/128 dev eth0 scope global',
      'route ::/0 via fe80::ecee:eeff:feee:eeee dev eth0',
      'sysctl net.ipv6.conf.eth0.accept_dad=0',
    ]);
    expect(linesOf(text, 'self')).toEqual([
      'link d veth peer eth0 netns w up address ee:ee:ee:ee:ee:ee',
      'route 2001:db8::1/128 dev d',
      'sysctl net.ipv4.ip_forward=1',
      'sysctl net.ipv6.conf.all.forwarding=1',
      'sysctl net.ipv6.conf.d.accept_dad=0',
      'sysctl net.ipv6.conf.d.forwarding=1',
      'sysctl net.ipv6.conf.d.proxy_ndp=1',
      'sysctl net.ipv6.neigh.d.proxy_delay=0',
    ]);
  });

  it('counts its replicas out, addresses and all', () => {
    const text = 'name: x\nworkloads: { w: { addresses: [10.0.0.254, "2001:db8::ffff"], replicas: 3 } }\n';
    const network = networkOf(text);
    expect([...network.namespaces.keys()]).toEqual(['self', 'w-0', 'w-1', 'w-2']);
    expect(linesOf(text, 'w-2')).toContain('address 10.0.1.0/32 dev eth0 scope global');
    expect(linesOf(text, 'w-2')).toContain('address 2001:db8::1:1/128 dev eth0 scope global');
    expect(linesOf(text, 'self').filter((line) => line.startsWith('link cali'))).toHaveLength(4);
  });
});

const fabric = `name: x
hosts:
  a: { netns: a, blocks: [10.0.0.0/26], uplink: { dev: e, addresses: [192.0.2.1/24], gateway: 192.0.2.254, mtu: 9000 } }
  b: { netns: b, manage: owned, uplink: { dev: e, address: 192.0.2.2/24, mtu: 1400 } }
  this-one-is-longer-than-15: { netns: c, uplink: { dev: e, address: 192.0.2.3/24 } }
underlay: { wire: { netns: u, hosts: [b, a, this-one-is-longer-than-15] } }
pools: [{ cidr: 10.0.0.0/16 }]
workloads:
  v: { host: a, address: 10.0.0.1 }
  w: { host: a, address: 10.0.1.1 }
`;

describe('hosts', () => {
  it('hold blocks: one route for each, and the owner a blackhole', () => {
    const routes = (netns: string): string[] =>
      linesOf(fabric, netns).filter((line) => line.startsWith('route'));
    expect(routes('b')).toEqual([
      'route 169.254.1.1/32 dev e scope link',
      'route 10.0.0.0/26 via 192.0.2.1 dev e',
      'route 10.0.1.1/32 via 192.0.2.1 dev e',
    ]);
    expect(routes('a')).toContain('route blackhole 10.0.0.0/26');
    expect(routes('a')).toContain('route default via 192.0.2.254 dev e');
  });

  it('give their workloads the smallest MTU of all uplinks', () => {
    expect(linesOf(fabric, 'v')[0]).toMatch(/ mtu 1400$/);
  });

  it('are wired by ports called after them', () => {
    expect(linesOf(fabric, 'u')).toEqual([
      'link a veth peer e netns a up mtu 9000 master br0',
      'link b veth peer e netns b up mtu 1400 master br0',
      'link br0 bridge up mtu 1400',
      'link w6565016406 veth peer e netns c up mtu 1500 master br0',
    ]);
    expect(linesOf(fabric, 'b')[0]).toBe('manage owned');
  });

  it('that are real machines are only routed on, never given an uplink', () => {
    const text = fabric.replace('netns: b, ', '').replace('[b, ', '[');
    expect(linesOf(text, 'self', { hostname: 'b' })).toEqual([
      'manage owned',
      'link e existing',
      'route 169.254.1.1/32 dev e scope link',
      'route 10.0.0.0/26 via 192.0.2.1 dev e',
      'route 10.0.1.1/32 via 192.0.2.1 dev e',
      'sysctl net.ipv4.ip_forward=1',
    ]);
    expect([...networkOf(text).namespaces.keys()]).toEqual(['a', 'c', 'u', 'v', 'w']);
  });
});

const item = (body: string): string => `name: x\nnetns: { n: ${body} }\n`;

describe('a written item', () => {
  it('merges with the expanded one of its identity', () => {
    const text = `${onSelf('')}netns: { w: { links: { eth0: { mtu: 1300 } }, routes: [{ dst: 169.254.1.1, dev: eth0 }] } }\n`;
    expect(linesOf(text, 'w')).toEqual([
      'link eth0 veth peer d netns self up mtu 1300',
      'link lo existing up',
      'address 10.0.0.1/32 dev eth0 scope global',
      'route 169.254.1.1/32 dev eth0 scope link',
      'route default via 169.254.1.1 dev eth0',
    ]);
  });

  it.each([
    ['{ dst: 10.0.0.0/8, dev: d }', 'route 10.0.0.0/8 dev d scope link'],
    ['{ dst: 10.0.0.0/8, via: 1.2.3.4 }', 'route 10.0.0.0/8 via 1.2.3.4'],
    [
      '{ dst: 10.0.0.1, dev: d, scope: host, src: 10.0.0.2 }',
      'route 10.0.0.1/32 dev d scope host src 10.0.0.2',
    ],
    ['{ dst: default, via: fe80::1, dev: d }', 'route ::/0 via fe80::1 dev d'],
    ['{ dst: "2001:DB8::/32", dev: d, metric: 0 }', 'route 2001:db8::/32 dev d'],
    ['{ dst: "2001:db8::/32", dev: d, metric: 5, scope: link }', 'route 2001:db8::/32 metric 5 dev d'],
    [
      '{ dst: 10.0.0.0/8, type: prohibit, table: 7, metric: 9 }',
      'route prohibit 10.0.0.0/8 table 7 metric 9',
    ],
    [
      '{ dst: default, dev: d, table: default, mtu: 1300 }',
      'route default table 253 dev d scope link mtu 1300',
    ],
    [
      '{ dst: default, nexthops: [{ via: 1.2.3.4, dev: d, weight: 9, onlink: true }] }',
      'route default via 1.2.3.4 dev d onlink',
    ],
    [
      '{ dst: default, nexthops: [{ via: 1.2.3.5, dev: e }, { via: 1.2.3.4, dev: d, weight: 2 }] }',
      'route default nexthop via 1.2.3.4 dev d weight 2 nexthop via 1.2.3.5 dev e weight 1',
    ],
  ])('has the normal form of the kernel: %s', (route, line) => {
    expect(linesOf(item(`{ routes: [${route}] }`), 'n')).toEqual([line]);
  });

  it('lowers the words of a link to sysctls', () => {
    const text = item(
      '{ links: { a.b: { kind: existing, proxyArp: true, proxyNdp: false, forwarding: true, rpFilter: 2, proxyDelay: 80, sysctls: { ipv4: { arp_ignore: 1 }, ipv6: { accept_ra: 0 } } } }, sysctls: { net.ipv4.tcp_rmem: "4096\t131072 6291456" } }',
    );
    expect(linesOf(text, 'n')).toEqual([
      'link a.b existing',
      'sysctl net.ipv4.conf.a.b.arp_ignore=1',
      'sysctl net.ipv4.conf.a.b.forwarding=1',
      'sysctl net.ipv4.conf.a.b.proxy_arp=1',
      'sysctl net.ipv4.conf.a.b.rp_filter=2',
      'sysctl net.ipv4.neigh.a.b.proxy_delay=80',
      'sysctl net.ipv4.tcp_rmem=4096 131072 6291456',
      'sysctl net.ipv6.conf.a.b.accept_ra=0',
      'sysctl net.ipv6.conf.a.b.proxy_ndp=0',
    ]);
  });

  it('gives addresses the scope that is theirs', () => {
    const text = item(
      '{ links: { lo: { addresses: [127.0.0.2/8, ::1, "fe80::1/64", 10.0.0.1, { address: 10.0.0.2, peer: 10.0.0.3/31, scope: link, noprefixroute: true }], neighbours: [{ dst: 10.0.0.9, proxy: true }] } } }',
    );
    expect(linesOf(text, 'n')).toEqual([
      'link lo existing',
      'address 127.0.0.2/8 dev lo scope host',
      'address ::1/128 dev lo scope host',
      'address fe80::1/64 dev lo scope link',
      'address 10.0.0.1/32 dev lo scope global',
      'address 10.0.0.2/31 peer 10.0.0.3 dev lo scope link noprefixroute',
      'neighbour proxy 10.0.0.9 dev lo',
    ]);
  });
});
