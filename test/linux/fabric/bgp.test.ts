// BGP with a real BIRD in every simulated host: routes come by it, sessions outlive changes, and nothing of it is left behind.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, findListener } from '../../../src/bgp/control.ts';
import { run } from '../../commands/run-program.ts';
import { Capture } from '../../sandbox/capture.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { lostPairs, passesWhole, stationsOf } from './pings.ts';
import { birdDirectories, cli, PATIENCE, Watching } from './watching.ts';

const scratch = mkdtempSync(join(tmpdir(), 'calico-reconcile-bgp-'));
afterAll(() => rmSync(scratch, { recursive: true }));

let watching: Watching | undefined;
let capture: Capture | undefined;

beforeEach(freshMachine);
beforeEach(requires('ip', 'bird', 'tcpdump', 'ping'));
afterEach(async () => {
  capture?.stop();
  capture = undefined;
  await watching?.stop();
  watching = undefined;
});

const birdRoutes = (netns: string): string[] =>
  sh(`ip -n ${netns} route show proto bird`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ')[0]!)
    .sort();
const until = (netns: string, routes: readonly string[]): Promise<void> =>
  expect.poll(() => birdRoutes(netns), { timeout: PATIENCE }).toEqual(routes);

/** The control socket of a host's BIRD. */
function socketOf(topology: string, host: string): string {
  const own = birdDirectories(topology).find((directory) =>
    readFileSync(`${directory}/bird.conf`, 'utf8').includes(`the BGP speaker ${host} `),
  );
  return `${own}/bird.ctl`;
}

/** Since when every established BGP session of a host's BIRD stands, in ms of the day, by its name. */
function sessionsOf(topology: string, host: string): Map<string, number> {
  const { lines } = ask(socketOf(topology, host), 'show protocols')!;
  const established = lines
    .map((line) => line.split(/\s+/))
    .filter(([, proto, , , , state]) => proto === 'BGP' && state === 'Established');
  return new Map(established.map(([name, , , , since]) => [name!, Date.parse(`1970-01-01T${since}Z`)]));
}

const mesh = 'topologies/bgp-mesh.yaml';

/** Waits until every host of the mesh has the routes to all others. */
async function meshStands(): Promise<void> {
  await until('host0', ['10.20.0.128/26', '10.20.0.64/26', '10.20.7.7']);
  await until('host1', ['10.20.0.0/26', '10.20.0.128/26', '10.20.7.7']);
  await until('host2', ['10.20.0.0/26', '10.20.0.64/26', '10.20.7.7']);
  await until('host3', ['10.20.0.0/26', '10.20.0.128/26', '10.20.0.64/26']);
}

describe(mesh, () => {
  it('brings every workload to every host by routes of BIRD, and every packet to its workload', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    expect(lostPairs(stationsOf(mesh))).toEqual({ tried: 12, lost: [] });
    expect((await run('diff', mesh)).status).toBe(0);
    const { status, out } = await run('verify', mesh);
    expect({ status, sessions: out.split('\n').filter((line) => line.startsWith('BGP')) }).toEqual({
      status: 0,
      sessions: [0, 1, 2, 3].map((n) => `BGP host${n}: 3 of 3 sessions up, 3 routes received`),
    });
  });

  it('sends packets as they are, full-size ones in one piece', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    capture = new Capture('host0', 'eth0', 'net', '10.20.0.0/16', 'or', 'proto', '4', 'or', 'udp');
    expect(passesWhole('web', '10.20.0.130', 1500)).toBe(true);
    expect(passesWhole('web', '10.20.7.7', 1500)).toBe(true);
    await capture.sees(/length 1500\)\n +10\.20\.0\.2 > 10\.20\.0\.130: ICMP echo request/);
    await capture.sees(/length 1500\)\n +10\.20\.0\.2 > 10\.20\.7\.7: ICMP echo request/);
    expect(capture.text).not.toMatch(/VXLAN|IPIP|flags \[\+\]/);
    expect(passesWhole('web', '10.20.0.130', 1501)).toBe(false);
  });

  it('withdraws what a killed BIRD announced, and has it back when that runs again', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    const socket = socketOf('bgp-mesh', 'host3');
    const { pid } = findListener(socket)!;
    process.kill(pid, 'SIGKILL');
    await until('host0', ['10.20.0.128/26', '10.20.0.64/26']);
    await until('host0', ['10.20.0.128/26', '10.20.0.64/26', '10.20.7.7']);
    expect(watching.log).toContain('BIRD of host3 ended (SIGKILL)');
    expect(findListener(socket)!.pid).not.toBe(pid);
  });

  it('takes a workload that is added without resetting a session', async () => {
    const file = join(scratch, 'mesh.yaml');
    const text = readFileSync(mesh, 'utf8');
    writeFileSync(file, text);
    watching = new Watching([file]);
    await until('host0', ['10.20.0.128/26', '10.20.0.64/26', '10.20.7.7']);
    await expect.poll(() => sessionsOf('bgp-mesh', 'host3').size, { timeout: PATIENCE }).toBe(3);
    const before = sessionsOf('bgp-mesh', 'host3');
    writeFileSync(file, `${text}  mail: { host: host3, address: 10.20.7.8 }\n`);
    await until('host0', ['10.20.0.128/26', '10.20.0.64/26', '10.20.7.7', '10.20.7.8']);
    await until('host2', ['10.20.0.0/26', '10.20.0.64/26', '10.20.7.7', '10.20.7.8']);
    expect(lostPairs(stationsOf(file))).toEqual({ tried: 20, lost: [] });
    // BIRD says it with an uncertainty of a millisecond; a session that was reset comes back a second later at the earliest.
    const after = sessionsOf('bgp-mesh', 'host3');
    expect([...after.keys()]).toEqual([...before.keys()]);
    for (const [name, since] of after) expect(Math.abs(since - before.get(name)!)).toBeLessThan(500);
  });

  it('ends its BIRDs with the watch, leaves the routes, and takes up again', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    const socket = socketOf('bgp-mesh', 'host0');
    expect(await watching.stop()).toBe(0);
    expect(findListener(socket)).toBeNull();
    expect((await run('verify', mesh)).out).toContain(
      'BGP host0: 0 of 3 sessions up, 0 routes received\n  no BIRD runs here any more',
    );
    expect(birdRoutes('host0')).toEqual(['10.20.0.128/26', '10.20.0.64/26', '10.20.7.7']);
    expect(lostPairs(stationsOf(mesh)).lost).toEqual([]);
  });

  it('takes over the BIRDs that a killed watch left behind', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    const socket = socketOf('bgp-mesh', 'host0');
    const { pid } = findListener(socket)!;
    await watching.stop('SIGKILL');
    watching = new Watching([mesh]);
    await watching.says(/BIRD of host0 \(pid \d+\) was running already/);
    expect(findListener(socket)!.pid).toBe(pid);
    await watching.stop();
    expect(findListener(socket)).toBeNull();
  });

  it('keeps configurations from everyone else, and passwords from the command line', async () => {
    const secret = join(scratch, 'password');
    writeFileSync(secret, 's3cret-of-the-mesh\n', { mode: 0o600 });
    const file = join(scratch, 'mesh.yaml');
    writeFileSync(file, `${readFileSync(mesh, 'utf8')}bgp: { passwordFile: ${secret} }\n`);
    watching = new Watching([file]);
    await until('host0', ['10.20.0.128/26', '10.20.0.64/26', '10.20.7.7']);
    for (const directory of birdDirectories('bgp-mesh')) {
      expect((statSync(directory).mode & 0o777).toString(8)).toBe('700');
      expect((statSync(`${directory}/bird.conf`).mode & 0o777).toString(8)).toBe('640');
      expect(readFileSync(`${directory}/bird.conf`, 'utf8')).toContain('password "s3cret-of-the-mesh";');
    }
    expect(watching.log).not.toContain('s3cret');
    expect(sh('ps axww -o args')).not.toContain('s3cret');
  });

  it('gives way to static routes when the file says so, and comes back', async () => {
    const file = join(scratch, 'mesh.yaml');
    const text = readFileSync(mesh, 'utf8');
    writeFileSync(file, text);
    watching = new Watching([file]);
    await meshStands();
    const sockets = birdDirectories('bgp-mesh').map((directory) => `${directory}/bird.ctl`);
    writeFileSync(file, text.replace('routing: bgp', 'routing: static'));
    for (const host of ['host0', 'host1', 'host2', 'host3']) await until(host, []);
    await expect
      .poll(() => sockets.map(findListener), { timeout: PATIENCE })
      .toEqual([null, null, null, null]);
    expect(lostPairs(stationsOf(file))).toEqual({ tried: 12, lost: [] });
    writeFileSync(file, text);
    await meshStands();
    expect(lostPairs(stationsOf(file))).toEqual({ tried: 12, lost: [] });
  });

  it('tells its sessions among the metrics', async () => {
    watching = new Watching(['--metrics', '127.0.0.1:0', mesh]);
    await watching.says(/metrics on http:/);
    await meshStands();
    const url = /http:\S+\/metrics/.exec(watching.log)?.[0];
    sh('ip link set dev lo up');
    const metrics = async (): Promise<string> => (await fetch(url!)).text();
    await expect
      .poll(metrics, { timeout: PATIENCE })
      .toContain('calico_reconcile_bgp_session_up{host="host0",peer="host1.4"} 1');
    expect(await metrics()).toContain('calico_reconcile_bgp_routes_received{host="host0",peer="host3.4"} 1');
    ask(socketOf('bgp-mesh', 'host1'), 'down');
    await expect
      .poll(metrics, { timeout: PATIENCE })
      .toContain('calico_reconcile_bgp_session_up{host="host0",peer="host1.4"} 0');
  });

  it('starts a BIRD anew in a namespace that is made anew', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    sh('ip netns del host3');
    await watching.says(/the namespace of host3 is another one/);
    await meshStands();
    expect(lostPairs(stationsOf(mesh)).lost).toEqual([]);
  });
});

/** `CLASS CHANGE NETNS KEY`, and why, of every difference that `diff` reports. */
async function reported(file: string): Promise<string[]> {
  const report = JSON.parse((await run('diff', '--format', 'json', file)).out) as {
    differences: { class: string; change: string; netns: string; kind: string; key: string; cause: string }[];
  };
  return report.differences.map(
    (one) => `${one.class} ${one.change} ${one.netns} ${one.kind} ${one.key}: ${one.cause}`,
  );
}

describe('diff', () => {
  it('reports every session as pending after an apply, which runs no BIRD, and as drift once one has run', async () => {
    const where = 'in simulated hosts it runs only under `watch` and `lab`';
    await run('apply', mesh);
    const found = await reported(mesh);
    expect(found).toHaveLength(12);
    expect(found[0]).toBe(
      `pending missing host0 bgp host1.4 192.168.1.11: no BIRD has run here yet; ${where}`,
    );
    expect((await run('diff', mesh)).status).toBe(2);
    watching = new Watching([mesh]);
    await meshStands();
    await watching.stop();
    expect((await reported(mesh))[0]).toBe(
      `drift missing host0 bgp host1.4 192.168.1.11: no BIRD runs here any more; ${where}`,
    );
    expect((await run('diff', mesh)).status).toBe(3);
  });

  it('reports a session that is down, on either side, and none once it is up again', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    await expect.poll(() => reported(mesh), { timeout: PATIENCE }).toEqual([]);
    ask(socketOf('bgp-mesh', 'host3'), "disable 'calico.host0.4'");
    const keys = async (): Promise<string[]> => (await reported(mesh)).map((line) => line.split(':')[0]!);
    await expect
      .poll(keys, { timeout: PATIENCE })
      .toEqual([
        'drift changed host0 bgp host3.4 192.168.1.13',
        'drift changed host3 bgp host0.4 192.168.1.10',
      ]);
    ask(socketOf('bgp-mesh', 'host3'), "enable 'calico.host0.4'");
    await expect.poll(() => reported(mesh), { timeout: PATIENCE }).toEqual([]);
  });
});

describe('a session that is down', () => {
  it('is named by trace, verify and doctor where its route is missed', async () => {
    watching = new Watching([mesh]);
    await meshStands();
    expect((await run('doctor', mesh)).out).toContain('12 BGP sessions are up');
    ask(socketOf('bgp-mesh', 'host3'), "disable 'calico.host0.4'");
    await until('host0', ['10.20.0.128/26', '10.20.0.64/26']);
    await expect
      .poll(async () => (await run('doctor', mesh)).out, { timeout: PATIENCE })
      .toContain('the BGP session of host3 with host0.4 is down');
    const { status, out } = await run('trace', mesh, 'web', 'cache');
    expect(status).toBe(1);
    expect(out).toContain('host0 has no route to 10.20.7.7; BGP has brought none');
    expect(out).toContain('asked for at topologies/bgp-mesh.yaml:');
    expect(out).not.toContain('calico-reconcile apply');
    expect((await run('verify', mesh)).out).toContain(
      'host0 has no route to 10.20.7.7; BGP has brought none',
    );
  });

  it('is mended by a watch where no BIRD runs', async () => {
    await run('apply', mesh);
    const { out } = await run('trace', mesh, 'web', 'cache');
    expect(out).toContain(`mend: calico-reconcile watch ${mesh}`);
  });
});

describe('without BIRD', () => {
  const hidden = (words: string): { status: number | null; stdout: string; stderr: string } => {
    const command = `mount --bind /dev/null "$(PATH=$PATH:/usr/sbin command -v bird)" && exec ${words}`;
    return spawnSync('unshare', ['--mount', 'sh', '-c', command], { encoding: 'utf8' });
  };

  it('says in one line which package is missing, having done the rest', () => {
    const { status, stdout, stderr } = hidden(`${process.execPath} ${cli} apply ${mesh}`);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'error: a pool says `routing: bgp`, and BIRD 2 is not installed; apt-get install bird2\n',
    });
    expect(stdout).toMatch(/^bgp-mesh: 77 items in sync, 77 created$/m);
  });

  it('is the doctor’s finding, with the command that mends it', () => {
    const { status, stdout } = hidden(`${process.execPath} ${cli} doctor ${mesh}`);
    expect(status).toBe(1);
    expect(stdout).toMatch(/BIRD 2 is not installed\n +mend: apt-get install bird2/);
  });
});

describe('apply', () => {
  it('writes configurations, says where BIRD runs, and destroy removes them', async () => {
    const { status, err } = await run('apply', mesh);
    expect(status).toBe(0);
    expect(err).toBe(
      'BGP: 4 configurations of BIRD written; in simulated hosts BIRD runs only under `watch` and `lab`\n',
    );
    expect(birdDirectories('bgp-mesh')).toHaveLength(4);
    expect((await run('destroy', mesh)).status).toBe(0);
    expect(birdDirectories('bgp-mesh')).toEqual([]);
  });
});

describe('topologies/bgp-route-reflector.yaml', () => {
  const file = 'topologies/bgp-route-reflector.yaml';

  it('reaches everyone in both families by way of the reflectors’ word, not through them', async () => {
    watching = new Watching([file]);
    await until('leaf0', ['10.20.0.64/26', '10.20.7.7']);
    await until('leaf1', ['10.20.0.0/26', '10.20.7.7']);
    await until('spine0', ['10.20.0.0/26', '10.20.0.64/26']);
    await expect.poll(() => lostPairs(stationsOf(file)).lost, { timeout: PATIENCE }).toEqual([]);
    expect(sh('ip -n leaf0 route show 10.20.0.64/26')).toContain('via 192.168.1.11 dev eth0');
    const established = (): string[] => [...sessionsOf('bgp-route-reflector', 'leaf0').keys()];
    await expect
      .poll(established, { timeout: PATIENCE })
      .toEqual(['calico.spine0.4', 'calico.spine1.4', 'calico.spine0.6', 'calico.spine1.6']);
  });

  it('sends packets of both families as they are, straight from leaf to leaf', async () => {
    watching = new Watching([file]);
    await expect.poll(() => lostPairs(stationsOf(file)).lost, { timeout: PATIENCE }).toEqual([]);
    capture = new Capture('leaf1', 'eth0', 'icmp', 'or', 'icmp6');
    expect(passesWhole('web', '10.20.0.66', 1500)).toBe(true);
    expect(passesWhole('web', 'fd00:10:20::42', 1500)).toBe(true);
    await capture.sees(/length 1500\)\n +10\.20\.0\.2 > 10\.20\.0\.66: ICMP echo request/);
    await capture.sees(/payload length: 1460\) fd00:10:20::2 > fd00:10:20::42: .*ICMP6, echo request/);
    expect(capture.text).not.toMatch(/flags \[\+\]|frag/);
    expect(passesWhole('web', 'fd00:10:20::42', 1501)).toBe(false);
  });
});
