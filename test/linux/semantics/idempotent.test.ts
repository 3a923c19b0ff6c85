// A second apply of the same file sends dumps and questions only, writes no sysctl, and the kernel announces nothing.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires } from '../../sandbox/machine.ts';
import { eventsDuring } from './event-log.ts';
import { applyText, establish } from './pass.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const files = ['two-hosts', 'single-host', 'netns-only'].map((name) => `topologies/${name}.yaml`);

let directory: string;

beforeEach(() => {
  freshMachine();
  directory = mkdtempSync(join(tmpdir(), 'idempotent-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** The system calls of an apply that send to a socket or open a file, line by line. */
function traceApply(file: string): string[] {
  const trace = join(directory, 'trace');
  const calls = 'trace=sendmsg,sendto,sendmmsg,openat,open,creat';
  const { status, stderr } = spawnSync(
    'strace',
    ['-f', '-o', trace, '-e', calls, process.execPath, cli, 'apply', file],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
  return readFileSync(trace, 'utf8').split('\n');
}

/** The types of the rtnetlink messages sent: `RTM_GETLINK` where strace decodes them, else the number. */
const sentTypes = (trace: readonly string[]): string[] =>
  trace
    .filter((line) => /send(to|msg|mmsg)\(/.test(line))
    .flatMap((line) => [...line.matchAll(/nlmsg_type=(\w+)/g)].map(([, type]) => type!));

const sysctlsOpenedToWrite = (trace: readonly string[]): string[] =>
  trace.filter((line) => line.includes('"/proc/sys/net') && /O_WRONLY|O_RDWR/.test(line));

/** RTM_NEWx, RTM_DELx, RTM_GETx and RTM_SETx of a kind follow each other from a multiple of four on. */
const isQuestion = (type: string): boolean => type.startsWith('RTM_GET') || Number(type) % 4 === 2;

describe.each(files)('%s', (file) => {
  beforeEach(requires('strace'));

  it('is applied by changes the first time, and by questions alone the second', () => {
    const first = traceApply(file);
    expect(sentTypes(first).some((type) => !isQuestion(type))).toBe(true);
    expect(sysctlsOpenedToWrite(first).length).toBeGreaterThan(0);

    const second = traceApply(file);
    expect(sentTypes(second).length).toBeGreaterThan(10);
    expect(sentTypes(second).filter((type) => !isQuestion(type))).toEqual([]);
    expect(sysctlsOpenedToWrite(second)).toEqual([]);
  });
});

describe('a second apply', () => {
  beforeEach(requires('ip'));

  it('says that there is nothing to do, and no namespace hears of it', async () => {
    const file = 'topologies/two-hosts.yaml';
    await run('apply', file);
    const again = readFileSync(file, 'utf8');
    const events = await eventsDuring('host0', () => establish(again));
    const second = await run('apply', file);
    expect(events.filter((line) => !/fe80::|ff00::/.test(line))).toEqual([]); // IPv6 settles on its own
    expect(second).toMatchObject({ status: 0, out: 'two-hosts: 40 items in sync, nothing to do\n' });
  });

  it('sends nothing either where foreign items satisfy the file', () => {
    establish('name: theirs\nnetns: { a: { routes: [{ dst: 10.0.0.0/8, type: blackhole }] } }\n');
    const mine =
      'name: mine\nownership: { protocol: 170 }\nnetns: { a: { routes: [{ dst: 10.0.0.0/8, type: blackhole }] } }\n';
    establish(mine);
    expect(applyText(mine).outcomes).toEqual([]);
  });
});
