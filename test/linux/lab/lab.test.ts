// The lab as its user meets it: the built program, a command or a shell inside, and nothing left outside.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { freshMachine, requires } from '../../sandbox/machine.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const file = 'topologies/two-hosts.yaml';

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function lab(...args: string[]): Ended {
  return spawnSync(process.execPath, [cli, 'lab', ...args], { encoding: 'utf8', timeout: 40_000 });
}

function links(): string[] {
  const lines = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2);
  return lines.map((line) => line.split(':')[0]!.trim());
}

describe('lab', () => {
  beforeAll(() => freshMachine());

  it('applies and verifies before the command runs, and gives its exit status', () => {
    const { status, stdout, stderr } = lab(file, '--', 'sh', '-c', 'ls /run/netns; exit 7');
    expect(status).toBe(7);
    expect(stdout.trim().split('\n')).toEqual(['host0', 'host1', 'lan', 'ns0', 'ns1']);
    expect(stderr).toContain('two-hosts: 40 items in sync, 40 created\n');
    expect(stderr).toMatch(/^two-hosts: 2 of 2 pairs reach each other/m);
  });

  it('has the program itself as a command, and mends what is broken', (context) => {
    requires('ip')(context);
    const { status, stdout } = lab(
      file,
      '--',
      'sh',
      '-c',
      `ip -n host0 route delete 10.20.1.3
       for i in 1 2 3 4 5 6 7 8 9 10; do calico-reconcile diff --quiet ${file} && exit 0; sleep 0.2; done; exit 1`,
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  it('leaves nothing behind', () => {
    const before = [...links(), ...readdirSync('/run')];
    expect(lab(file, '--', 'true').status).toBe(0);
    expect([...links(), ...readdirSync('/run')]).toEqual(before);
  });

  it('opens a shell whose prompt names the lab, after some hints', (context) => {
    requires('script', 'bash')(context);
    const { stdout } = spawnSync('script', ['-qec', `${process.execPath} ${cli} lab ${file}`, '/dev/null'], {
      encoding: 'utf8',
      input: 'exit\n',
      env: { ...process.env, SHELL: '/bin/bash', TERM: 'dumb' },
      timeout: 40_000,
    });
    expect(stdout).toContain('[lab two-hosts]');
    expect(stdout).toContain('ip netns exec ns0 ping -c 3 10.20.1.3');
  });

  it('says what is wrong with a file before it makes anything', () => {
    expect(lab('topologies/nowhere.yaml')).toMatchObject({ status: 1, stdout: '' });
  });

  it('says that there is no such program', () => {
    const { status, stderr } = lab(file, '--', 'no-such-program');
    expect(status).toBe(1);
    expect(stderr).toContain('no-such-program: there is no such program');
  });

  it('says that a file is no program', () => {
    const { status, stderr } = lab(file, '--', './README.md');
    expect(status).toBe(1);
    expect(stderr).toContain('./README.md: permission denied');
  });
});
