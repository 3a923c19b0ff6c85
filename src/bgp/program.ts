// The BIRD program: where it is, whether it is the second version, and whether it takes a configuration.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ReconcileError } from '../errors.ts';

/** The path of BIRD 2; raises a `bgp` error that names the package where it is not installed. */
export function findBird(): string {
  const path = `${process.env.PATH ?? ''}${delimiter}/usr/sbin${delimiter}/sbin${delimiter}/usr/local/sbin`;
  for (const directory of path.split(delimiter)) {
    const program = join(directory, 'bird');
    if (directory !== '' && isExecutable(program)) return checkVersion(program);
  }
  throw new ReconcileError('bgp', 'a pool says `routing: bgp`, and BIRD 2 is not installed', {
    hint: 'apt-get install bird2',
  });
}

/** Checks a configuration file, equivalent to `bird -p -c FILE`. Raises a `bgp` error with BIRD's own words. */
export function checkConfig(program: string, file: string, host: string): void {
  const { status, stderr, stdout } = spawnSync(program, ['-p', '-c', file], { encoding: 'utf8' });
  if (status === 0) return;
  // The file's text is never quoted: it may hold a password.
  const said = `${stderr}${stdout}`.trim().split('\n').at(-1)?.replace(file, 'its configuration') ?? '';
  throw new ReconcileError('bgp', `BIRD refuses the configuration of ${host}: ${said}`);
}

function checkVersion(program: string): string {
  const { stderr, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = /BIRD version (\d+)\.(\S+)/.exec(`${stderr}${stdout}`);
  if (version?.[1] === '2') return program;
  const found = version === null ? 'something else' : `version ${version[1]}.${version[2]}`;
  throw new ReconcileError('bgp', `${program} is ${found}; BGP needs BIRD 2`, {
    hint: 'apt-get install bird2',
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
