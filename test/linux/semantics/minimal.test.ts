// What can be changed in place is never deleted and made anew, what moves is made before the old is broken, and flows
// between workloads that nobody touched lose no packet.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshMachine, sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from './box.ts';
import { eventsDuring } from './event-log.ts';
import { establish } from './pass.ts';

const ifindexes = (netns: string): Record<string, number> =>
  Object.fromEntries(
    (JSON.parse(sh(`ip -n ${netns} -j link`)) as { ifname: string; ifindex: number }[]).map((link) => [
      link.ifname,
      link.ifindex,
    ]),
  );

describe('changed in place', () => {
  const base = box(`links:
  v0: { kind: veth, peer: { name: v1 }, mtu: 1400, addresses: [10.1.0.1/24] }
  br0: { kind: bridge }
routes:
  - { dst: 10.9.0.0/16, via: 10.1.0.9, dev: v0 }
  - { dst: 10.8.0.0/16, dev: v0, scope: link }
sysctls: { net.ipv4.ip_forward: 0 }`);

  beforeEach((context) => {
    freshBox(context);
    establish(base);
    sh('ip -n box -6 addr flush dev v0; ip -n box -6 addr flush dev v1');
  });

  it.each([
    ['an MTU', base.replace('mtu: 1400', 'mtu: 1390'), [/^\d+: v0@v1: .* mtu 1390 /]],
    ['a master', base.replace('mtu: 1400', 'mtu: 1400, master: br0'), [/^\d+: v0@v1: .* master br0 /]],
    [
      'a state',
      base.replace('{ kind: bridge }', '{ kind: bridge, up: false }'),
      [/^\d+: br0: <BROADCAST,MULTICAST> /],
    ],
    ['a gateway', base.replace('via: 10.1.0.9', 'via: 10.1.0.8'), [/10\.9\.0\.0\/16 via 10\.1\.0\.8 dev v0/]],
    ['a scope', base.replace('scope: link', 'scope: global'), [/10\.8\.0\.0\/16 dev v0 proto 169/]],
    ['a type', base.replace('dev: v0, scope: link', 'type: unreachable'), [/unreachable 10\.8\.0\.0\/16/]],
    ['a setting', base.replace('mtu: 1400', 'mtu: 1400, proxyArp: true'), [/^\d+: v0@v1: /]],
    ['a sysctl', base.replace('ip_forward: 0', 'ip_default_ttl: 65'), []],
  ])('%s: the kernel announces that change and no deletion', async (_, changed, expected) => {
    const before = ifindexes('box');
    const events = await eventsDuring('box', () => establish(changed));
    expect(events.filter((line) => line.startsWith('Deleted') && !isAftermath(line))).toEqual([]);
    for (const pattern of expected) expect(events.some((line) => pattern.test(line))).toBe(true);
    const wanted = (line: string): boolean => expected.some((pattern) => pattern.test(line));
    expect(events.filter((line) => !wanted(line) && !isAftermath(line))).toEqual([]);
    expect(ifindexes('box')).toEqual(before);
  });
});

/** What the kernel does by itself beside: a link says so when its neighbour changes, and IPv6 keeps its own house. */
function isAftermath(line: string): boolean {
  const ofItself = /^\d+: (br0|v0@v1|v1@v0): /.test(line) && !line.startsWith('Deleted');
  return ofItself || /fe80::|ff00::/.test(line);
}

describe('moved', () => {
  beforeEach(freshBox);

  it('an address is on its new device before it leaves the old one', async () => {
    const on = (dev: string): string =>
      box(`links: { ${dev}: { kind: existing, addresses: [10.5.0.1/32] } }`);
    establish(on('eth0'));
    const events = await eventsDuring('box', () => establish(on('eth1')));
    const about = events.filter((line) => line.includes('inet 10.5.0.1/32')).map((line) => line.trim());
    expect(about.map((line) => [line.startsWith('Deleted'), /eth[01]/.exec(line)?.[0]])).toEqual([
      [false, 'eth1'],
      [true, 'eth0'],
    ]);
  });

  it('a /32 route is replaced by the one to its new device in one message', async () => {
    const by = (dev: string): string => box(`routes: [{ dst: 10.5.0.1/32, dev: ${dev}, scope: link }]`);
    establish(by('eth0'));
    const events = await eventsDuring('box', () => establish(by('eth1')));
    expect(events.filter((line) => line.includes('10.5.0.1'))).toEqual([
      expect.stringMatching(/^(\[ROUTE\])?10\.5\.0\.1 dev eth1 proto 169 scope link/),
    ]);
  });

  it('a route whose device leaves with it is on the new one before the old one is deleted', async () => {
    const by = (dev: string): string =>
      box(
        `links: { ${dev}: { kind: bridge, addresses: [10.4.0.1/24] } }\nroutes: [{ dst: 10.9.0.0/16, via: 10.4.0.9, dev: ${dev} }]`,
      );
    establish(by('br0'));
    const events = await eventsDuring('box', () => establish(by('br1')));
    const made = events.findIndex((line) => /10\.9\.0\.0\/16 via 10\.4\.0\.9 dev br1/.test(line));
    const broken = events.findIndex((line) => /^Deleted.* br0/.test(line));
    expect(made).toBeGreaterThanOrEqual(0);
    expect(broken).toBeGreaterThan(made);
    expect(lines('ip -n box route show 10.9.0.0/16')).toHaveLength(1);
  });
});

const flowProgram = `
  import { ping } from './dist/lab/probe.js';
  import { parseIp } from './dist/state/ip.js';
  const [, netns, to] = process.argv;
  const total = { sent: 0, received: 0 };
  const timer = setInterval(() => {
    const { sent, received } = ping(netns, parseIp(to), { count: 1, timeout: 1000 });
    total.sent += sent;
    total.received += received;
    if (total.sent === 1) process.stdout.write(' ');
  }, 2);
  process.stdin.on('end', () => {
    clearInterval(timer);
    process.stdout.write(JSON.stringify(total));
  }).resume();`;

/** Echo requests between two namespaces, from a process of its own, every few milliseconds while something is done. */
async function flowDuring(
  netns: string,
  to: string,
  act: () => void,
): Promise<{ readonly sent: number; readonly received: number }> {
  const program = spawn(process.execPath, ['--input-type=module', '-e', flowProgram, netns, to], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output = text(program.stdout);
  await new Promise((resolve) => program.stdout.once('data', resolve));
  act();
  program.stdin.end();
  return JSON.parse(await output);
}

describe('a flow between workloads that nobody touched', () => {
  const base = readFileSync('topologies/two-hosts.yaml', 'utf8');
  const more = `${base}  ns2: { host: host0, address: 10.20.1.4/24 }\n  ns3: { host: host1, address: 10.20.1.5 }\n`;
  const moved = more.replace('ns3: { host: host1', 'ns3: { host: host0');
  const third = more
    .replace(
      'underlay:',
      '  host2: { netns: host2, uplink: { dev: ens192, address: 192.168.1.8/24 } }\nunderlay:',
    )
    .replace('[host0, host1]', '[host0, host1, host2]')
    .concat('  ns4: { host: host2, address: 10.20.1.6 }\n');

  it('loses no packet while others come, move, change and go', async () => {
    freshMachine();
    establish(base);
    const { sent, received } = await flowDuring('ns0', '10.20.1.3', () => {
      for (const next of [more, moved, third, more.replace('10.20.1.4/24', '10.20.1.7/32'), base])
        establish(next);
      establish(base.replace('address: 10.20.1.3/24', 'address: 10.20.1.3/24, mtu: 1400'), base);
      establish(base.replace('name: two-hosts', 'name: two-hosts\nownership: { protocol: 200 }'), base);
    });
    expect(sent).toBeGreaterThan(20);
    expect(received).toBe(sent);
  });
});
