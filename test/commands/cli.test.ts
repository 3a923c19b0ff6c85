// The built program as a process: statuses, streams, and a reader that leaves early.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

function sh(script: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    env: { ...process.env, NODE: process.execPath, CLI: cli },
  });
}

test('results go to stdout with status 0', () => {
  expect(sh('"$NODE" "$CLI" --version')).toMatchObject({ status: 0, stderr: '' });
});

test('what is wrong goes to stderr with status 1', () => {
  const { status, stdout, stderr } = sh('"$NODE" "$CLI" validate /nowhere/a.yaml');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain('/nowhere/a.yaml');
});

test('a reader that leaves early is no failure', () => {
  const { stdout, stderr } = sh('{ "$NODE" "$CLI" schema; echo "status $?" >&2; } | head -c 1');
  expect({ stdout, stderr }).toEqual({ stdout: '{', stderr: 'status 0\n' });
});

test('standard input is a file', () => {
  const { status, stdout } = sh('echo "name: empty" | "$NODE" "$CLI" validate -');
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'empty: valid, 1 file\n' });
});

test('nothing is coloured in a pipe', () => {
  expect(sh('echo "nam: x" | "$NODE" "$CLI" validate -').stderr).not.toContain('\x1b');
});
