// What the kernel announces in a namespace while something is done: the lines of `ip monitor`.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sh } from '../../sandbox/machine.ts';

/** Destinations that no test uses: the first's route, made and deleted, shows that the monitor reads; the second's ends the log. */
const START = '203.0.113.253';
const END = '203.0.113.254';

/** The events in a namespace during a synchronous act. */
export async function eventsDuring(netns: string, act: () => void): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'events-'));
  const path = join(directory, 'log');
  const fd = openSync(path, 'w');
  const monitor = spawn('ip', ['-o', '-n', netns, 'monitor', 'link', 'address', 'route'], {
    stdio: ['ignore', fd, 'inherit'],
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
  });
  try {
    await until(() => isListening(netns, monitor));
    // While it still asks for the names of links, what it is told meanwhile is lost.
    await until(() => {
      sh(`ip -n ${netns} route add blackhole ${START}; ip -n ${netns} route delete blackhole ${START}`);
      return readFileSync(path, 'utf8').includes(START);
    });
    act();
    sh(`ip -n ${netns} route add blackhole ${END}`);
    await until(() => readFileSync(path, 'utf8').includes(END));
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.includes(START) && !line.includes(END));
  } finally {
    monitor.kill();
    closeSync(fd);
    sh(`ip -n ${netns} route delete blackhole ${END}`);
    rmSync(directory, { recursive: true });
  }
}

/** Whether the monitor's socket has joined its groups: port id and groups are columns of /proc/net/netlink. */
function isListening(netns: string, { pid }: ChildProcess): boolean {
  const rows = sh(`ip netns exec ${netns} cat /proc/net/netlink`).split('\n');
  return rows.some((row) => {
    const [, , port, groups] = row.trim().split(/\s+/);
    return port === String(pid) && groups !== undefined && !/^0+$/.test(groups);
  });
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come');
}
