import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run, runOnTerminal } from './run-program.ts';

const twoHosts = `name: two-hosts
hosts:
  host0: { netns: host0, uplink: { dev: ens192, address: 192.168.1.32/24 } }
  host1: { netns: host1, uplink: { dev: ens192, address: 192.168.1.16/24 } }
underlay:
  lan: { hosts: [host0, host1] }
pools:
  - { cidr: 10.20.0.0/16, encapsulation: none }
workloads:
  ns0: { host: host0, address: 10.20.1.2/24, dev: veth0 }
  ns1: { host: host1, address: 10.20.1.3/24, dev: veth0 }
`;

let dir: string;
let good: string;
let bad: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'commands-'));
  good = join(dir, 'good.yaml');
  bad = join(dir, 'bad.yaml');
  writeFileSync(good, twoHosts);
  writeFileSync(
    bad,
    twoHosts.replace('192.168.1.32/24', '192.168.1.32/33').replace('dev: veth0 }\n', 'dve: veth0 }\n'),
  );
});

afterAll(() => rmSync(dir, { recursive: true }));

test('a valid topology is one line', async () => {
  const { status, out, err } = await run('validate', good);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out).toMatch(/^two-hosts: valid/);
});

test('every problem of a bad topology is reported at once, with its place and a caret', async () => {
  const { status, out, err } = await run('validate', bad);
  expect(status).toBe(1);
  expect(out).toBe('');
  expect(err).toContain('bad.yaml:3:');
  expect(err).toContain('bad.yaml:10:');
  expect(err.match(/\^/g)!.length).toBeGreaterThanOrEqual(2);
  expect(err).not.toContain('    at ');
});

test('a file that is not there is one problem, and no stack trace', async () => {
  const { status, out, err } = await run('render', join(dir, 'absent.yaml'));
  expect({ status, out }).toEqual({ status: 1, out: '' });
  expect(err).toContain('absent.yaml');
  expect(err).not.toContain('    at ');
});

test('--no-color holds on a terminal, before and after the verb', async () => {
  expect((await runOnTerminal('validate', bad)).err).toContain('\x1b[');
  expect((await runOnTerminal('--no-color', 'validate', bad)).err).not.toContain('\x1b[');
  expect((await runOnTerminal('validate', '--no-color', bad)).err).not.toContain('\x1b[');
});

test('what render prints renders to itself', async () => {
  const once = await run('render', good);
  expect(once.err).toBe('');
  const rendered = join(dir, 'rendered.yaml');
  writeFileSync(rendered, once.out);
  const twice = await run('render', rendered);
  const body = (text: string): string => text.replace(/^# Rendered from .*\n/, '');
  expect(twice.err).toBe('');
  expect(body(twice.out)).toBe(body(once.out));
});

test('render prints JSON and a script that says the same', async () => {
  const json = JSON.parse((await run('render', '--format', 'json', good)).out);
  expect(Object.keys(json.netns).sort()).toEqual(['host0', 'host1', 'lan', 'ns0', 'ns1']);
  const script = (await run('render', '--format', 'ip', good)).out;
  expect(script).toMatch(/^#!\/bin\/sh\n/);
  expect(script).toContain('ip -n host0 route add 10.20.1.3/32 via 192.168.1.16 dev ens192 proto 169\n');
});

test('--host narrows what is rendered, and may be given several times', async () => {
  const hosts = async (...options: string[]): Promise<string[]> => {
    const { out } = await run('render', '--format', 'json', ...options, good);
    return Object.keys(JSON.parse(out).netns).filter((name) => name.startsWith('host'));
  };
  expect(await hosts('--host', 'host1')).toEqual(['host1']);
  expect(await hosts('--host', 'host0', '--host', 'host1')).toEqual(['host0', 'host1']);
});
