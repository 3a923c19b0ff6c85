// Real packets between workloads: who reaches whom, with which size, and what a sample is.
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly family: number;
  readonly outcome: string;
  readonly rttMs: number | null;
  readonly full: { readonly size: number; readonly reached: boolean } | null;
}

interface Report {
  readonly pairs: readonly Pair[];
  readonly holes: readonly {
    readonly pairs: readonly unknown[];
    readonly fault: { readonly command: string };
  }[];
}

async function verify(
  ...args: string[]
): Promise<{ status: number; report: Report; pairs: readonly Pair[] }> {
  const { status, out } = await run('verify', '--format', 'json', '--timeout', '300', ...args);
  const report = JSON.parse(out);
  return { status, report, pairs: report.pairs };
}

beforeEach((context) => {
  requires('ip')(context);
  freshMachine();
});

describe('verify', () => {
  it('finds every pair of both families reachable at the full MTU, with latencies', async () => {
    await run('apply', 'topologies/dual-stack.yaml');
    const { status, report, pairs } = await verify('topologies/dual-stack.yaml');
    expect(status).toBe(0);
    expect(report).toMatchObject({ version: 1, topology: 'dual-stack', reached: true, holes: [] });
    expect(pairs.filter(({ family }) => family === 6)).toHaveLength(12);
    expect(pairs.every(({ outcome, rttMs }) => outcome === 'reached' && rttMs !== null && rttMs > 0)).toBe(
      true,
    );
    expect(new Set(pairs.map(({ full }) => full?.reached))).toEqual(new Set([true]));
  });

  it('tells a packet that is lost from an answer that is lost', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    sh('ip -n host1 route delete 10.20.1.2');
    const { status, report, pairs } = await verify('topologies/two-hosts.yaml');
    expect(status).toBe(1);
    expect(pairs.map(({ from, outcome }) => [from, outcome])).toEqual([
      ['ns0', 'unanswered'],
      ['ns1', 'lost'],
    ]);
    expect(report.holes).toHaveLength(1);
    expect(report.holes[0]!.pairs).toHaveLength(2);
  });

  it('takes a smaller router for no hole: it says so, and the sender learns', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    for (const host of ['host0', 'host1']) sh(`ip -n ${host} link set ens192 mtu 1400`);
    for (const port of ['host0', 'host1']) sh(`ip -n lan link set ${port} mtu 1400`);
    const { status, pairs } = await verify('topologies/two-hosts.yaml');
    expect(status).toBe(0);
    expect(pairs.map(({ full }) => full)).toEqual(Array(2).fill({ size: 1400, reached: true }));
  });

  it('says that an address is not there', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    sh('ip -n ns1 addr flush dev eth0');
    const { report, pairs } = await verify('topologies/two-hosts.yaml');
    expect(pairs.map(({ outcome }) => outcome)).toEqual(['unsent', 'unsent']);
    expect(report.holes[0]!.fault).toMatchObject({ code: 'noAddress', netns: 'ns1', dev: 'eth0' });
    expect(report.holes[0]!.fault.command).toContain('10.20.1.3/24');
  });

  it('says that nothing is applied', async () => {
    const { status, report } = await verify('topologies/two-hosts.yaml');
    expect(status).toBe(1);
    expect(report.holes[0]!.fault).toMatchObject({ code: 'noNamespace' });
  });

  it('takes namespaces with addresses for endpoints where there are no workloads', async () => {
    await run('apply', 'topologies/netns-only.yaml');
    const { pairs } = await verify('topologies/netns-only.yaml');
    expect(pairs.find(({ from, to }) => from === 'desk' && to === 'lamp')).toMatchObject({
      outcome: 'reached',
    });
  });

  it('tries a sample of many endpoints, and every pair when told to', async () => {
    writeFileSync(
      '/run/many.yaml',
      'name: many\nhosts: { h: { netns: h } }\nworkloads: { w: { address: 10.65.0.1, replicas: 60 } }\n',
    );
    await run('apply', '/run/many.yaml');
    const sampled = await verify('/run/many.yaml');
    expect(sampled).toMatchObject({ status: 0, report: { sample: 4, reached: true } });
    expect(sampled.pairs).toHaveLength(240);
    expect(new Set(sampled.pairs.map(({ to }) => to)).size).toBe(60);
    const all = await verify('--all', '/run/many.yaml');
    expect(all.pairs).toHaveLength(60 * 59);
    expect(all).toMatchObject({ status: 0, report: { sample: null, reached: true } });
  });

  it('draws a matrix for people', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    const { out } = await run('verify', 'topologies/two-hosts.yaml');
    const steady = out.replace(/\d+\.\d\d/g, 'N').replace(/ +/g, ' ');
    expect(steady).toBe(
      'IPv4 ms ns0 ns1\nns0 - N\nns1 N -\n\ntwo-hosts: 2 of 2 pairs reach each other over IPv4, with packets of up to 1500 bytes\n',
    );
  });
});
