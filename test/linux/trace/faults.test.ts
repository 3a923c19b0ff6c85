// Faults planted in a sound network, one at a time: `trace` and `verify` name the cause, and what they say to run mends it.
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { dropAll } from '../../sandbox/firewall.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

const file = '/run/fabric.yaml';

/** Workloads without a subnet, as Calico has them: all they send goes to 169.254.1.1. */
const fabric = `
name: fabric
hosts:
  host0: { netns: host0, uplink: { dev: ens192, address: 192.168.1.32/24 } }
  host1: { netns: host1, uplink: { dev: ens192, address: 192.168.1.16/24 } }
underlay:
  lan: { hosts: [host0, host1] }
workloads:
  ns0: { host: host0, address: 10.20.1.2, dev: veth0 }
  ns1: { host: host1, address: 10.20.1.3, dev: veth0 }
`;

interface Fault {
  readonly code: string;
  readonly netns: string;
  readonly dev: string | null;
  readonly source: { readonly file: string; readonly line: number } | null;
  readonly command: string | null;
}

interface Planted {
  readonly title: string;
  readonly plant: string | (() => void);
  readonly code: string;
  readonly netns: string;
  readonly dev: string | null;
  /** Line of the file that asks for better; null where the file is silent. */
  readonly line: number | null;
  /** `trace` can only suspect it. */
  readonly suspected?: true;
  /** More is gone than one command brings back. */
  readonly needsApply?: true;
}

const sysctl = (netns: string, setting: string): string => `ip netns exec ${netns} sysctl -qw ${setting}`;
const uplink = 4;
const ns0 = 9;
const ns1 = 10;

const planted: readonly Planted[] = [
  {
    title: 'proxy_arp is off',
    plant: sysctl('host0', 'net.ipv4.conf.veth0.proxy_arp=0'),
    ...{ code: 'proxyArpOff', netns: 'host0', dev: 'veth0', line: ns0 },
  },
  {
    title: 'the veth does not forward, so proxy ARP is silent',
    plant: sysctl('host0', 'net.ipv4.conf.veth0.forwarding=0'),
    ...{ code: 'proxyArpForwardingOff', netns: 'host0', dev: 'veth0', line: ns0 },
  },
  {
    title: 'the host has no route to the gateway',
    plant: 'ip -n host0 route delete 169.254.1.1',
    ...{ code: 'proxyArpNoRoute', netns: 'host0', dev: 'veth0', line: uplink },
  },
  {
    title: 'the route to the gateway is unreachable',
    plant: 'ip -n host0 route replace unreachable 169.254.1.1',
    ...{ code: 'proxyArpUnreachable', netns: 'host0', dev: 'veth0', line: uplink },
  },
  {
    title: 'the route to the gateway is a blackhole',
    plant: 'ip -n host0 route replace blackhole 169.254.1.1',
    ...{ code: 'proxyArpBlackhole', netns: 'host0', dev: 'veth0', line: uplink },
  },
  {
    title: 'the route to the gateway leads back to who asks',
    plant: 'ip -n host0 route replace 169.254.1.1 dev veth0 scope link',
    ...{ code: 'proxyArpRouteBack', netns: 'host0', dev: 'veth0', line: uplink },
  },
  {
    title: 'rp_filter refuses who asks',
    plant: `${sysctl('host0', 'net.ipv4.conf.veth0.rp_filter=1')}; ip -n host0 route delete 10.20.1.2`,
    ...{ code: 'proxyArpRpFilter', netns: 'host0', dev: 'veth0', line: ns0 },
  },
  {
    title: 'the route to the other workload is missing',
    plant: 'ip -n host0 route delete 10.20.1.3',
    ...{ code: 'noRoute', netns: 'host0', dev: null, line: ns1 },
  },
  {
    title: 'a host does not forward',
    plant: sysctl('host1', 'net.ipv4.conf.ens192.forwarding=0'),
    ...{ code: 'forwardingOff', netns: 'host1', dev: 'ens192', line: null },
  },
  {
    title: 'the veth leads to another host',
    plant: `ip -n ns0 link delete eth0
      ip link add name eth0 netns ns0 type veth peer name veth9 netns host1
      ip -n host1 link set veth9 up; ip -n ns0 link set eth0 up; ip -n ns0 addr add 10.20.1.2/32 dev eth0
      ip -n ns0 route add 169.254.1.1 dev eth0 scope link; ip -n ns0 route add default via 169.254.1.1`,
    ...{ code: 'wrongPeer', netns: 'ns0', dev: 'eth0', line: ns0, needsApply: true },
  },
  {
    title: "the workload's link is down",
    plant: 'ip -n ns0 link set eth0 down',
    ...{ code: 'linkDown', netns: 'ns0', dev: 'eth0', line: ns0, needsApply: true },
  },
  {
    title: "the host's end of the veth is down",
    plant: 'ip -n host0 link set veth0 down',
    ...{ code: 'noCarrier', netns: 'ns0', dev: 'eth0', line: ns0, needsApply: true },
  },
  {
    title: 'a wire takes smaller packets than the hosts send',
    plant: 'ip -n lan link set host1 mtu 1400',
    ...{ code: 'mtuHole', netns: 'lan', dev: 'host1', line: 7, suspected: true },
  },
  {
    title: 'a neighbour has a hardware address that nobody has',
    plant: 'ip -n ns0 neigh replace 169.254.1.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent',
    ...{ code: 'wrongMac', netns: 'ns0', dev: 'eth0', line: null },
  },
  {
    title: 'the way back is missing',
    plant: 'ip -n host1 route delete 10.20.1.2',
    ...{ code: 'noRoute', netns: 'host1', dev: null, line: ns0 },
  },
  {
    title: 'a blackhole swallows what goes to the other workload',
    plant: 'ip -n host0 route replace blackhole 10.20.1.3',
    ...{ code: 'blackhole', netns: 'host0', dev: null, line: ns1 },
  },
  {
    title: 'rp_filter drops what comes by a way that does not lead back',
    plant: `${sysctl('host1', 'net.ipv4.conf.ens192.rp_filter=1')}; ip -n host1 route replace 10.20.1.2 dev veth0 scope link`,
    ...{ code: 'rpFilter', netns: 'host1', dev: 'ens192', line: ns0 },
  },
  {
    title: 'a firewall drops what is forwarded',
    plant: () => dropAll('host1', 'forward'),
    ...{ code: 'firewall', netns: 'host1', dev: null, line: null, suspected: true, needsApply: true },
  },
];

/** What shows without a packet's way being followed. */
const seenByDoctor: ReadonlySet<string> = new Set([
  'proxyArpOff',
  'proxyArpForwardingOff',
  'proxyArpNoRoute',
  'proxyArpUnreachable',
  'proxyArpBlackhole',
  'proxyArpRouteBack',
  'proxyArpRpFilter',
  'wrongPeer',
  'linkDown',
  'mtuHole',
  'firewall',
]);

describe('a planted fault', () => {
  beforeEach(async (context) => {
    requires('ip', 'sysctl')(context);
    freshMachine();
    writeFileSync(file, fabric);
    expect(await run('apply', file)).toMatchObject({ status: 0, err: '' });
  });

  it('is not found where there is none', async () => {
    expect(await run('trace', file, 'ns0', 'ns1')).toMatchObject({ status: 0 });
    expect(await run('verify', file)).toMatchObject({ status: 0 });
    const { ways } = JSON.parse((await run('trace', '--json', file, 'ns0', 'ns1')).out);
    expect(ways).toMatchObject([
      { verdict: 'arrives', fault: null, suspects: [] },
      { verdict: 'arrives', fault: null, suspects: [] },
    ]);
  });

  it.each(planted)('$title', async (fault) => {
    const { plant, code, netns, dev, line } = fault;
    if (typeof plant === 'string') sh(plant);
    else plant();
    const expected = {
      code,
      netns,
      dev,
      source: line === null ? null : expect.objectContaining({ file, line }),
    };

    const traced = await run('trace', '--json', file, 'ns0', 'ns1');
    const { ways } = JSON.parse(traced.out);
    expect(traced.status).toBe(fault.suspected ? 0 : 1);
    expect(faultsOf(ways, fault.suspected ? 'suspects' : 'fault')).toContainEqual(
      expect.objectContaining(expected),
    );

    const verified = await run('verify', '--format', 'json', '--timeout', '300', file);
    const { holes } = JSON.parse(verified.out);
    expect(verified.status).toBe(1);
    expect(holes[0].fault).toMatchObject(expected);

    if (seenByDoctor.has(code)) {
      const { findings } = JSON.parse((await run('doctor', '--format', 'json', file)).out);
      expect(findings).toContainEqual(expect.objectContaining(expected));
    }

    if (!fault.needsApply) {
      sh(`set -e; ${holes[0].fault.command}`);
      expect(await settled()).toBe(0);
    }
  });
});

/** How often a network is looked at until it is whole: the kernel asks for a neighbour three times, a second apart, and gives up. */
const LOOKS = 5;

/** The status of `verify`, once what the first mending let show is mended, and neighbours that were given up are asked again. */
async function settled(): Promise<number> {
  for (let look = 1; ; look++) {
    const { status, out } = await run('verify', '--format', 'json', file);
    if (status === 0 || look === LOOKS) return status;
    const { command } = JSON.parse(out).holes[0].fault;
    if (command === null) await new Promise((resolve) => setTimeout(resolve, 1000));
    else sh(`set -e; ${command}`);
  }
}

function faultsOf(
  ways: readonly { fault: Fault | null; suspects: readonly Fault[] }[],
  where: 'fault' | 'suspects',
): Fault[] {
  return ways.flatMap((way) => (where === 'suspects' ? way.suspects : way.fault === null ? [] : [way.fault]));
}
