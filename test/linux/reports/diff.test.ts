// `diff` as a CI job uses it: its exit statuses, what it leaves alone, what it works beside, and its commands.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../../src/kernel/machine.ts';
import { Locks } from '../../../src/reconcile/lock.ts';
import type { JsonOutcome, JsonReport, JsonStep } from '../../../src/report/json.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { lab } from './cases.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const before = process.cwd();
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-diff-'));
  process.chdir(directory);
});

afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

beforeEach((context) => {
  requires('ip', 'sysctl')(context);
  freshMachine();
  writeFileSync('lab.yaml', lab);
});

const more = lab.replace('    routes:', '    routes:\n      - { dst: 10.4.0.0/16, via: 10.0.0.2 }');

describe('the exit status', () => {
  it('tells in sync, pending, drift and failure apart, of the machine and of a snapshot', async () => {
    const statuses = async (): Promise<(number | null)[]> => {
      const live = await run('diff', 'lab.yaml');
      writeFileSync('snapshot.json', (await run('snapshot', '--all')).out);
      const recorded = await run('diff', '--observed', 'snapshot.json', 'lab.yaml');
      return [live.status, recorded.status];
    };
    expect(await statuses()).toEqual([2, 2]);
    expect((await run('apply', 'lab.yaml')).status).toBe(0);
    expect(await statuses()).toEqual([0, 0]);
    writeFileSync('lab.yaml', more);
    expect(await statuses()).toEqual([2, 2]);
    sh('ip -n a route del 10.1.0.0/16');
    expect(await statuses()).toEqual([3, 3]);
    writeFileSync('lab.yaml', lab);
    expect(await statuses()).toEqual([3, 3]);
    writeFileSync('lab.yaml', 'name: [');
    expect((await run('diff', 'lab.yaml')).status).toBe(1);
    expect((await run('diff', '--exit-zero', 'lab.yaml')).status).toBe(1);
  });

  it('is 0 for a job that only reports', async () => {
    expect(await run('diff', '--exit-zero', 'lab.yaml')).toMatchObject({ status: 0 });
  });

  it('is all that a quiet run says', async () => {
    expect(await run('diff', '--quiet', 'lab.yaml')).toEqual({ status: 2, out: '', err: '' });
  });
});

describe('an edit after a snapshot', () => {
  it('is compared with what was recorded before it', async () => {
    await run('apply', 'lab.yaml');
    writeFileSync('snapshot.json', (await run('snapshot', 'lab.yaml')).out);
    const edited = `${more}  d:\n    links: { lo: { up: true } }\n`.replace(
      'net.ipv4.ip_forward: 1',
      'net.ipv4.ip_forward: 1, net.ipv4.ip_default_ttl: 99, net.ipv4.conf.eth0.rp_filter: 2',
    );
    writeFileSync('lab.yaml', edited);
    for (const format of ['text', 'json']) {
      const live = await run('diff', '--format', format, 'lab.yaml');
      expect(live.status).toBe(2);
      expect(await run('diff', '--format', format, '--observed', 'snapshot.json', 'lab.yaml')).toEqual(live);
    }
  });

  it('cannot be compared where it needs a namespace that existed and was not read', async () => {
    await run('apply', 'lab.yaml');
    sh('ip netns add d');
    writeFileSync('snapshot.json', (await run('snapshot', 'lab.yaml')).out);
    writeFileSync('lab.yaml', `${lab}  d:\n    links: { lo: { up: true } }\n`);
    const { status, out, err } = await run('diff', '--observed', 'snapshot.json', 'lab.yaml');
    expect([status, out]).toEqual([1, '']);
    expect(err).toContain('--all');
  });
});

describe('a snapshot', () => {
  it('is the same twice', async () => {
    await run('apply', 'lab.yaml');
    const first = await run('snapshot', '--all');
    expect(first).toMatchObject({ status: 0, err: '' });
    expect(await run('snapshot', '--all')).toEqual(first);
  });

  it('holds the namespaces that are named, and names all', async () => {
    await run('apply', 'lab.yaml');
    const { out } = await run('snapshot', '--netns', 'b', '--netns', 'self');
    const snapshot = JSON.parse(out);
    expect(Object.keys(snapshot.namespaces)).toEqual(['b', 'self']);
    expect(snapshot.names).toEqual(['a', 'b', 'c']);
  });

  it('of a namespace that does not exist is an error', async () => {
    expect(await run('snapshot', '--netns', 'nowhere')).toMatchObject({ status: 1, out: '' });
  });
});

describe('a known difference', () => {
  const broken = 'ip -n a route del 10.1.0.0/16; ip -n a route add 10.9.0.0/16 via 10.0.0.2 proto 169';

  it('is counted and not shown', async () => {
    await run('apply', 'lab.yaml');
    sh(broken);
    const one = await run('diff', '--ignore', 'a route 10.9.*', 'lab.yaml');
    expect(one.status).toBe(3);
    expect(one.out).toContain('1 missing; 1 drift, 1 ignored');
    const both = await run(
      'diff',
      '--ignore',
      'a route 10.9.*',
      '--ignore',
      '* route 10.1.0.0/16',
      'lab.yaml',
    );
    expect(both).toEqual({ status: 0, out: 'lab: in sync, 16 items; 2 differences ignored\n', err: '' });
  });

  it('of the file is left alone by an apply, which says so', async () => {
    await run('apply', 'lab.yaml');
    sh(broken);
    writeFileSync('lab.yaml', `ignore: ['a route 10.9.*', 'a route 10.1.*']\n${lab}`);
    const applied = await run('apply', 'lab.yaml');
    expect(applied).toMatchObject({ status: 0 });
    expect(applied.out).toContain('nothing to do; 2 differences ignored');
    expect(sh('ip -n a route show proto 169')).toContain('10.9.0.0/16');
    expect(sh('ip -n a route show 10.1.0.0/16')).toBe('');
    expect(JSON.parse((await run('apply', '--format', 'json', 'lab.yaml')).out).summary.ignored).toBe(2);
  });

  it('is mended once the file no longer ignores it', async () => {
    writeFileSync('lab.yaml', `ignore: ['a route 10.1.*']\n${lab}`);
    await run('apply', 'lab.yaml');
    expect(sh('ip -n a route show 10.1.0.0/16')).toBe('');
    writeFileSync('lab.yaml', lab);
    expect(await run('diff', 'lab.yaml')).toMatchObject({ status: 2 });
    await run('apply', 'lab.yaml');
    expect(sh('ip -n a route show 10.1.0.0/16')).not.toBe('');
  });
});

describe('read-only', () => {
  it('sends no request that changes anything, and writes no file', (context) => {
    requires('strace')(context);
    sh(`"${process.execPath}" "${cli}" apply lab.yaml`);
    sh('ip -n a route del 10.1.0.0/16; ip netns exec a sysctl -qw net.ipv4.conf.eth0.proxy_arp=0');
    for (const verb of ['diff lab.yaml', 'snapshot --all', 'apply --dry-run lab.yaml']) {
      const traced = trace(verb);
      expect(traced.types.length).toBeGreaterThan(10);
      expect(traced.types.filter((type) => !isGet(type))).toEqual([]);
      expect(traced.written).toEqual([]);
    }
  });

  it('is told from a run that changes something', (context) => {
    requires('strace')(context);
    const traced = trace('apply lab.yaml');
    expect(traced.types.some((type) => !isGet(type))).toBe(true);
    expect(traced.written).not.toEqual([]);
  });

  it('works while another holds the lock', async () => {
    await run('apply', 'lab.yaml');
    sh('ip -n a route del 10.1.0.0/16');
    const machine = Machine.open();
    const locks = new Locks(machine, 'lab', 'watch');
    try {
      locks.take(['a', 'b', 'c']);
      expect(runBuilt('apply', 'lab.yaml').status).toBe(1);
      expect(runBuilt('diff', 'lab.yaml').status).toBe(3);
      expect(runBuilt('snapshot', 'lab.yaml').status).toBe(0);
      expect(runBuilt('apply', '--dry-run', 'lab.yaml').status).toBe(3);
    } finally {
      locks.release();
      machine.close();
    }
  });
});

describe('a dry run', () => {
  it('is the plan that the apply then carries out, in its order', async () => {
    for (const commands of ['', 'ip netns del c; ip -n a link del dev br0; ip -n a route flush proto 169']) {
      sh(commands);
      const dry = JSON.parse(
        (await run('apply', '--dry-run', '--format', 'json', 'lab.yaml')).out,
      ) as JsonReport<JsonStep>;
      const dryText = await run('apply', '--dry-run', 'lab.yaml');
      const wet = JSON.parse(
        (await run('apply', '--format', 'json', 'lab.yaml')).out,
      ) as JsonReport<JsonOutcome>;
      const identities = (report: JsonReport): string[] =>
        report.differences.map(({ netns, kind, key, change }) => `${change} ${netns} ${kind} ${key}`);
      expect(identities(dry)).toEqual(identities(wet));
      expect(dry.differences.length).toBeGreaterThan(3);
      expect(dry.differences.map(({ command }) => command)).toEqual(
        wet.differences.map(({ command }) => command),
      );
      expect(dryText.out.split('\n').filter((line) => /^[+~±-] /.test(line))).toHaveLength(
        dry.differences.length,
      );
    }
  });

  it('prints the lines that the apply prints', async () => {
    const dry = (await run('apply', '--dry-run', 'lab.yaml')).out.split('\n');
    const wet = (await run('apply', 'lab.yaml')).out.split('\n');
    expect(dry.slice(0, -2)).toEqual(wet.slice(0, -2));
  });
});

describe('the samples of the documents', () => {
  it.each(['README.md', 'docs/drift-reports.md'])('are what is printed: %s', async (name) => {
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const text = trimmed(readFileSync(join(root, name), 'utf8'));
    process.chdir(root);
    try {
      const file = 'topologies/two-hosts.yaml';
      await run('apply', file);
      sh('ip -n host0 route del 10.20.1.3; ip netns exec host1 sysctl -qw net.ipv4.conf.veth0.proxy_arp=0');
      const { status, out } = await run('diff', file);
      expect(status).toBe(3);
      expect(text).toContain(trimmed(`$ calico-reconcile diff ${file}\n${out}`));
    } finally {
      process.chdir(directory);
    }
  });
});

describe('printed commands', () => {
  const examples = ['two-hosts.yaml', 'single-host.yaml', 'netns-only.yaml'];

  it.each(examples)('build %s from nothing', async (name) => {
    const file = fileURLToPath(new URL(`../../../topologies/${name}`, import.meta.url));
    writeFileSync('build.sh', (await run('render', '--format', 'ip', file)).out);
    sh('sh -e ./build.sh');
    expect(await run('diff', file)).toMatchObject({ status: 0, err: '' });
  });

  it.each(examples)('of a report mend %s from nothing', async (name) => {
    const file = fileURLToPath(new URL(`../../../topologies/${name}`, import.meta.url));
    const report = JSON.parse((await run('diff', '--format', 'json', file)).out) as JsonReport;
    sh(`set -e\n${report.differences.map(({ command }) => command ?? '').join('\n')}`);
    expect(await run('diff', file)).toMatchObject({ status: 0, err: '' });
  });

  it('of a report leave conflicts to who decides', async () => {
    sh('ip netns add a; ip -n a link add name br0 type veth peer name other');
    const report = JSON.parse((await run('diff', '--format', 'json', 'lab.yaml')).out) as JsonReport;
    const [conflict] = report.differences.filter((difference) => difference.conflict);
    expect(conflict).toMatchObject({ netns: 'a', kind: 'link', key: 'br0', command: null });
    expect(report.differences.at(-1)).toEqual(conflict);
  });
});

function runBuilt(...argv: string[]): { readonly status: number | null } {
  return spawnSync(process.execPath, [cli, ...argv], { encoding: 'utf8' });
}

/** The message types that a run sends by rtnetlink, and the files that it opens to write. */
function trace(verb: string): { readonly types: readonly string[]; readonly written: readonly string[] } {
  sh(
    `strace -f -qq -o trace -e trace=sendto,sendmsg,openat,mkdir,mkdirat,rename,renameat2,unlink "${process.execPath}" "${cli}" ${verb} >out 2>err || true`,
  );
  const lines = sh('cat trace').split('\n');
  const types = lines.flatMap((line) => [...line.matchAll(/nlmsg_type=(\w+)/g)].map((match) => match[1]!));
  const written = lines.filter(
    (line) =>
      (/openat\(.*(O_WRONLY|O_RDWR|O_CREAT)/.test(line) && /"\/(proc\/sys|run)\//.test(line)) ||
      /(mkdir|rename|unlink)\w*\(.*"\/run\//.test(line),
  );
  return { types, written };
}

/** rtnetlink's types come in fours: new, delete, get, set. strace prints a name or a number. */
function isGet(type: string): boolean {
  return type.startsWith('RTM_GET') || Number(type) % 4 === 2;
}

/** A text whose lines begin at the margin: one document quotes by indenting. */
function trimmed(text: string): string {
  return text.replaceAll(/^ +/gm, '');
}
