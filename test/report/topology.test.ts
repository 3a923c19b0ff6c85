import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TopologyError } from '../../src/errors.ts';
import { formatProblems } from '../../src/report/problems.ts';
import { asTopology } from '../../src/report/topology.ts';
import { formatTopology } from '../../src/report/yaml.ts';
import type { DesiredNetwork } from '../../src/state/network.ts';
import { readTopology } from '../../src/topology/read.ts';
import { network, small } from './network.ts';

const everything = `name: everything
ownership: { protocol: 201 }
hosts:
  host0: { netns: host0, uplink: { dev: ens192, address: 192.168.1.32/24, gateway: 192.168.1.1 } }
  host1: { netns: host1, uplink: { dev: ens192, addresses: [192.168.1.16/24, "fd00:1::16/64"], mtu: 9000 } }
underlay:
  lan: { hosts: [host0, host1] }
pools:
  - { cidr: 10.20.0.0/16, encapsulation: none }
workloads:
  a: { host: host0, address: 10.20.1.2/24, dev: veth0, mtu: 8980 }
  b: { host: host1, address: 10.20.1.3, gatewayMode: neighbour }
  c: { host: host1, address: 10.20.1.4, gatewayMode: address, gateway: 10.20.1.1 }
  d: { host: host0, address: 10.20.2.0, replicas: 3 }
netns:
  extra:
    manage: owned
    links:
      lo: { kind: existing, up: true }
      br0: { kind: bridge, stp: true, addresses: [10.0.0.1/24] }
      tap:
        kind: veth
        peer: { name: pat }
        master: br0
        up: false
        proxyNdp: true
        forwarding: true
        rpFilter: 2
        sysctls: { ipv4: { arp_ignore: 1 }, ipv6: { accept_ra: 0, forwarding: 1 } }
        neighbours: [{ dst: 10.0.0.9, mac: 02:00:00:00:00:09 }, { dst: "fd00::9", proxy: true }]
      pat:
        kind: veth
        peer: { name: tap }
        addresses:
          - { address: 10.1.0.1, peer: 10.1.0.2/32, noprefixroute: true }
          - { address: 10.2.0.1/24, scope: link, adopt: true }
          - fd00:2::1/64
          - 169.254.7.7/32
          - { address: 127.0.0.9/8, scope: global }
          - fe80::77/64
    routes:
      - { dst: default, via: 10.0.0.2, dev: br0, metric: 50 }
      - { dst: "::/0", via: "fd00:2::2", dev: pat, src: "fd00:2::1" }
      - { dst: 10.30.0.0/16, nexthops: [{ via: 10.0.0.3, weight: 1 }, { via: 10.0.0.4, dev: br0, weight: 2, onlink: true }] }
      - { dst: 10.40.0.0/16, type: blackhole, table: 100 }
      - { dst: 10.50.0.0/16, dev: br0, scope: global, mtu: 1400, onlink: true, adopt: true }
      - { dst: 10.60.0.0/16, dev: br0 }
    sysctls: { net.ipv4.ip_forward: 1, net.ipv4.tcp_rmem: "4096 131072 6291456" }
`;

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'topology-'));
});

afterAll(() => rmSync(dir, { recursive: true }));

function read(text: string): DesiredNetwork {
  const file = join(dir, 'a.yaml');
  writeFileSync(file, text);
  try {
    return readTopology([file], { hosts: null, hostname: 'host0' });
  } catch (error) {
    if (error instanceof TopologyError) throw new Error(formatProblems(error.problems));
    throw error;
  }
}

/** Items whose order counts within their link. */
const onLinks = new Set(['addresses', 'neighbours', 'fdb']);

/** The network as plain data without places: what must survive a round trip, every order that means something included. */
function withoutPlaces(network: DesiredNetwork): unknown {
  const plain = JSON.stringify({ ...network, files: [] }, (key, value) => {
    if (key === 'source') return undefined;
    if (onLinks.has(key)) return [...value].sort((a, b) => (a.dev < b.dev ? -1 : a.dev > b.dev ? 1 : 0));
    if (!(value instanceof Map)) return value;
    return key === 'sysctls' ? Object.fromEntries(value) : [...value];
  });
  return JSON.parse(plain);
}

test('a rendered topology expands to the same network', () => {
  const original = read(everything);
  expect(withoutPlaces(read(formatTopology(original)))).toEqual(withoutPlaces(original));
});

test('JSON is YAML, and expands to the same network', () => {
  const original = read(everything);
  expect(withoutPlaces(read(JSON.stringify(asTopology(original))))).toEqual(withoutPlaces(original));
});

const speaking = `name: speaking
hosts:
  a: { netns: a, asn: 65010, uplink: { dev: eth0, addresses: [192.0.2.1/24, "2001:db8::1/64"] }, blocks: [10.0.0.0/26] }
  b: { netns: b, uplink: { dev: eth0, addresses: [192.0.2.2/24, "2001:db8::2/64"] } }
  host0: { uplink: { dev: eth0, addresses: [198.51.100.3/24, "2001:db8::3/64"] } }
underlay: { lan: { hosts: [a, b] } }
pools:
  - { cidr: 10.0.0.0/16, routing: bgp, encapsulation: ipip-cross-subnet }
  - { cidr: "fd00::/64", routing: bgp }
bgp:
  routeReflectors: [b]
  passwordFile: /etc/secret
  configFile: /run/theirs.conf
  peers: [{ name: tor, address: 203.0.113.1, asn: 65001, source: 192.0.2.1, hosts: [a] }]
workloads:
  w: { host: b, addresses: [10.0.9.9, "fd00::9"] }
`;

test('BGP speakers are rendered whole, and read again', () => {
  const original = read(speaking);
  expect(original.bgp.map(({ host, peers }) => [host, peers.length])).toEqual([
    ['a', 3],
    ['b', 4],
    ['host0', 2],
  ]);
  expect(withoutPlaces(read(formatTopology(original)))).toEqual(withoutPlaces(original));
  expect(withoutPlaces(read(JSON.stringify(asTopology(original))))).toEqual(withoutPlaces(original));
});

test('a speaker of a host is printed in the words of the format', () => {
  const rendered = formatTopology(read(speaking));
  expect(rendered.slice(rendered.indexOf('bgp:'), rendered.indexOf('    b:'))).toMatchInlineSnapshot(`
    "bgp:
      configFile: /run/theirs.conf
      controlSocket: /run/bird/bird.ctl
      speakers:
        a:
          netns: a
          asn: 65010
          routerId: 192.0.2.1
          uplink: eth0
          pools:
            - 10.0.0.0/16
            - fd00::/64
          announces:
            - 10.0.0.0/26
          tunnels:
            - { pools: [ 10.0.0.0/16 ], nextHop: 10.0.0.0, ways: [ { nextHop: 10.0.255.94, via: 192.0.2.2, dev: eth0 }, { nextHop: 10.0.249.198, via: 198.51.100.3, dev: tunl0, onlink: true } ] }
          peers:
            - { name: b.4, address: 192.0.2.2, asn: 64512, source: 192.0.2.1, inside: true, passwordFile: /etc/secret }
            - { name: b.6, address: 2001:db8::2, asn: 64512, source: 2001:db8::1, inside: true, passwordFile: /etc/secret }
            - { name: tor, address: 203.0.113.1, asn: 65001, source: 192.0.2.1, multihop: true }
    "
  `);
});

test('expansion is printed in the words of the format', () => {
  expect(formatTopology(small)).toMatchInlineSnapshot(`
    "# Rendered from two-hosts.yaml
    name: two-hosts
    ownership: { protocol: 169 }
    netns:
      host0:
        links:
          ens192:
            kind: veth
            peer: { netns: lan, name: host0 }
            up: true
            mtu: 1500
            mac: 02:00:00:00:00:20
            addresses:
              - 192.168.1.32/24
          veth0:
            kind: veth
            peer: { netns: ns0, name: eth0 }
            up: true
            mac: ee:ee:ee:ee:ee:ee
            proxyArp: true
            sysctls:
              ipv4:
                arp_ignore: 1
            proxyDelay: 0
        routes:
          - { dst: 10.20.1.3/32, via: 192.168.1.16, dev: ens192 }
          - { dst: 10.20.1.2/32, dev: veth0, scope: link }
        sysctls:
          net.ipv4.ip_forward: 1
      lan:
        links:
          br0:
            kind: bridge
            stp: false
            vlanFiltering: false
            up: true
          host0:
            kind: veth
            peer: { netns: host0, name: ens192 }
            up: true
            master: br0
      ns0:
        links:
          lo:
            kind: existing
            up: true
          eth0:
            kind: veth
            peer: { netns: host0, name: veth0 }
            up: true
            addresses:
              - 10.20.1.2/24
            neighbours:
              - { dst: 169.254.1.1, mac: ee:ee:ee:ee:ee:ee }
        routes:
          - { dst: default, via: 169.254.1.1, dev: eth0 }
          - { dst: 169.254.1.1/32, dev: eth0, scope: link }
    "
  `);
});

test('hostile text stays inside its quotes', () => {
  const text = formatTopology({
    ...network([]),
    ignore: ['a\x1b[2J\u202e\u0085'],
    files: [{ name: 'a\nb: c', lineStarts: [0] }],
  });
  expect(text).not.toMatch(/[\x1b\u202e\u0085]/);
  expect(text.split('\n')[0]).toBe('# Rendered from a\\nb: c');
  expect(read(text.replace('netns: {}', '')).ignore).toEqual(['a\x1b[2J\u202e\u0085']);
});
