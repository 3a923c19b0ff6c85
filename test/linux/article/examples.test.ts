// Every file of topologies/ comes up, stays up at a second apply, carries packets between its workloads, and goes away.
import { readdirSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { namespaceNames } from '../../../src/kernel/netns.ts';
import { ping } from '../../../src/lab/probe.ts';
import { type Ip, parseIp } from '../../../src/state/ip.ts';
import { loadTopology } from '../../../src/topology/load.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { validate } from '../../../src/topology/validate.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine } from '../../sandbox/machine.ts';
import { needsKinds } from '../fabric/kinds.ts';

const files = readdirSync('topologies')
  .filter((name) => /\.ya?ml$/.test(name))
  .map((name) => `topologies/${name}`)
  // Those whose routes a daemon brings are held by test/linux/fabric.
  .filter((file) => readTopology([file], { hosts: null, hostname: 'nowhere' }).bgp.length === 0);

/** Namespace and first address of every workload, replicas included. */
function workloadsOf(file: string): { readonly netns: string; readonly address: Ip }[] {
  const { namespaces } = readTopology([file], { hosts: null, hostname: 'nowhere' });
  const workloads = validate(loadTopology([file]))?.workloads ?? [];
  return workloads.map(({ netns }) => ({ netns, address: namespaces.get(netns)!.addresses[0]!.address }));
}

const reaches = (netns: string, to: Ip): boolean =>
  ping(netns, to, { count: 1, timeout: 3000 }).received === 1;

/** The kinds of link in a file, of which a kernel may lack some. */
function kindsIn(file: string): string[] {
  const { namespaces } = readTopology([file], { hosts: null, hostname: 'nowhere' });
  const links = [...namespaces.values()].flatMap((namespace) => [...namespace.links.values()]);
  const everywhere = ['veth', 'bridge', 'existing'];
  return [...new Set(links.map(({ spec }) => spec.kind))].filter((kind) => !everywhere.includes(kind));
}

describe.each(files)('%s', (file) => {
  beforeEach((context) => {
    needsKinds(...kindsIn(file))(context);
    freshMachine();
  });

  it('comes up at once, and a second apply has nothing to do', async () => {
    expect(await run('apply', file)).toMatchObject({ status: 0, err: '' });
    const second = JSON.parse((await run('apply', '--format', 'json', file)).out);
    expect(second).toMatchObject({ inSync: true, differences: [] });
    expect((await run('diff', file)).status).toBe(0);
  });

  it('goes away without a trace', async () => {
    await run('apply', file);
    expect(namespaceNames()).not.toEqual([]);
    expect((await run('destroy', file)).status).toBe(0);
    expect(namespaceNames()).toEqual([]);
  });
});

describe.each(files.filter((file) => workloadsOf(file).length > 0))('%s', (file) => {
  beforeEach(needsKinds(...kindsIn(file)));

  it('carries packets between all its workloads', async () => {
    freshMachine();
    await run('apply', file);
    const workloads = workloadsOf(file);
    expect(workloads.length).toBeGreaterThan(1);
    const lost = workloads.flatMap((from) =>
      workloads
        .filter((to) => to !== from && !reaches(from.netns, to.address))
        .map((to) => `${from.netns} > ${to.netns}`),
    );
    expect(lost).toEqual([]);
  });
});

describe('topologies/netns-only.yaml', () => {
  it('joins the machines of its LAN, and leads them out both ways', async () => {
    freshMachine();
    await run('apply', 'topologies/netns-only.yaml');
    for (const to of ['192.0.2.20', '192.0.2.1', '198.51.100.1', '203.0.113.1']) {
      expect([to, reaches('desk', parseIp(to)!)]).toEqual([to, true]);
    }
    const intoTheHole = ping('desk', parseIp('10.0.0.1')!, { count: 1, timeout: 250 });
    expect(intoTheHole).toMatchObject({ sent: 1, received: 0 });
  });
});
