// The article on the wire: who asks for which address, and who answers for it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ping } from '../../../src/lab/probe.ts';
import { parseIp } from '../../../src/state/ip.ts';
import { run } from '../../commands/run-program.ts';
import { Capture } from '../../sandbox/capture.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

const calico = 'ee:ee:ee:ee:ee:ee';

/** ARP's addresses asked for and answered, in order: `who-has X` and `X is-at MAC`. */
function exchanges(capture: Capture): string[] {
  return [...capture.text.matchAll(/Request (who-has \S+) tell|Reply (\S+ is-at [0-9a-f:]+)/g)].map(
    ([, request, reply]) => request ?? reply!,
  );
}

function neighbours(netns: string): string[] {
  const found: { dst: string; lladdr?: string }[] = JSON.parse(
    sh(`ip -n ${netns} -4 -j neigh show dev eth0`),
  );
  return found.map(({ dst, lladdr }) => `${dst} ${lladdr}`).sort();
}

describe('on the wire', () => {
  let capture: Capture | undefined;

  beforeEach((context) => {
    requires('ip', 'tcpdump')(context);
    freshMachine();
  });
  afterEach(() => {
    capture?.stop();
    capture = undefined;
  });

  it('a peer in the workload’s own /24 is answered by proxy ARP', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    capture = new Capture('ns0', 'eth0', 'arp');
    expect(ping('ns0', parseIp('10.20.1.3')!, { count: 3, timeout: 3000 })).toMatchObject({
      received: 3,
      ttl: 62,
    });
    await capture.sees(new RegExp(`Reply 10.20.1.3 is-at ${calico}`));
    expect(exchanges(capture)).toContain('who-has 10.20.1.3');
    expect(neighbours('ns0')).toEqual([`10.20.1.3 ${calico}`]);
  });

  it('all else goes by 169.254.1.1, answered with the MAC of the veth', async () => {
    await run('apply', 'topologies/two-hosts.yaml');
    capture = new Capture('ns0', 'eth0', 'arp');
    expect(ping('ns0', parseIp('192.168.1.16')!, { count: 3, timeout: 3000 })).toMatchObject({
      received: 3,
      ttl: 63,
    });
    await capture.sees(new RegExp(`Reply 169.254.1.1 is-at ${calico}`));
    expect(exchanges(capture)).toContain('who-has 169.254.1.1');
    expect(neighbours('ns0')).toEqual([`169.254.1.1 ${calico}`]);
    const [veth] = JSON.parse(sh('ip -n host0 -j link show dev veth0'));
    expect(veth.address).toBe(calico);
  });

  it('with /32 addresses everything goes by 169.254.1.1', async () => {
    await run('apply', 'topologies/single-host.yaml');
    capture = new Capture('busybox', 'eth0', 'arp');
    for (const address of ['192.168.166.140', '192.168.166.141']) {
      expect(ping('busybox', parseIp(address)!, { count: 2, timeout: 3000 })).toMatchObject({
        received: 2,
        ttl: 63,
      });
    }
    await capture.sees(new RegExp(`Reply 169.254.1.1 is-at ${calico}`));
    const asked = exchanges(capture).filter((line) => line.startsWith('who-has'));
    expect(new Set(asked)).toEqual(new Set(['who-has 169.254.1.1']));
    expect(neighbours('busybox')).toEqual([`169.254.1.1 ${calico}`]);
  });
});
