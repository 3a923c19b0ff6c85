// Ways of packets through sound networks, and the ends that a trace can have.
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { outline, trace } from './traced.ts';

beforeEach((context) => {
  requires('ip')(context);
  freshMachine();
});

describe('trace', () => {
  it('follows a packet through two routers and a bridge, and its answer back', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    const { status, ways } = await trace('topologies/two-hosts.yaml', 'ns0', 'ns1');
    expect(status).toBe(0);
    expect(ways.map(({ verdict, from, to }) => [verdict, from.address, to])).toEqual([
      ['arrives', '10.20.1.2', '10.20.1.3'],
      ['arrives', '10.20.1.3', '10.20.1.2'],
    ]);
    expect(outline(ways[0]!.steps)).toEqual([
      'ns0 route',
      'ns0 neighbour',
      'host0 answer',
      'ns0 wire',
      'host0 route',
      'host0 neighbour',
      'host1 answer',
      'host0 wire',
      'host1 route',
      'host1 neighbour',
      'ns1 answer',
      'host1 wire',
      'ns1 arrive',
    ]);
    expect(ways[0]!.steps[2]).toMatchObject({ how: 'proxy', by: 'ens192', mac: 'ee:ee:ee:ee:ee:ee' });
    expect(ways[0]!.steps[7]!.bridges).toEqual([{ netns: 'lan', name: 'br0' }]);
  });

  it('changes nothing and sends nothing', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    await trace('topologies/two-hosts.yaml', 'ns0', 'ns1');
    expect(sh('ip -n ns0 -4 neigh; ip -n host0 -4 neigh')).toBe('');
  });

  it('follows the outer packet of a VXLAN tunnel to the host that unwraps it', async () => {
    await run('apply', 'topologies/four-hosts-vxlan.yaml');
    const { status, ways } = await trace('topologies/four-hosts-vxlan.yaml', 'web', 'db');
    expect(status).toBe(0);
    const tunnel = ways[0]!.steps.find((step) => step.kind === 'tunnel')!;
    expect(tunnel).toMatchObject({ netns: 'host0', dev: 'vxlan.calico', remote: '192.168.2.10' });
    expect(outline(tunnel.outer!).at(-1)).toBe('host2 arrive');
    expect(outline(ways[0]!.steps).at(-1)).toBe('db arrive');
  });

  it('names the tunnel device that is down at the far host', async () => {
    await run('apply', 'topologies/four-hosts-vxlan.yaml');
    sh('ip -n host2 link set vxlan.calico down');
    const { status, ways } = await trace('topologies/four-hosts-vxlan.yaml', 'web', 'db');
    expect(status).toBe(1);
    expect(ways[0]!.fault).toMatchObject({ code: 'linkDown', netns: 'host2', dev: 'vxlan.calico' });
  });

  it('names the forwarding entry that a tunnel lacks', async () => {
    await run('apply', 'topologies/four-hosts-vxlan.yaml');
    const [entry] = sh('bridge -n host0 fdb show dev vxlan.calico').match(/^\S+ dst 192\.168\.2\.10/m)!;
    sh(`bridge -n host0 fdb del ${entry} dev vxlan.calico`);
    const { ways } = await trace('topologies/four-hosts-vxlan.yaml', 'web', 'db');
    expect(ways[0]!.fault).toMatchObject({ code: 'noTunnel', netns: 'host0', dev: 'vxlan.calico' });
    expect(ways[0]!.fault!.source).toMatchObject({ file: 'topologies/four-hosts-vxlan.yaml' });
  });

  it('takes the family that it is told', async () => {
    await run('apply', 'topologies/dual-stack.yaml');
    const { status, ways } = await trace('--family', '6', 'topologies/dual-stack.yaml', 'web', 'db');
    expect(status).toBe(0);
    expect(ways[0]!.to).toContain(':');
    expect(outline(ways[0]!.steps).at(-1)).toBe('db arrive');
  });

  it('names the host that does not forward IPv6', async () => {
    await run('apply', 'topologies/dual-stack.yaml');
    sh('ip netns exec node2 sh -c "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding"');
    const { status, ways } = await trace('--family', '6', 'topologies/dual-stack.yaml', 'web', 'db');
    expect(status).toBe(1);
    expect(ways[0]!.fault).toMatchObject({ netns: 'node2' });
    expect(ways[0]!.fault!.code).toMatch(/^(forwardingOff|proxyArpForwardingOff)$/);
  });

  it('ends where routes send a packet in a circle', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    sh('ip -n host1 route replace 10.20.1.3 via 192.168.1.32 dev ens192');
    const { status, ways } = await trace('topologies/two-hosts.yaml', 'ns0', 'ns1');
    expect(status).toBe(1);
    expect(ways[0]!.fault).toMatchObject({ code: 'loop', netns: 'host1' });
  });

  it('ends at a device whose far end is elsewhere', async () => {
    sh('ip link add name up0 type ifb; ip link set up0 up; ip addr add 198.51.100.1/24 dev up0');
    writeFileSync(
      '/run/self.yaml',
      'name: self-only\nnetns: { self: { links: { up0: { kind: existing, addresses: [198.51.100.1/24] } } } }\n',
    );
    const { status, ways } = await trace('/run/self.yaml', 'self', '198.51.100.9');
    expect(status).toBe(0);
    expect(ways).toMatchObject([{ verdict: 'leaves' }]);
  });

  it('warns of a wrong answer that is still cached', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    await run('verify', 'topologies/two-hosts.yaml');
    sh('ip netns exec host0 sh -c "echo 0 > /proc/sys/net/ipv4/conf/veth0/proxy_arp"');
    const { status, ways } = await trace('topologies/two-hosts.yaml', 'ns0', 'ns1');
    expect(status).toBe(0);
    expect(ways[0]!.suspects).toMatchObject([{ code: 'proxyArpOff', netns: 'host0', dev: 'veth0' }]);
  });

  it.each([
    ['nso', 'ns1', 'usage'],
    ['10.99.0.1', 'ns1', 'usage'],
  ])('refuses to trace from %s', async (from, to) => {
    await run('apply', 'topologies/two-hosts.yaml');
    const { status, err } = await trace('topologies/two-hosts.yaml', from, to);
    expect(status).toBe(1);
    expect(err).not.toBe('');
  });

  it('suggests the workload that was meant', async () => {
    expect((await trace('topologies/two-hosts.yaml', 'nso', 'ns1')).err).toContain('did you mean `ns0`?');
  });

  it('says so where nothing is applied', async () => {
    const { status, ways } = await trace('topologies/two-hosts.yaml', 'ns0', 'ns1');
    expect(status).toBe(1);
    expect(ways[0]!.fault).toMatchObject({ code: 'noNamespace', netns: 'ns0' });
  });
});
