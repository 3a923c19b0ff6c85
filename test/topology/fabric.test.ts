// How pools cross hosts: tunnel devices, their addresses and what they know of each other, blocks, MTUs, routed underlays.
import { describe, expect, it } from 'vitest';
import { linesOf, networkOf } from './describe.ts';

const hosts = `name: x
hosts:
  a: { netns: a, uplink: { dev: eth0, address: 192.0.2.1/24 }, blocks: [10.0.0.0/26] }
  b: { netns: b, uplink: { dev: eth0, address: 192.0.2.2/24, mtu: 1400 } }
  c: { netns: c, uplink: { dev: eth0, address: 198.51.100.3/24, gateway: 198.51.100.1 } }
underlay:
  lan:
    segments:
      - { hosts: [a, b], gateway: 192.0.2.254/24 }
      - { hosts: [c], gateway: 198.51.100.1/24 }
workloads:
  w: { host: a, address: 10.0.0.1 }
  v: { host: b, address: 10.0.9.9 }
  u: { host: c, address: 10.0.8.8 }
`;
const pool = (encapsulation: string, more = ''): string =>
  `${hosts}pools: [{ cidr: 10.0.0.0/16, encapsulation: ${encapsulation}${more} }]\n`;
const tunnelLines = (text: string, netns: string): string[] =>
  linesOf(text, netns).filter((line) => /vxlan|tunl0|via 1/.test(line));

describe('a vxlan pool', () => {
  it('gives every host a device, an address, and what it must know of every other host', () => {
    const lines = tunnelLines(pool('vxlan'), 'a');
    expect(lines[0]).toMatch(/^link vxlan\.calico vxlan up mtu 1350 address 66:/);
    expect(lines).toContain('address 10.0.0.0/32 dev vxlan.calico scope global');
    const network = networkOf(pool('vxlan'));
    const a = network.namespaces.get('a')!;
    expect(a.links.get('vxlan.calico')!.spec).toEqual({
      kind: 'vxlan',
      id: 4096,
      port: 4789,
      local: 0xc0000201,
      dev: 'eth0',
      learning: false,
    });
    expect(a.neighbours.map(({ dev }) => dev)).toEqual(['vxlan.calico', 'vxlan.calico']);
    expect(a.fdb.map(({ dst }) => dst).sort()).toEqual([0xc0000202, 0xc6336403]);
    expect(a.fdb.map(({ mac }) => mac)).toEqual(a.neighbours.map(({ mac }) => mac));
  });

  it('leads by the far end of the tunnel to blocks, workloads and the hosts’ own addresses', () => {
    const own = networkOf(pool('vxlan'))
      .namespaces.get('b')!
      .addresses.find(({ dev }) => dev === 'vxlan.calico')!;
    expect(own.address).toBeGreaterThanOrEqual(0x0a00f000); // one of the last 4096 of the pool
    const routes = linesOf(pool('vxlan'), 'c').filter(
      (line) => line.startsWith('route') && line.includes('vxlan'),
    );
    expect(routes.map((line) => line.replace(/10\.0\.2\d\d\.\d+/g, 'B'))).toEqual([
      'route 10.0.0.0/26 via 10.0.0.0 dev vxlan.calico onlink',
      'route 10.0.9.9/32 via B dev vxlan.calico onlink',
      'route B/32 via B dev vxlan.calico onlink',
    ]);
  });

  it('computes the same for every host, whichever hosts a run touches', () => {
    const all = networkOf(pool('vxlan'));
    for (const host of ['a', 'b', 'c']) {
      const slice = networkOf(pool('vxlan'), { hosts: [host] });
      expect(slice.namespaces.get(host)).toEqual(all.namespaces.get(host));
    }
  });

  it('keeps tunnel addresses apart from workloads, blocks and each other', () => {
    const crowded = Array.from({ length: 12 }, (_, i) => `  w${i}: { host: h0, address: 10.0.0.${i} }`).join(
      '\n',
    );
    const text = `name: x
hosts:
${[0, 1, 2, 3].map((i) => `  h${i}: { netns: h${i}, uplink: { dev: e, address: 192.0.2.${i + 1}/24 } }`).join('\n')}
underlay: { lan: { hosts: [h0, h1, h2, h3] } }
pools: [{ cidr: 10.0.0.0/28, encapsulation: vxlan }]
workloads:
${crowded}
`;
    const addresses = [...networkOf(text).namespaces.values()]
      .flatMap((namespace) => namespace.addresses)
      .filter(({ dev }) => dev === 'vxlan.calico')
      .map(({ address }) => address);
    expect([...addresses].sort()).toEqual([0x0a00000c, 0x0a00000d, 0x0a00000e, 0x0a00000f]);
  });
});

describe('an ipip pool', () => {
  it('leads by the other host’s uplink through tunl0, and needs no neighbours', () => {
    const a = networkOf(pool('ipip')).namespaces.get('a')!;
    expect([a.neighbours, a.fdb]).toEqual([[], []]);
    expect(tunnelLines(pool('ipip'), 'a').map((line) => line.replace(/10\.0\.2\d\d\.\d+/, 'TUNNEL'))).toEqual(
      [
        'link tunl0 ipip up mtu 1380',
        'address 10.0.0.0/32 dev tunl0 scope global',
        'route 10.0.9.9/32 via 192.0.2.2 dev tunl0 onlink',
        'route 10.0.8.8/32 via 198.51.100.3 dev tunl0 onlink',
        'route TUNNEL/32 via 192.0.2.2 dev tunl0 onlink',
        'route TUNNEL/32 via 198.51.100.3 dev tunl0 onlink',
      ],
    );
  });
});

describe('a cross-subnet pool', () => {
  it('wraps only between hosts that share no subnet', () => {
    const routes = tunnelLines(pool('ipip-cross-subnet'), 'a').filter((line) =>
      line.startsWith('route 10.0.'),
    );
    expect(routes).toContain('route 10.0.9.9/32 via 192.0.2.2 dev eth0');
    expect(routes).toContain('route 10.0.8.8/32 via 198.51.100.3 dev tunl0 onlink');
    const { fdb } = networkOf(pool('vxlan-cross-subnet')).namespaces.get('a')!;
    expect(fdb.map(({ dst }) => dst)).toEqual([0xc6336403]);
  });
});

describe('the MTU of workloads', () => {
  it.each([
    ['ipip', 1380],
    ['vxlan', 1350],
    ['vxlan-cross-subnet', 1350],
  ])('leaves room for %s in the smallest uplink', (encapsulation, mtu) => {
    const links = networkOf(pool(encapsulation)).namespaces.get('w')!.links;
    expect(links.get('eth0')!.mtu).toBe(mtu);
  });

  it('is the pool’s where it says one, and the least of several pools', () => {
    expect(networkOf(pool('vxlan', ', mtu: 1300')).namespaces.get('w')!.links.get('eth0')!.mtu).toBe(1300);
    const dual = `name: x
hosts:
  a: { netns: a, uplink: { dev: e, addresses: [192.0.2.1/24, "2001:db8::1/64"] } }
  b: { netns: b, uplink: { dev: e, addresses: [192.0.2.2/24, "2001:db8::2/64"] } }
underlay: { lan: { hosts: [a, b] } }
pools: [{ cidr: 10.0.0.0/16 }, { cidr: "fd00::/64", encapsulation: vxlan }]
workloads: { w: { host: a, addresses: [10.0.0.1, "fd00::1"] } }
`;
    expect(networkOf(dual).namespaces.get('w')!.links.get('eth0')!.mtu).toBe(1430);
    expect(linesOf(dual, 'b').filter((line) => line.includes('vxlan-v6.calico'))).toHaveLength(5);
  });
});

describe('an underlay of segments', () => {
  it('is a bridge for each, and the router between them', () => {
    expect(linesOf(pool('vxlan'), 'lan')).toEqual([
      'link a veth peer eth0 netns a up mtu 1500 master br0',
      'link b veth peer eth0 netns b up mtu 1400 master br0',
      'link br0 bridge up mtu 1400',
      'link br1 bridge up mtu 1400',
      'link c veth peer eth0 netns c up mtu 1500 master br1',
      'address 192.0.2.254/24 dev br0 scope global',
      'address 198.51.100.1/24 dev br1 scope global',
      'sysctl net.ipv4.ip_forward=1',
    ]);
  });
});
