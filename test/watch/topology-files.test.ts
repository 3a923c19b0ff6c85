// Files on a real file system, changed in all the ways that editors, git and Kubernetes change them.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { QUIET_MS, TopologyFiles } from '../../src/watch/topology-files.ts';

let dir: string;
let file: string;
let files: TopologyFiles;
let changes: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'files-'));
  file = join(dir, 'a.yaml');
  writeFileSync(file, 'name: a\n');
  changes = [];
});

afterEach(async () => {
  await files.close();
  rmSync(dir, { recursive: true });
});

/** Watches paths, from when events are sure to be told. */
async function watch(...paths: string[]): Promise<void> {
  const onChange = (path: string): void => void changes.push(path.slice(dir.length + 1));
  files = new TopologyFiles({
    paths,
    onChange,
    onHeld: () => {},
    onError: (error) => changes.push(String(error)),
  });
  await pause(200);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until so many changes were told, and a little longer that there are no more. */
async function told(count: number): Promise<readonly string[]> {
  await vi.waitFor(() => expect(changes.length).toBeGreaterThanOrEqual(count), { timeout: 3000 });
  await pause(250);
  expect(changes).toHaveLength(count);
  return changes;
}

test('a file written anew is one change', async () => {
  await watch(file);
  writeFileSync(file, 'name: b\n');
  expect(await told(1)).toEqual(['a.yaml']);
});

test('a burst of edits is one change', async () => {
  await watch(file);
  for (let i = 0; i < 5; i++) writeFileSync(file, `name: a${i}\n`);
  await told(1);
});

test('a file renamed over the old one is a change, and so is the next', async () => {
  await watch(file);
  for (let i = 0; i < 3; i++) {
    writeFileSync(join(dir, '.a.swp'), `name: b${i}\n`);
    renameSync(join(dir, '.a.swp'), file);
    await told(i + 1);
  }
});

test('a file renamed over the old one is read at once', async () => {
  await watch(file);
  for (let i = 0; i < 3; i++) {
    writeFileSync(join(dir, '.a.new'), `name: b${i}\n`);
    await pause(20);
    renameSync(join(dir, '.a.new'), file);
    await pause(QUIET_MS * 0.8);
    expect(changes).toHaveLength(i + 1);
    await told(i + 1);
  }
});

test('a file renamed over the old one while it is written is read when its writer closes it', async () => {
  await watch(file);
  const fd = openSync(join(dir, '.a.new'), 'w');
  writeSync(fd, 'name: b\n');
  renameSync(join(dir, '.a.new'), file);
  await pause(300);
  expect(changes).toEqual([]);
  closeSync(fd);
  await told(1);
});

test('of several files, one renamed over the old one is read when all are quiet', async () => {
  const other = join(dir, 'b.yaml');
  writeFileSync(other, 'name: a\n');
  await watch(file, other);
  for (const path of [file, other]) {
    writeFileSync(join(dir, '.new'), 'name: b\n');
    renameSync(join(dir, '.new'), path);
    await pause(QUIET_MS / 2);
    expect(changes).toEqual([]);
  }
  await told(1);
});

test('a new file that is written in pieces under its name is one change when all is quiet', async () => {
  await watch(file);
  for (const [round, between] of [1, 3, 10, 40].entries()) {
    unlinkSync(file);
    for (let i = 0; i < 4; i++) {
      appendFileSync(file, `k${i}: v\n`);
      await pause(between);
    }
    await told(round + 1);
  }
});

test('a file renamed over the old one and appended to at once is one change', async () => {
  await watch(file);
  writeFileSync(join(dir, '.a.new'), 'name: b\n');
  renameSync(join(dir, '.a.new'), file);
  for (let i = 0; i < 4; i++) {
    appendFileSync(file, `k${i}: v\n`);
    await pause(20);
  }
  await told(1);
});

test('the way vim writes, with the old file moved to a backup, is one change', async () => {
  await watch(file);
  renameSync(file, `${file}~`);
  writeFileSync(file, 'name: b\n');
  unlinkSync(`${file}~`);
  expect(await told(1)).toEqual(['a.yaml']);
});

test('a file that is truncated and written in pieces is one change, when its writer closes it', async () => {
  await watch(file);
  const fd = openSync(file, 'w');
  for (const line of ['name: b\n', 'hosts:\n', '  h: {}\n']) {
    await pause(180);
    writeSync(fd, line);
  }
  await pause(300);
  expect(changes).toEqual([]);
  closeSync(fd);
  await told(1);
});

test('a file written in pieces by one who opens it anew each time is one change when all is quiet', async () => {
  await watch(file);
  truncateSync(file);
  for (let i = 0; i < 8; i++) {
    appendFileSync(file, `k${i}: v\n`);
    await pause(40);
  }
  await told(1);
});

test('a removed file and its return are a change each', async () => {
  await watch(file);
  unlinkSync(file);
  await told(1);
  writeFileSync(file, 'name: b\n');
  expect(await told(2)).toEqual(['a.yaml', 'a.yaml']);
});

test('a file that is not there at first is a change when it comes', async () => {
  await watch(join(dir, 'late', 'b.yaml'));
  mkdirSync(join(dir, 'late'));
  await pause(50);
  writeFileSync(join(dir, 'late', 'b.yaml'), 'name: b\n');
  expect(await told(1)).toEqual(['late/b.yaml']);
});

test('of a directory, new, changed and removed topology files are changes, and no others', async () => {
  await watch(dir);
  writeFileSync(join(dir, 'b.yml'), 'name: b\n');
  expect(await told(1)).toEqual(['b.yml']);
  for (const other of ['.hidden.yaml', 'notes.txt', 'a.yaml~', '4913']) writeFileSync(join(dir, other), 'x');
  mkdirSync(join(dir, 'below'));
  writeFileSync(join(dir, 'below', 'c.yaml'), 'x');
  await told(1);
  unlinkSync(join(dir, 'b.yml'));
  await told(2);
});

test('a ConfigMap whose ..data link is swapped is a change, mounted as file and as directory', async () => {
  const version = (name: string, text: string): void => {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'net.yaml'), text);
    symlinkSync(name, join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  };
  unlinkSync(file);
  version('..2026_1', 'name: a\n');
  symlinkSync(join('..data', 'net.yaml'), join(dir, 'net.yaml'));
  await watch(join(dir, 'net.yaml'), dir);
  for (const [i, next] of ['..2026_2', '..2026_3', '..2026_4'].entries()) {
    version(next, `name: b${i}\n`);
    rmSync(join(dir, `..2026_${i + 1}`), { recursive: true });
    await told(i + 1);
  }
});

test('a link to a file elsewhere is followed when the file changes and when the link does', async () => {
  const elsewhere = join(dir, 'elsewhere');
  mkdirSync(elsewhere);
  for (const name of ['one', 'two']) writeFileSync(join(elsewhere, name), `name: ${name}\n`);
  const link = join(dir, 'link.yaml');
  symlinkSync('elsewhere/one', link);
  await watch(link);
  writeFileSync(join(elsewhere, 'one'), 'name: three\n');
  await told(1);
  symlinkSync('elsewhere/two', `${link}.new`);
  renameSync(`${link}.new`, link);
  await told(2);
  await pause(100);
  writeFileSync(join(elsewhere, 'two'), 'name: four\n');
  await told(3);
});

test('a directory that is replaced as a whole is a change', async () => {
  const conf = join(dir, 'conf');
  for (const name of ['conf', 'next']) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'net.yaml'), `name: ${name}\n`);
  }
  await watch(conf);
  renameSync(conf, join(dir, 'old'));
  renameSync(join(dir, 'next'), conf);
  await told(1);
  await pause(100);
  writeFileSync(join(conf, 'net.yaml'), 'name: c\n');
  await told(2);
});

test('a git checkout of another branch is one change, also where the directory goes and returns', async (context) => {
  if (!['/usr/bin/git', '/usr/local/bin/git'].some((path) => existsSync(path)))
    context.skip('not installed: git');
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'commit.gpgsign=false'];
    execFileSync('git', ['-C', dir, ...identity, ...args], { stdio: 'pipe' });
  };
  const net = join(dir, 'net');
  git('init', '-q', '-b', 'one');
  mkdirSync(net);
  for (const name of ['a.yaml', 'b.yaml']) writeFileSync(join(net, name), 'name: one\n');
  git('add', '.');
  git('commit', '-q', '-m', 'one');
  git('checkout', '-q', '-b', 'two');
  for (const name of ['a.yaml', 'b.yaml']) writeFileSync(join(net, name), 'name: two, longer\n');
  git('commit', '-q', '-a', '-m', 'two');
  git('checkout', '-q', '-b', 'none');
  git('rm', '-q', '-r', 'net');
  git('commit', '-q', '-m', 'none');
  git('checkout', '-q', 'one');
  await watch(net);
  git('checkout', '-q', 'two');
  await told(1);
  git('checkout', '-q', 'none');
  await told(2);
  git('checkout', '-q', 'one');
  await told(3);
});

test('a file that is only read is no change, and one that is looked at by the timer is', async () => {
  await watch(file);
  execFileSync('cat', [file], { stdio: 'pipe' });
  await told(0);
  utimesSync(file, new Date(), new Date(1_700_000_000_000));
  files.look();
  await told(1);
});
