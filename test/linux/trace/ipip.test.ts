// Ways through IPIP, and where they end; on a kernel that has it.
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { needsKinds } from '../fabric/kinds.ts';
import { outline, trace } from './traced.ts';

const file = 'topologies/ipip.yaml';

beforeEach(freshMachine);
beforeEach(requires('ip'));
beforeEach(needsKinds('ipip'));

describe('trace through IPIP', () => {
  it('follows the outer packet to the host that unwraps it, and the answer back', async () => {
    await run('apply', file);
    const { status, ways } = await trace(file, 'ns0', 'ns1');
    expect(status).toBe(0);
    expect(ways.map(({ verdict, to }) => [verdict, to])).toEqual([
      ['arrives', '10.20.1.3'],
      ['arrives', '10.20.1.2'],
    ]);
    const tunnel = ways[0]!.steps.find((step) => step.kind === 'tunnel')!;
    expect(tunnel).toMatchObject({ netns: 'host0', dev: 'tunl0', remote: '192.168.2.10' });
    expect(outline(tunnel.outer!)).toContain('core route');
    expect(outline(tunnel.outer!).at(-1)).toBe('host1 arrive');
    expect(outline(ways[0]!.steps).at(-1)).toBe('ns1 arrive');
  });

  it('names the tunl0 that is down at the far host', async () => {
    await run('apply', file);
    sh('ip -n host1 link set tunl0 down');
    const { status, ways } = await trace(file, 'ns0', 'ns1');
    expect(status).toBe(1);
    expect(ways[0]!.fault).toMatchObject({ code: 'linkDown', netns: 'host1', dev: 'tunl0' });
  });

  it('names what stops the outer packet between the hosts', async () => {
    await run('apply', file);
    sh('ip -n host0 route del default');
    const { status, ways } = await trace(file, 'ns0', 'ns1');
    expect(status).toBe(1);
    expect(ways[0]!.fault).toMatchObject({ code: 'noRoute', netns: 'host0' });
  });

  it('follows a tunnel of two ends to the one that it names, whatever the route says', async () => {
    writeFileSync(
      '/run/two-ends.yaml',
      `name: two-ends
netns:
  a:
    links:
      v: { kind: veth, peer: { netns: b, name: v }, addresses: [192.0.2.1/24] }
      tun1: { kind: ipip, local: 192.0.2.1, remote: 192.0.2.2, up: true, addresses: [10.9.0.1/24] }
  b:
    links:
      v: { kind: veth, peer: { netns: a, name: v }, addresses: [192.0.2.2/24] }
      tun1: { kind: ipip, local: 192.0.2.2, remote: 192.0.2.1, up: true, addresses: [10.9.0.2/24] }
`,
    );
    expect((await run('apply', '/run/two-ends.yaml')).status).toBe(0);
    expect(sh('ip netns exec a ping -n -c 1 -W 5 10.9.0.2')).toContain('1 received');
    const { status, ways } = await trace('/run/two-ends.yaml', 'a', '10.9.0.2');
    const tunnel = ways[0]!.steps.find((step) => step.kind === 'tunnel')!;
    expect(tunnel).toMatchObject({ netns: 'a', dev: 'tun1', remote: '192.0.2.2' });
    expect([status, outline(ways[0]!.steps).at(-1)]).toEqual([0, 'b arrive']);
  });
});
