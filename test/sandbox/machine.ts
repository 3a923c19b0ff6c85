// What tests on the real kernel stand on: a machine with nothing on it, the programs it has, and skips with a reason.
// Refuses to run outside a sandbox, so that no test can touch the machine's own network.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'vitest';
import { CLONE_NEWNET, MNT_DETACH, SystemError, umount, unshare } from '../../src/kernel/libc.ts';
import { stayHere } from '../../src/kernel/netns.ts';
import { insideSandbox } from '../../src/lab/sandbox.ts';

if (!insideSandbox()) {
  throw new Error('tests on the real kernel run only in a sandbox: npm test -- FILE');
}

/**
 * Makes the machine empty: no named namespace, no state of the tool, and a network namespace of its own, with
 * nothing but a `lo` that is down, for this process's main thread and every program it starts.
 */
export function freshMachine(): void {
  const named = '/run/netns';
  for (const name of existsSync(named) ? readdirSync(named) : []) {
    const path = join(named, name);
    try {
      umount(path, MNT_DETACH);
    } catch (error) {
      // A plain file that no namespace is mounted on.
      if (!(error instanceof SystemError) || error.errno !== 'EINVAL') throw error;
    }
    rmSync(path);
  }
  rmSync('/run/calico-reconcile', { recursive: true, force: true });
  unshare(CLONE_NEWNET);
  stayHere();
}

/** Whether a program stands in PATH. */
export function hasProgram(name: string): boolean {
  const path = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  return path.split(delimiter).some((directory) => directory !== '' && existsSync(join(directory, name)));
}

/** A hook, `beforeEach(requires('ip', 'tcpdump'))`, that skips each test where a program is missing. */
export function requires(...programs: string[]): (context: TestContext) => void {
  return (context) => {
    const missing = programs.filter((program) => !hasProgram(program));
    if (missing.length > 0) context.skip(`not installed: ${missing.join(', ')}`);
  };
}

/** Skips a test for what this kernel cannot do: the one reason that continuous integration accepts. */
export function skipForKernel(context: TestContext, reason: string): never {
  return context.skip(`kernel: ${reason}`);
}

/** Runs a shell command in the machine's own namespace; its standard output. Raises with its words if it fails. */
export function sh(command: string): string {
  const result = spawnSync('/bin/sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
  });
  if (result.status !== 0)
    throw new Error(`${command}: exit ${result.status ?? result.signal}\n${result.stderr}`);
  return result.stdout;
}
