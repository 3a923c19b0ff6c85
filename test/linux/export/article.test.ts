// A network typed by hand, as the article has it, becomes a file: applied it changes nothing, and can be added to.
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

/** The article's two command lists, each typed in a namespace that stands for its host; `ens192` is a wire between them. */
const hosts = `
  ip netns add host0; ip netns add host1
  ip link add name ens192 netns host0 type veth peer name ens192 netns host1
  ip -n host0 addr add 192.168.1.32/24 dev ens192; ip -n host1 addr add 192.168.1.16/24 dev ens192
  for host in host0 host1; do
    ip -n $host link set lo up; ip -n $host link set ens192 up
    ip netns exec $host sysctl -qw net.ipv4.ip_forward=1
    # What the article does not say: its hosts have a default route, without which nobody answers for 169.254.1.1.
    ip -n $host route add default dev ens192
  done`;

const onHost0 = `
  ip link add veth0 type veth peer name eth0
  ip netns add ns0
  ip link set eth0 netns ns0
  ip netns exec ns0 ip a add 10.20.1.2/24 dev eth0
  ip netns exec ns0 ip link set eth0 up
  ip netns exec ns0 ip route add 169.254.1.1 dev eth0 scope link
  ip netns exec ns0 ip route add default via 169.254.1.1 dev eth0
  ip link set veth0 up
  ip route add 10.20.1.2 dev veth0 scope link
  ip route add 10.20.1.3 via 192.168.1.16 dev ens192
  echo 1 > /proc/sys/net/ipv4/conf/veth0/proxy_arp`;

const onHost1 = onHost0
  .replaceAll('ns0', 'ns1')
  .replace('a add 10.20.1.2/24', 'a add 10.20.1.3/24')
  .replace('10.20.1.2 dev veth0', '10.20.1.3 dev veth0')
  .replace('10.20.1.3 via 192.168.1.16', '10.20.1.2 via 192.168.1.32');

const file = '/run/exported.yaml';
const exported = ['export', '--netns', 'host0', '--netns', 'host1', '--netns', 'ns0', '--netns', 'ns1'];

describe('the network of the article, typed by hand', () => {
  beforeEach(async (context) => {
    requires('ip', 'nsenter', 'sysctl')(context);
    freshMachine();
    sh(hosts);
    for (const [host, commands] of [
      ['host0', onHost0],
      ['host1', onHost1],
    ] as const) {
      // Unlike `ip netns exec`, nsenter leaves the names of namespaces where the others see them.
      writeFileSync('/run/typed.sh', commands);
      sh(`nsenter --net=/run/netns/${host} sh -e /run/typed.sh`);
    }
    const { status, out } = await run(...exported);
    expect(status).toBe(0);
    writeFileSync(file, out);
  });

  it('is exported to a file that describes it: diff finds nothing', async () => {
    expect(await run('validate', file)).toMatchObject({ status: 0, err: '' });
    expect(await run('diff', file)).toMatchObject({ status: 0, err: '' });
  });

  it('is left as it is by an apply of that file', async () => {
    await expect.poll(state, { timeout: 10_000 }).toSatisfy(isSettled);
    const before = state();
    const { status, out } = await run('apply', '--format', 'json', file);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ inSync: true, differences: [] });
    expect(state()).toEqual(before);
  });

  it('carries packets, and grows by a workload that is added to the file', async () => {
    await run('apply', file);
    const grown = `${readFileSync(file, 'utf8')}
hosts:
  host0: { netns: host0, uplink: { dev: ens192, address: 192.168.1.32/24 } }
  host1: { netns: host1, uplink: { dev: ens192, address: 192.168.1.16/24 } }
workloads:
  ns0: { host: host0, address: 10.20.1.2/24, dev: veth0 }
  ns1: { host: host1, address: 10.20.1.3/24, dev: veth0 }
  ns2: { host: host1, address: 10.20.1.4/24 }
`;
    writeFileSync(file, grown);
    expect(await run('apply', '--adopt', file)).toMatchObject({ status: 0 });
    const { status, out } = await run('verify', '--format', 'json', file);
    expect(status).toBe(0);
    expect(JSON.parse(out).pairs).toHaveLength(6);
  });
});

describe('export', () => {
  beforeEach((context) => {
    requires('ip')(context);
    freshMachine();
  });

  it.each(['two-hosts', 'single-host', 'netns-only'])(
    'gives back %s.yaml, under its own name',
    async (name) => {
      await run('apply', `topologies/${name}.yaml`);
      const { status, out, err } = await run('export', `topologies/${name}.yaml`);
      expect({ status, err }).toEqual({ status: 0, err: '' });
      writeFileSync(file, out);
      const report = JSON.parse((await run('diff', '--format', 'json', file)).out);
      expect(report).toMatchObject({ topology: name, inSync: true, differences: [] });
    },
  );

  it('names what a topology cannot say', async () => {
    sh('ip netns add odd; ip -n odd link set lo up; ip -n odd route add 10.9.0.0/16 dev lo proto bird');
    const { status, err } = await run('export', '--netns', 'odd');
    expect({ status, err }).toEqual({
      status: 0,
      err: 'left out: odd: route 10.9.0.0/16 belongs to bird\n',
    });
  });

  it('says that there is no such namespace', async () => {
    expect(await run('export', '--netns', 'nowhere')).toMatchObject({ status: 1, out: '' });
  });
});

/** Whether all six ends of wires have their carrier and a link-local address that duplicate detection is done with. */
function isSettled(text: string): boolean {
  return (text.match(/inet6 fe80::/g) ?? []).length === 6 && !/tentative|NO-CARRIER/.test(text);
}

/** Links, addresses, routes and neighbours of every namespace, as `ip` shows them. */
function state(): string {
  const show = ['link show', 'address show', 'route show table all', '-6 route show table all'];
  return ['host0', 'host1', 'ns0', 'ns1']
    .flatMap((netns) => show.map((words) => sh(`ip -n ${netns} ${words}`)))
    .join('');
}
