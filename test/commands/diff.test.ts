// `diff` against a recorded snapshot: by anyone, anywhere; and what the command line makes of its options.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, runOnTerminal } from './run-program.ts';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const twoHosts = fileURLToPath(new URL('../../topologies/two-hosts.yaml', import.meta.url));
let directory = '';
let empty = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-observed-'));
  empty = join(directory, 'empty.json');
  writeFileSync(empty, '{"version":1,"names":[],"namespaces":{},"fresh":{},"applied":{}}');
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('a snapshot', () => {
  test('is compared without a native module', () => {
    const probe = join(directory, 'probe.mjs');
    writeFileSync(
      probe,
      `process.on('exit', () => {
        const loaded = process.report.getReport().sharedObjects.filter((path) => path.endsWith('.node'));
        process.stderr.write(JSON.stringify(loaded));
      });`,
    );
    const args = [
      '--import',
      pathToFileURL(probe).href,
      cli,
      'diff',
      '--observed',
      empty,
      '--quiet',
      twoHosts,
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: '[]' });
  });

  test('may come by standard input', () => {
    const { status, stdout } = spawnSync(process.execPath, [cli, 'diff', '--observed', '-', twoHosts], {
      input: '{"version":1,"names":[],"namespaces":{},"fresh":{},"applied":{}}',
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stdout).toMatch(/two-hosts: 40 missing; 40 pending\n$/);
  });

  test('that cannot be read is one line', async () => {
    const { status, out, err } = await run('diff', '--observed', join(directory, 'absent.json'), twoHosts);
    expect([status, out]).toEqual([1, '']);
    expect(err).toMatch(/^error: [^\n]*absent\.json[^\n]*\n$/);
  });
});

describe('every difference of a network that is not there', () => {
  test('points at a line of the file', async () => {
    const { out } = await run('diff', '--observed', empty, '--format', 'json', twoHosts);
    const { differences } = JSON.parse(out);
    const lines = readFileSync(twoHosts, 'utf8').split('\n');
    expect(differences).toHaveLength(40);
    for (const { source } of differences)
      expect(lines[source.line - 1]?.slice(source.column - 1)).toMatch(/\S/);
  });

  test('points through expansion: a route to a workload elsewhere at the line of that workload', async () => {
    const { out } = await run('diff', '--observed', empty, '--format', 'json', twoHosts);
    const route = JSON.parse(out).differences.find(
      (item: { netns: string; key: string }) => item.netns === 'host0' && item.key === '10.20.1.3/32',
    );
    expect(readFileSync(twoHosts, 'utf8').split('\n')[route.source.line - 1]).toMatch(/^ {2}ns1: /);
  });
});

describe('a terminal', () => {
  const many = (count: number): string => {
    const routes = Array.from(
      { length: count },
      (_, i) => `      - { dst: 10.${i >> 8}.${i & 255}.0/24, type: blackhole }`,
    );
    return `name: many\nnetns:\n  a:\n    routes:\n${routes.join('\n')}\n`;
  };

  test('is shown fifty differences, and all of them when asked', async () => {
    const file = join(directory, 'many.yaml');
    writeFileSync(file, many(4999));
    const shown = await runOnTerminal('diff', '--observed', empty, file);
    expect(shown.out).toContain('… and 4 950 more (--all)');
    const all = await runOnTerminal('diff', '--all', '--observed', empty, file);
    expect(all.out).not.toContain('more (--all)');
    expect(all.out.split('\n').filter((line) => line.includes('  route 10.'))).toHaveLength(4999);
  });

  test.each(['text', 'json', 'junit', 'sarif', 'github'])('is not what cuts %s in a pipe', async (format) => {
    const file = join(directory, 'some.yaml');
    writeFileSync(file, many(60));
    const { status, out } = await run('diff', '--format', format, '--observed', empty, file);
    expect(status).toBe(2);
    for (let i = 0; i < 60; i++) expect(out).toContain(`10.0.${i}.0/24`);
  });
});

describe('usage', () => {
  test.each([
    [['diff', '--ignore', 'host0 rout x', twoHosts], 'kinds are'],
    [['diff', '--observed', '-', '-'], 'standard input'],
    [['snapshot'], '--netns'],
    [['snapshot', '--all', twoHosts], '--netns'],
    [['snapshot', '--all', '--netns', 'a'], '--netns'],
  ])('%j', async (argv, word) => {
    const { status, out, err } = await run(...argv);
    expect([status, out]).toEqual([1, '']);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toContain(word);
  });

  test('a pattern of the file that can match nothing is a problem at its place', async () => {
    const file = join(directory, 'ignore.yaml');
    writeFileSync(file, 'name: x\nignore:\n  - host0 route 10.*\n  - host0 rout 10.*\n');
    const { status, err } = await run('validate', file);
    expect(status).toBe(1);
    expect(err).toContain('ignore.yaml:4:5');
    expect(err).toContain('1 problem\n');
  });
});
