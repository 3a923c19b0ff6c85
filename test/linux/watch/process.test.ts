// The watch as a process of its own: locks, signals, files, logs, metrics and what it tells systemd.
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Watched } from '../../../bench/heal/watched.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { lines } from '../semantics/box.ts';
import { NotifySocket } from './notify-socket.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
let dir: string;
let file: string;
let watches: Watched[] = [];

beforeEach(requires('ip'));
beforeEach(() => {
  freshMachine();
  sh('ip link set lo up');
  dir = mkdtempSync(join(tmpdir(), 'watch-'));
  file = join(dir, 'net.yaml');
  writeFileSync(file, topology(20));
  watches = [];
});
afterEach(async () => {
  for (const watched of watches) {
    watched.signal('SIGKILL');
    await watched.end();
  }
  rmSync(dir, { recursive: true });
});

/** A namespace with a link and so many routes. */
function topology(routes: number): string {
  const list = Array.from(
    { length: routes },
    (_, i) => `      - { dst: 10.1.${i}.0/24, via: 10.0.0.9, dev: x }\n`,
  );
  return `name: mine
netns:
  a:
    links:
      x: { kind: veth, peer: { name: y }, addresses: [10.0.0.1/24] }
    routes:
${list.join('')}`;
}

async function watch(...options: string[]): Promise<Watched> {
  const watched = new Watched(cli, [...options, file]);
  watches.push(watched);
  await watched.started();
  return watched;
}

/** How many of our routes stand. */
function routes(): number {
  return lines('ip -n a route show proto 169').length;
}

it('a second watch refuses, naming the first, and so does an apply', async () => {
  const first = await watch();
  const second = new Watched(cli, [file]);
  watches.push(second);
  expect(await second.end()).toBe(1);
  expect(second.tail()).toContain(`pid ${first.pid}`);
  const apply = spawnSync(process.execPath, [cli, 'apply', file], { encoding: 'utf8' });
  expect(apply.status).toBe(1);
  expect(apply.stderr).toContain(`calico-reconcile watch (pid ${first.pid}`);
  expect(await first.stop()).toBe(0);
  expect(spawnSync(process.execPath, [cli, 'apply', file]).status).toBe(0);
});

it('a killed watch leaves no lock', async () => {
  const first = await watch();
  first.signal('SIGKILL');
  await first.end();
  await watch();
});

it.each(['SIGTERM', 'SIGINT'] as const)('%s stops it and leaves the network as it is', async (signal) => {
  const watched = await watch();
  watched.signal(signal);
  expect(await watched.end()).toBe(0);
  expect(routes()).toBe(20);
});

it('what breaks while it is stopped is mended when it goes on', async () => {
  const watched = await watch();
  watched.signal('SIGSTOP');
  sh('ip -n a route delete 10.1.3.0/24; ip -n a link set x down; ip -n a link set x mtu 1400');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  watched.signal('SIGCONT');
  await watched.line(({ event, key }) => event === 'mended' && key === '10.1.3.0/24');
  await expect.poll(routes).toBe(20);
  expect(spawnSync(process.execPath, [cli, 'diff', file]).status).toBe(0);
});

it('an edit is applied, an invalid one is refused once with its place, and the next valid one counts', async () => {
  const watched = await watch('--resync', '1');
  writeFileSync(file, topology(21));
  await watched.line(
    ({ event, occasion, created }) => event === 'converged' && occasion === 'edit' && created === 1,
  );
  writeFileSync(file, `${topology(21)}      - { dst: 10.99.0.0/33, dev: x }\n`);
  const refused = await watched.line(({ event }) => event === 'refused');
  expect(refused.source).toMatchObject({ line: 28 });
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(watched.lines.filter(({ event }) => event === 'refused')).toHaveLength(1);
  expect(routes()).toBe(21);
  const from = watched.lines.length;
  writeFileSync(file, topology(22));
  await watched.line(({ event, created }) => event === 'converged' && created === 1, from);
  expect(routes()).toBe(22);
});

it('a file that is removed removes nothing', async () => {
  const watched = await watch();
  rmSync(file);
  await watched.line(({ event, code }) => event === 'refused' && code === 'file');
  expect(routes()).toBe(20);
  writeFileSync(file, topology(20));
  await watched.line(({ event, occasion }) => event === 'converged' && occasion === 'edit');
});

it('a file cut off at any line removes nothing while its editor still writes', async () => {
  const watched = await watch();
  const events = watchRoutes();
  const text = topology(20).split('\n').slice(0, -1);
  for (const pause of [5, 150]) {
    const fd = openSync(file, 'w');
    for (const line of text) {
      writeSync(fd, `${line}\n`);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    closeSync(fd);
  }
  writeFileSync(file, '');
  for (const line of text) {
    appendFileSync(file, `${line}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await watched.line(({ event, occasion }) => event === 'converged' && occasion === 'edit');
  expect(await events()).toEqual([]);
  expect(routes()).toBe(20);
});

it.each([[1], [7]])('a file cut off for good after %i routes is stopped by the prune guard', async (kept) => {
  const watched = await watch();
  writeFileSync(file, topology(kept));
  await watched.line(({ event, code }) => event === 'refused' && code === 'pruneGuard');
  expect(routes()).toBe(20);
  sh('ip -n a route delete 10.1.19.0/24');
  await watched.line(({ event, key }) => event === 'mended' && key === '10.1.19.0/24');
});

it('a file cut off after a key that wants a list is refused as it stands', async () => {
  const watched = await watch();
  writeFileSync(file, topology(0));
  const { source } = await watched.line(({ event }) => event === 'refused');
  expect(source).toMatchObject({ line: 6 });
  expect(routes()).toBe(20);
});

it('SIGHUP reads the files again and makes a pass', async () => {
  const watched = await watch();
  sh('ip netns exec a sysctl -qw net.ipv4.conf.x.arp_ignore=1');
  watched.signal('SIGHUP');
  await watched.line(({ event, occasion }) => event === 'converged' && occasion === 'reload');
  expect(sh('ip netns exec a sysctl -n net.ipv4.conf.x.arp_ignore').trim()).toBe('0');
});

it('metrics and health are served where asked for', async () => {
  const watched = await watch('--metrics', '127.0.0.1:0');
  const { message } = await watched.line(({ event }) => event === 'listening');
  const base = /http:\/\/[\d.:]+/.exec(message)![0];
  const get = async (path: string): Promise<Response> => fetch(`${base}${path}`);
  for (const path of ['/healthz', '/readyz']) expect((await get(path)).status).toBe(200);
  expect((await get('/nothing')).status).toBe(404);
  sh('ip -n a route delete 10.1.3.0/24');
  await watched.line(({ event }) => event === 'mended');
  const text = await (await get('/metrics')).text();
  for (const line of [
    'calico_reconcile_heals_total{kind="route",cause="deleted"} 1',
    'calico_reconcile_time_to_heal_seconds_count{kind="route"} 1',
    'calico_reconcile_config_valid 1',
    'calico_reconcile_config_generation 1',
    'calico_reconcile_event_overflows_total 0',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).toMatch(/^calico_reconcile_items \d+$/m);
});

it('an address that others reach is warned of, and one that cannot be had ends the start', async () => {
  const watched = await watch('--metrics', '0.0.0.0:0');
  const { message } = await watched.line(({ event }) => event === 'listening');
  expect(message).toContain('warning');
  const refused = new Watched(cli, ['--metrics', '192.0.2.1:1', file]);
  watches.push(refused);
  expect(await refused.end()).toBe(1);
});

it('systemd is told of the start, the watchdog, a reload and the stop', async () => {
  const socket = new NotifySocket(join(dir, 'notify'));
  const env = { ...process.env, NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '200000' };
  const watched = new Watched(cli, [file], env);
  watches.push(watched);
  await watched.started();
  await expect.poll(() => socket.told()).toContain('READY=1');
  await expect.poll(() => socket.told()).toContain('WATCHDOG=1');
  watched.signal('SIGHUP');
  await expect.poll(() => socket.told()).toContain('RELOADING=1');
  await expect.poll(() => socket.told().filter((line) => line === 'READY=1')).toHaveLength(2);
  watched.signal('SIGTERM');
  await watched.end();
  expect(socket.told().at(-1)).toBe('STOPPING=1');
  socket.close();
});

it('a start where mounts only come in is refused, and one that names no namespace is not', async () => {
  const inSlave = (path: string): { status: number | null; stderr: string } =>
    spawnSync(
      'unshare',
      ['--mount', '--propagation', 'slave', '--', 'timeout', '3', process.execPath, cli, 'watch', path],
      { encoding: 'utf8' },
    );
  sh('mount --make-rshared /');
  try {
    const refused = inSlave(file);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('slave propagation');
    expect(lines('ls /run/netns 2>/dev/null || true')).toEqual([]);
    const here = join(dir, 'self.yaml');
    writeFileSync(here, 'name: here\nnetns:\n  self:\n    routes: [{ dst: 10.9.0.0/16, type: blackhole }]\n');
    expect(inSlave(here).status).toBe(124);
  } finally {
    sh('mount --make-rprivate /');
  }
});

it('a ConfigMap swap is an edit like any other', async () => {
  const version = (name: string, count: number): void => {
    sh(`mkdir ${dir}/${name} && ln -s ${name} ${dir}/..data_tmp`);
    writeFileSync(join(dir, name, 'net.yaml'), topology(count));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  };
  rmSync(file);
  version('..1', 20);
  sh(`ln -s ..data/net.yaml ${file}`);
  const watched = await watch();
  version('..2', 22);
  sh(`rm -r ${dir}/..1`);
  await watched.line(({ event, created }) => event === 'converged' && created === 2);
  expect(routes()).toBe(22);
});

/** Follows the namespace; afterwards, the deletions of routes it saw. */
function watchRoutes(): () => Promise<string[]> {
  const log = join(dir, 'monitor.log');
  const fd = openSync(log, 'w');
  const monitor = spawn('ip', ['-o', '-n', 'a', 'monitor', 'route'], { stdio: ['ignore', fd, 'ignore'] });
  closeSync(fd);
  const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
  return async () => {
    await wait();
    monitor.kill();
    return readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('Deleted'));
  };
}
