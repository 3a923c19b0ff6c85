// A router outside of the fabric, with a BIRD of its own that knows nothing of us: what goes over the session, and what not.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../../../src/bgp/control.ts';
import { ping } from '../../../src/lab/probe.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { needsKinds } from './kinds.ts';
import { PATIENCE, Watching } from './watching.ts';

const scratch = mkdtempSync(join(tmpdir(), 'calico-reconcile-bgp-outside-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let watching: Watching | undefined;
let router: ChildProcess | undefined;

beforeEach(freshMachine);
beforeEach(requires('ip', 'bird'));
beforeEach(needsKinds('vxlan'));
afterEach(async () => {
  router?.kill('SIGKILL');
  await watching?.stop();
  router = undefined;
  watching = undefined;
});

/** Two hosts, and beside them on the wire a router with an address of its own and a network behind it. */
const fabric = (peer: string, encapsulation: string): string => `
name: outside
hosts:
  host0: { netns: host0, uplink: { dev: eth0, addresses: [192.168.1.10/24, 192.168.1.110/24] }, blocks: [10.20.0.0/26] }
  host1: { netns: host1, uplink: { dev: eth0, address: 192.168.1.11/24 } }
underlay:
  lan: { hosts: [host0, host1] }
netns:
  lan: { links: { router: { kind: veth, peer: { netns: router, name: eth0 }, master: br0 } } }
  router:
    links: { eth0: { kind: veth, peer: { netns: lan, name: router }, addresses: [192.168.1.1/24] } }
    sysctls: { net.ipv4.ip_forward: 1 }
pools:
  - { cidr: 10.20.0.0/16, routing: bgp, encapsulation: ${encapsulation} }
bgp:
  asn: 64512
  peers:
    - { name: tor, address: 192.168.1.1, asn: 65001${peer} }
workloads:
  web: { host: host0, address: 10.20.0.2 }
  db: { host: host1, address: 10.20.7.7 }
`;

/** Watches the fabric, and runs the router's BIRD beside it. */
async function stands(
  peer: string,
  neighbours: readonly string[],
  { password = '', encapsulation = 'none' } = {},
): Promise<string> {
  const file = join(scratch, 'outside.yaml');
  writeFileSync(file, fabric(peer, encapsulation));
  watching = new Watching([file]);
  await watching.says(/in sync/);
  const config = join(scratch, 'router.conf');
  writeFileSync(
    config,
    `
router id 192.168.1.1;
protocol device { scan time 1; }
protocol direct { ipv4; interface "eth0"; }
protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
protocol static { ipv4;
  route 10.20.99.0/24 blackhole;
  route 10.30.0.0/16 blackhole;
  route 0.0.0.0/0 blackhole;
}
${neighbours
  .map(
    (address, index) => `
protocol bgp host${index} {
  local 192.168.1.1 as 65001;
  neighbor ${address} as 64512;
  ${password === '' ? '' : `password "${password}";`}
  connect delay time 1; connect retry time 1; error wait time 1, 2;
  ipv4 { import all; export where source = RTS_STATIC; };
}`,
  )
  .join('')}
`,
  );
  const args = ['netns', 'exec', 'router', 'bird', '-f', '-c', config, '-s', join(scratch, 'router.ctl')];
  router = spawn('ip', args, {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  return file;
}

const birdRoutes = (netns: string): string[] =>
  sh(`ip -n ${netns} route show proto bird`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/ metric \d+/, '').trim())
    .sort();
const until = (netns: string, routes: readonly string[]): Promise<void> =>
  expect.poll(() => birdRoutes(netns), { timeout: PATIENCE }).toEqual(routes);

describe('a router outside', () => {
  it('learns what every host holds, and is believed only what is in the pools', async () => {
    const file = await stands('', ['192.168.1.10', '192.168.1.11']);
    await until('router', ['10.20.0.0/26 via 192.168.1.10 dev eth0', '10.20.7.7 via 192.168.1.11 dev eth0']);
    await until('host0', ['10.20.7.7 via 192.168.1.11 dev eth0', '10.20.99.0/24 via 192.168.1.1 dev eth0']);
    await until('host1', [
      '10.20.0.0/26 via 192.168.1.10 dev eth0',
      '10.20.99.0/24 via 192.168.1.1 dev eth0',
    ]);
    expect(ping('router', 0x0a140002, { count: 1, timeout: 3000 }).received).toBe(1);
    expect(ping('router', 0x0a140707, { count: 1, timeout: 3000 }).received).toBe(1);
    expect((await run('diff', file)).status).toBe(0);
  });

  it('hears of all hosts from the one that is its peer, and they of its routes, and goes straight to each', async () => {
    await stands(', hosts: [host0]', ['192.168.1.10']);
    await until('router', ['10.20.0.0/26 via 192.168.1.10 dev eth0', '10.20.7.7 via 192.168.1.11 dev eth0']);
    await until('host1', [
      '10.20.0.0/26 via 192.168.1.10 dev eth0',
      '10.20.99.0/24 via 192.168.1.1 dev eth0',
    ]);
  });

  it('is spoken to from the source that the file names', async () => {
    await stands(', hosts: [host0], source: 192.168.1.110', ['192.168.1.110']);
    await until('router', ['10.20.0.0/26 via 192.168.1.110 dev eth0', '10.20.7.7 via 192.168.1.11 dev eth0']);
    await until('host0', ['10.20.7.7 via 192.168.1.11 dev eth0', '10.20.99.0/24 via 192.168.1.1 dev eth0']);
  });

  it('knows of no tunnel: it hands packets to who holds the workload, or to the one host it knows', async () => {
    await stands('', ['192.168.1.10', '192.168.1.11'], { encapsulation: 'vxlan' });
    await until('router', ['10.20.0.0/26 via 192.168.1.10 dev eth0', '10.20.7.7 via 192.168.1.11 dev eth0']);
    ask(join(scratch, 'router.ctl'), 'disable host1');
    await until('router', ['10.20.0.0/26 via 192.168.1.10 dev eth0', '10.20.7.7 via 192.168.1.10 dev eth0']);
    await until('host1', [
      '10.20.0.0/26 via 10.20.0.0 dev vxlan.calico onlink',
      '10.20.99.0/24 via 192.168.1.1 dev eth0',
    ]);
    expect(ping('router', 0x0a140707, { count: 1, timeout: 3000 }).received).toBe(1);
  });

  it('is a peer with the same password alone; another is told, with the place in the file', async () => {
    const secret = join(scratch, 'secret');
    writeFileSync(secret, 'of the hosts\n');
    const file = await stands(`, hosts: [host0], passwordFile: ${secret}`, ['192.168.1.10'], {
      password: 'of the router',
    });
    const told = async (): Promise<unknown> => {
      const { out } = await run('diff', '--format', 'json', file);
      const { differences } = JSON.parse(out) as {
        differences: { key: string; cause: string; source: unknown }[];
      };
      return differences.map(({ key, cause, source }) => ({ key, cause, source }));
    };
    const difference = {
      key: 'tor 192.168.1.1',
      cause: 'no answer: the peer has another password or none, or a firewall stands between',
      source: { file, line: 18, column: 7 },
    };
    await expect.poll(told, { timeout: PATIENCE }).toEqual([difference]);
    expect((await run('verify', file)).out).toContain(`  tor: Connect ${difference.cause}`);
    expect(birdRoutes('router')).toEqual([]);
    writeFileSync(secret, 'of the router\n');
    watching!.reload();
    await until('router', ['10.20.0.0/26 via 192.168.1.10 dev eth0', '10.20.7.7 via 192.168.1.11 dev eth0']);
    expect(await told()).toEqual([]);
  });
});
