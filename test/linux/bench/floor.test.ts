// The floor of the benchmark does what it is timed for, and its checks notice what is missing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshMachine, hasProgram, requires, sh } from '../../sandbox/machine.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'floor-'));
  if (hasProgram('cc')) sh(`cc -O1 -Wall -Wextra -Werror -o ${directory}/floor bench/floor/*.c`);
});

afterAll(() => rmSync(directory, { recursive: true }));

beforeEach(requires('cc', 'ip'));
beforeEach(freshMachine);

function floor(...args: readonly (string | number)[]): {
  readonly status: number | null;
  readonly stdout: string;
} {
  return spawnSync(join(directory, 'floor'), args.map(String), { encoding: 'utf8' });
}

describe('the floor', () => {
  it('loads routes, and notices one that is gone, one too many and one changed', () => {
    expect(floor('make-device', 'd0').status).toBe(0);
    expect(floor('check', 2500, 'd0').status).toBe(1);
    expect(floor('load', 2500, 'd0').status).toBe(0);
    expect(floor('check', 2500, 'd0').status).toBe(0);
    expect(floor('check', 2499, 'd0').status).toBe(1);
    sh('ip route del 10.0.0.9');
    expect(floor('check', 2500, 'd0').status).toBe(1);
    sh('ip route add 10.0.0.9 dev d0-p scope link proto 200');
    expect(floor('check', 2500, 'd0').status).toBe(1);
  });

  it('mends one edit', () => {
    floor('make-device', 'd0');
    floor('load', 100, 'd0');
    expect(floor('edit', 100, 'd0', 103, 7).status).toBe(0);
    expect(sh('ip route show 10.0.0.104').trim()).toContain('proto 200');
    expect(sh('ip route show 10.0.0.8')).toBe('');
    expect(sh('ip route').trim().split('\n')).toHaveLength(100);
  });

  it('makes pods, and notices one without its route, its address or its proxy ARP', () => {
    expect(floor('create-pods', 3).status).toBe(0);
    expect(floor('check-pods', 3).status).toBe(0);
    const proxyArp = '/proc/sys/net/ipv4/conf/cali00000002/proxy_arp';
    for (const [spoil, mend] of [
      ['ip route del 10.96.0.2', 'ip route add 10.96.0.2 dev cali00000001 scope link proto 200'],
      [`echo 0 > ${proxyArp}`, `echo 1 > ${proxyArp}`],
    ] as const) {
      sh(spoil);
      expect(floor('check-pods', 3).status, spoil).toBe(1);
      sh(mend);
      expect(floor('check-pods', 3).status, mend).toBe(0);
    }
    sh('ip -n floor-1 address add 10.1.1.1 dev eth0; ip -n floor-1 address del 10.96.0.2/32 dev eth0');
    expect(floor('check-pods', 3).status).toBe(1);
    expect(floor('destroy-pods', 3).status).toBe(0);
    expect(sh('ip netns; ip -br link').trim().split('\n')).toHaveLength(1);
  });
});
