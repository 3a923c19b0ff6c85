import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watch } from '../../src/watch/watch.ts';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watch-'));
  file = join(dir, 'a.yaml');
  writeFileSync(file, 'name: a\n');
});

afterEach(() => rmSync(dir, { recursive: true }));

/** Watches until stopped; the reasons of the passes so far, paths cut to their last part. */
function start(paths: readonly string[], resyncSeconds = 60) {
  const reasons: string[] = [];
  const stop = new AbortController();
  let wake: (reason: string) => void = () => {};
  const ended = watch({
    paths,
    resyncSeconds,
    signal: stop.signal,
    pass: (reason) => reasons.push(reason.replace(/^.*\//, '')),
    onReady: (ring) => {
      wake = ring;
    },
    onError: () => {},
  });
  return { reasons, ended, stop: () => stop.abort(), wake: (reason: string) => wake(reason) };
}

test('it starts with a pass and ends when told', async () => {
  const watching = start([file]);
  expect(watching.reasons).toEqual(['start']);
  watching.stop();
  await watching.ended;
  expect(watching.reasons).toEqual(['start']);
});

test('an edited file, a replaced file and a new file in a directory each bring a pass', async () => {
  const watching = start([dir]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (const [count, edit] of [
    () => writeFileSync(file, 'name: b\n'),
    () => {
      writeFileSync(join(dir, '.swap'), 'name: c\n');
      renameSync(join(dir, '.swap'), file);
    },
    () => writeFileSync(join(dir, 'b.yaml'), ''),
  ].entries()) {
    edit();
    await vi.waitFor(() => expect(watching.reasons).toHaveLength(count + 2), { timeout: 2000 });
  }
  expect(watching.reasons.every((reason) => reason === 'start' || reason.endsWith('.yaml changed'))).toBe(
    true,
  );
  watching.stop();
  await watching.ended;
});

test('a burst of edits is one pass', async () => {
  const watching = start([file]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  for (let i = 0; i < 5; i++) writeFileSync(file, `name: a${i}\n`);
  await vi.waitFor(() => expect(watching.reasons).toHaveLength(2), { timeout: 2000 });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(watching.reasons).toHaveLength(2);
  watching.stop();
  await watching.ended;
});

test('the timer and a wake bring passes', async () => {
  const watching = start([file], 0.1);
  await vi.waitFor(() => expect(watching.reasons).toContain('resync'), { timeout: 2000 });
  watching.wake('SIGHUP');
  await vi.waitFor(() => expect(watching.reasons).toContain('SIGHUP'), { timeout: 2000 });
  watching.stop();
  await watching.ended;
});

test('a first pass that throws ends the watch', async () => {
  const failing = watch({
    paths: [file],
    resyncSeconds: 60,
    signal: new AbortController().signal,
    pass: () => {
      throw new Error('no');
    },
    onReady: () => {},
    onError: () => {},
  });
  await expect(failing).rejects.toThrow('no');
});
