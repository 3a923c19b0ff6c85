// The article on the wire: who asks for which address, and who answers for it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { ping } from '../../../src/lab/probe.ts';
import { parseIp } from '../../../src/state/ip.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

const calico = 'ee:ee:ee:ee:ee:ee';

/** ARP seen on a workload's `eth0`, as tcpdump(8) prints it. */
class Capture {
  readonly #tcpdump: ChildProcess;
  #lines = '';

  private constructor(tcpdump: ChildProcess) {
    this.#tcpdump = tcpdump;
    tcpdump.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#lines += text;
    });
  }

  static async start(netns: string, context: TestContext): Promise<Capture> {
    const args = [
      'netns',
      'exec',
      netns,
      'tcpdump',
      '--immediate-mode',
      '-l',
      '-e',
      '-nn',
      '-i',
      'eth0',
      'arp',
    ];
    const tcpdump = spawn('ip', args, {
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    });
    const capture = new Capture(tcpdump);
    let said = '';
    tcpdump.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await expect.poll(() => said, { timeout: 10_000 }).toMatch(/listening on|Couldn't change to/);
    if (!said.includes('listening on')) context.skip('tcpdump cannot take on its own user in this sandbox');
    return capture;
  }

  /** The addresses asked for and answered, in order: `who-has X` and `X is-at MAC`. */
  get exchanges(): string[] {
    return [...this.#lines.matchAll(/Request (who-has \S+) tell|Reply (\S+ is-at [0-9a-f:]+)/g)].map(
      ([, request, reply]) => request ?? reply!,
    );
  }

  async stop(): Promise<void> {
    if (this.#tcpdump.exitCode !== null) return;
    this.#tcpdump.kill();
    await once(this.#tcpdump, 'exit');
  }
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
  afterEach(async () => {
    await capture?.stop();
    capture = undefined;
  });

  it('a peer in the workload’s own /24 is answered by proxy ARP', async (context) => {
    await run('apply', 'topologies/two-hosts.yaml');
    capture = await Capture.start('ns0', context);
    expect(ping('ns0', parseIp('10.20.1.3')!, { count: 3, timeout: 3000 })).toMatchObject({
      received: 3,
      ttl: 62,
    });
    await expect.poll(() => capture?.exchanges).toContain(`10.20.1.3 is-at ${calico}`);
    expect(capture.exchanges).toContain('who-has 10.20.1.3');
    expect(neighbours('ns0')).toEqual([`10.20.1.3 ${calico}`]);
  });

  it('all else goes by 169.254.1.1, answered with the MAC of the veth', async (context) => {
    await run('apply', 'topologies/two-hosts.yaml');
    capture = await Capture.start('ns0', context);
    expect(ping('ns0', parseIp('192.168.1.16')!, { count: 3, timeout: 3000 })).toMatchObject({
      received: 3,
      ttl: 63,
    });
    await expect.poll(() => capture?.exchanges).toContain(`169.254.1.1 is-at ${calico}`);
    expect(capture.exchanges).toContain('who-has 169.254.1.1');
    expect(neighbours('ns0')).toEqual([`169.254.1.1 ${calico}`]);
    const [veth] = JSON.parse(sh('ip -n host0 -j link show dev veth0'));
    expect(veth.address).toBe(calico);
  });

  it('with /32 addresses everything goes by 169.254.1.1', async (context) => {
    await run('apply', 'topologies/single-host.yaml');
    capture = await Capture.start('busybox', context);
    for (const address of ['192.168.166.140', '192.168.166.141']) {
      expect(ping('busybox', parseIp(address)!, { count: 2, timeout: 3000 })).toMatchObject({
        received: 2,
        ttl: 63,
      });
    }
    await expect.poll(() => capture?.exchanges).toContain(`169.254.1.1 is-at ${calico}`);
    const asked = capture.exchanges.filter((line) => line.startsWith('who-has'));
    expect(new Set(asked)).toEqual(new Set(['who-has 169.254.1.1']));
    expect(neighbours('busybox')).toEqual([`169.254.1.1 ${calico}`]);
  });
});
