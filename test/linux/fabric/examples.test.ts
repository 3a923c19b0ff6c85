// The fabrics of topologies/: everyone reaches everyone, in the encapsulation that the file asks for, with packets as large
// as the workloads' MTU says.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { Capture } from '../../sandbox/capture.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { needsKinds } from './kinds.ts';
import { lostPairs, passesWhole, stationsOf } from './pings.ts';

let capture: Capture | undefined;

beforeEach(freshMachine);
beforeEach(requires('ip', 'bridge', 'tcpdump', 'ping'));
afterEach(() => {
  capture?.stop();
  capture = undefined;
});

async function applied(file: string): Promise<string> {
  expect(await run('apply', file)).toMatchObject({ status: 0, err: '' });
  return file;
}

describe('topologies/four-hosts-vxlan.yaml', () => {
  const file = 'topologies/four-hosts-vxlan.yaml';

  it('joins every pair of workloads', async () => {
    expect(lostPairs(stationsOf(await applied(file)))).toEqual({ tried: 12, lost: [] });
  });

  it('wraps packets between the racks, full-size ones without fragments', async () => {
    await applied(file);
    capture = new Capture('host0', 'eth0', 'udp', 'port', '4789');
    expect(passesWhole('web', '10.20.0.130', 1450)).toBe(true);
    await capture.sees(/192\.168\.1\.10\.\d+ > 192\.168\.2\.10\.4789: VXLAN.*vni 4096/);
    await capture.sees(/10\.20\.0\.2 > 10\.20\.0\.130: ICMP echo request/);
    expect(capture.text).not.toMatch(/flags \[\+\]/);
    expect(passesWhole('web', '10.20.0.130', 1451)).toBe(false);
  });

  it('sends packets inside a rack as they are', async () => {
    await applied(file);
    capture = new Capture('host0', 'eth0', 'icmp', 'or', 'udp', 'port', '4789');
    expect(passesWhole('web', '10.20.0.66', 1450)).toBe(true);
    await capture.sees(/10\.20\.0\.2 > 10\.20\.0\.66: ICMP echo request/);
    expect(capture.text).not.toContain('VXLAN');
  });

  it('has one route to a block, a blackhole for its own, and lets hosts reach workloads of the other rack', async () => {
    await applied(file);
    const routes = sh('ip -n host0 route show proto 169');
    expect(routes).toContain('blackhole 10.20.0.0/26');
    expect(routes).toContain('10.20.0.128/26 via 10.20.0.128 dev vxlan.calico onlink');
    expect(routes).toContain('10.20.0.64/26 via 192.168.1.11 dev eth0');
    expect(routes).not.toContain('10.20.0.130 ');
    expect(sh('bridge -n host0 fdb show dev vxlan.calico').match(/self permanent/g)).toHaveLength(2);
    expect(passesWhole('host0', '10.20.0.130', 1450)).toBe(true);
  });
});

describe('topologies/ipip.yaml', () => {
  const file = 'topologies/ipip.yaml';
  beforeEach(needsKinds('ipip'));

  it('joins both workloads, wrapped in a second IPv4 header and without fragments', async () => {
    expect(lostPairs(stationsOf(await applied(file)))).toEqual({ tried: 2, lost: [] });
    capture = new Capture('host0', 'eth0', 'ip', 'proto', '4');
    expect(passesWhole('ns0', '10.20.1.3', 1480)).toBe(true);
    await capture.sees(
      /192\.168\.1\.10 > 192\.168\.2\.10:.*\n?.*10\.20\.1\.2 > 10\.20\.1\.3: ICMP echo request/,
    );
    expect(capture.text).not.toMatch(/flags \[\+\]/);
    expect(passesWhole('ns0', '10.20.1.3', 1481)).toBe(false);
    expect(passesWhole('host0', '10.20.1.3', 1480)).toBe(true);
  });
});

describe('topologies/dual-stack.yaml', () => {
  const file = 'topologies/dual-stack.yaml';

  it('joins every pair of workloads in both families, at once', async () => {
    expect(lostPairs(stationsOf(await applied(file)))).toEqual({ tried: 24, lost: [] });
  });

  it('wraps IPv4 and sends IPv6 as it is, each up to the MTU that both allow', async () => {
    await applied(file);
    capture = new Capture('node0', 'eth0', 'udp', 'port', '4789', 'or', 'icmp6');
    expect(passesWhole('web', '10.20.0.4', 1450)).toBe(true);
    expect(passesWhole('web', 'fd00:10:20::4', 1450)).toBe(true);
    await capture.sees(/10\.20\.0\.2 > 10\.20\.0\.4: ICMP echo request/);
    await capture.sees(/fd00:10:20::2 > fd00:10:20::4: .*ICMP6, echo request/);
    expect(capture.text).not.toMatch(/VXLAN[^\n]*\n[^\n]*fd00/);
  });

  it('finds its gateways the way each workload says', async () => {
    await applied(file);
    expect(sh('ip -n app neighbour show nud permanent')).toMatch(
      /fe80::ecee:eeff:feee:eeee .*ee:ee:ee:ee:ee:ee PERMANENT/,
    );
    expect(sh('ip -n node2 address')).toContain('inet 169.254.1.1/32');
    expect(passesWhole('cache', 'fd00:10:20::2', 1450)).toBe(true);
    expect(sh('ip -n cache -6 route show default')).toContain('via fd00:10:20::1');
    expect(sh('ip -n cache -6 neighbour')).toMatch(/fd00:10:20::1 .*ee:ee:ee:ee:ee:ee/);
  });
});
