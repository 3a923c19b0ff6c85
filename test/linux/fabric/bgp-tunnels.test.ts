// BGP of wrapped pools: BIRD learns the tunnel's address as the next hop, and its routes lead into the tunnel, or past it
// within a subnet.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Capture } from '../../sandbox/capture.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { needsKinds } from './kinds.ts';
import { lostPairs, passesWhole, stationsOf } from './pings.ts';
import { PATIENCE, Watching } from './watching.ts';

const scratch = mkdtempSync(join(tmpdir(), 'calico-reconcile-bgp-tunnels-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let watching: Watching | undefined;
let capture: Capture | undefined;

beforeEach(freshMachine);
beforeEach(requires('ip', 'bird', 'tcpdump', 'ping'));
afterEach(async () => {
  capture?.stop();
  await watching?.stop();
  capture = undefined;
  watching = undefined;
});

/** Two hosts in one rack and one in another; the router between them knows nothing of workloads. */
const racks = (encapsulation: string, bgp = ''): string => `
name: racks
hosts:
  host0: { netns: host0, uplink: { dev: eth0, address: 192.168.1.10/24, gateway: 192.168.1.1 }, blocks: [10.20.0.0/26] }
  host1: { netns: host1, uplink: { dev: eth0, address: 192.168.1.11/24, gateway: 192.168.1.1 }, blocks: [10.20.0.64/26] }
  host2: { netns: host2, uplink: { dev: eth0, address: 192.168.2.10/24, gateway: 192.168.2.1 } }
underlay:
  core:
    segments:
      - { hosts: [host0, host1], gateway: 192.168.1.1/24 }
      - { hosts: [host2], gateway: 192.168.2.1/24 }
pools:
  - { cidr: 10.20.0.0/16, routing: bgp, encapsulation: ${encapsulation} }
workloads:
  web: { host: host0, address: 10.20.0.2 }
  app: { host: host1, address: 10.20.0.66 }
  db: { host: host2, address: 10.20.7.7 }
${bgp}`;

/** Two hosts on one wire, with workloads of both families. */
const wire = (encapsulation: string, routing: string, of0 = ''): string => `
name: racks
hosts:
  host0: { netns: host0, uplink: { dev: eth0, addresses: [192.168.1.10/24, "2001:db8::10/64"] }, blocks: [10.20.0.0/26, "fd00:20::/122"]${of0} }
  host1: { netns: host1, uplink: { dev: eth0, addresses: [192.168.1.11/24, "2001:db8::11/64"] } }
underlay:
  lan: { hosts: [host0, host1] }
pools:
  - { cidr: 10.20.0.0/16, routing: ${routing}, encapsulation: ${encapsulation} }
  - { cidr: "fd00:20::/64", routing: ${routing}, encapsulation: ${encapsulation} }
workloads:
  web: { host: host0, addresses: [10.20.0.2, "fd00:20::2"] }
  app: { host: host1, addresses: [10.20.1.2, "fd00:20::102"] }
`;

function written(text: string): string {
  const file = join(scratch, 'racks.yaml');
  writeFileSync(file, text);
  return file;
}

/** Watches a file until everyone reaches everyone, the workloads among each other and host0 all of them. */
async function stands(text: string): Promise<string> {
  const file = written(text);
  watching = new Watching([file]);
  await reached(file);
  return file;
}

async function reached(file: string): Promise<void> {
  await expect.poll(() => lostPairs(stationsOf(file)).lost, { timeout: PATIENCE }).toEqual([]);
}

const routes = (netns: string, family = '-4'): string[] =>
  sh(`ip -n ${netns} ${family} route show proto bird`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/ metric \d+| pref medium/g, '').trim())
    .sort();

/** One echo request of a full-size packet as tcpdump tells it: the outer packet, then the inner one. */
const wrapped = (outer: string, inner: string): RegExp =>
  new RegExp(`${outer}.*\\n.*\\n?.*${inner}: .*echo request`.replaceAll('.1', '\\.1'));

describe('vxlan', () => {
  beforeEach(needsKinds('vxlan'));

  it('has BIRD’s routes into the tunnel to every host, full-size packets in it, and none past it', async () => {
    await stands(racks('vxlan'));
    expect(routes('host1')).toEqual([
      '10.20.0.0/26 via 10.20.0.0 dev vxlan.calico onlink',
      '10.20.7.7 via 10.20.250.132 dev vxlan.calico onlink',
    ]);
    capture = new Capture('host0', 'eth0', 'icmp', 'or', 'udp', 'port', '4789');
    expect(passesWhole('web', '10.20.7.7', 1450)).toBe(true);
    expect(passesWhole('web', '10.20.0.66', 1450)).toBe(true);
    await capture.sees(wrapped('192.168.1.10.\\d+ > 192.168.2.10.4789: VXLAN', '10.20.0.2 > 10.20.7.7'));
    await capture.sees(wrapped('192.168.1.10.\\d+ > 192.168.1.11.4789: VXLAN', '10.20.0.2 > 10.20.0.66'));
    expect(capture.text).not.toMatch(/flags \[\+\]/);
    expect(passesWhole('web', '10.20.7.7', 1451)).toBe(false);
    expect(passesWhole('host1', '10.20.7.7', 1450)).toBe(true);
  });

  it('wraps between racks alone with vxlan-cross-subnet, and by the word of a reflector too', async () => {
    await stands(racks('vxlan-cross-subnet', 'bgp: { routeReflectors: [host0] }'));
    expect(routes('host1')).toEqual([
      '10.20.0.0/26 via 192.168.1.10 dev eth0',
      '10.20.7.7 via 10.20.250.132 dev vxlan.calico onlink',
    ]);
    expect(routes('host2')).toEqual([
      '10.20.0.0/26 via 10.20.0.0 dev vxlan.calico onlink',
      '10.20.0.64/26 via 10.20.0.64 dev vxlan.calico onlink',
    ]);
    capture = new Capture('host1', 'eth0', 'icmp', 'or', 'udp', 'port', '4789');
    expect(passesWhole('app', '10.20.0.2', 1450)).toBe(true);
    await capture.sees(/10\.20\.0\.66 > 10\.20\.0\.2: ICMP echo request/);
    expect(capture.text).not.toContain('VXLAN');
    expect(passesWhole('app', '10.20.7.7', 1450)).toBe(true);
    await capture.sees(wrapped('192.168.1.11.\\d+ > 192.168.2.10.4789: VXLAN', '10.20.0.66 > 10.20.7.7'));
  });

  it('carries both families, also between hosts of different AS numbers', async () => {
    await stands(wire('vxlan', 'bgp', ', asn: 65010'));
    expect(routes('host1', '-6')).toEqual(['fd00:20::/122 via fd00:20:: dev vxlan-v6.calico onlink']);
    capture = new Capture('host0', 'eth0', 'udp', 'port', '4789', 'or', 'icmp6');
    expect(passesWhole('web', 'fd00:20::102', 1430)).toBe(true);
    await capture.sees(
      wrapped('2001:db8::10.\\d+ > 2001:db8::11.4789: .*VXLAN', 'fd00:20::2 > fd00:20::102'),
    );
    expect(passesWhole('web', 'fd00:20::102', 1431)).toBe(false);
  });

  it('goes from one way to another while the watch runs, with nothing left over', async () => {
    const file = await stands(wire('none', 'bgp'));
    for (const [encapsulation, routing, expected] of [
      ['vxlan', 'bgp', ['10.20.0.0/26 via 10.20.0.0 dev vxlan.calico onlink']],
      ['vxlan', 'static', []],
      ['vxlan-cross-subnet', 'bgp', ['10.20.0.0/26 via 192.168.1.10 dev eth0']],
      ['none', 'bgp', ['10.20.0.0/26 via 192.168.1.10 dev eth0']],
    ] as const) {
      written(wire(encapsulation, routing));
      await expect.poll(() => routes('host1'), { timeout: PATIENCE }).toEqual(expected);
      await reached(file);
    }
    await expect.poll(() => sh('ip -n host1 link'), { timeout: PATIENCE }).not.toContain('vxlan');
    await reached(file);
  });

  it('has its routes back when the tunnel device was deleted', async () => {
    const file = await stands(racks('vxlan'));
    const before = routes('host0');
    sh('ip -n host0 link del vxlan.calico');
    await expect.poll(() => routes('host0'), { timeout: PATIENCE }).toEqual(before);
    await reached(file);
  });
});

describe('ipip', () => {
  beforeEach(needsKinds('ipip'));

  it('has BIRD’s routes into tunl0 to every host, and full-size packets in a second header', async () => {
    await stands(racks('ipip'));
    expect(routes('host1')).toEqual([
      '10.20.0.0/26 via 192.168.1.10 dev tunl0 onlink',
      '10.20.7.7 via 192.168.2.10 dev tunl0 onlink',
    ]);
    capture = new Capture('host0', 'eth0', 'ip', 'proto', '4');
    expect(passesWhole('web', '10.20.7.7', 1480)).toBe(true);
    await capture.sees(wrapped('192.168.1.10 > 192.168.2.10:', '10.20.0.2 > 10.20.7.7'));
    expect(capture.text).not.toMatch(/flags \[\+\]/);
    expect(passesWhole('web', '10.20.7.7', 1481)).toBe(false);
  });

  it('wraps between racks alone with ipip-cross-subnet', async () => {
    await stands(racks('ipip-cross-subnet'));
    expect(routes('host1')).toEqual([
      '10.20.0.0/26 via 192.168.1.10 dev eth0',
      '10.20.7.7 via 192.168.2.10 dev tunl0 onlink',
    ]);
  });
});
