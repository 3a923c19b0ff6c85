// The built program as a process, with or without privileges.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `WRAPPER… calico-reconcile ARGUMENTS…`; it is ended after ten seconds. */
export function program(args: readonly string[], ...wrapper: readonly string[]): Ended {
  const [command, ...rest] = [...wrapper, process.execPath, cli, ...args];
  const { status, stdout, stderr } = spawnSync(command!, rest, { encoding: 'utf8', timeout: 10_000 });
  return { status, stdout, stderr };
}
