// When passes run: at the start, after edits, by the timer and on demand. The files' own cases are in
// topology-files.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Occasion, watch } from '../../src/watch/watch.ts';

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watch-'));
  file = join(dir, 'a.yaml');
  writeFileSync(file, 'name: a\n');
});

afterEach(() => rmSync(dir, { recursive: true }));

/** Watches until stopped; the occasions of the passes so far. */
function start(resyncSeconds = 60) {
  const occasions: Occasion[] = [];
  const stop = new AbortController();
  let reload: (reason: string) => void = () => {};
  const ended = watch({
    paths: [file],
    resyncSeconds,
    signal: stop.signal,
    pass: (occasion) => occasions.push(occasion),
    onReady: (ring) => {
      reload = ring;
    },
    onHeld: () => {},
    onError: () => {},
  });
  const kinds = (): string[] => occasions.map(({ kind }) => kind);
  return { occasions, kinds, ended, stop: () => stop.abort(), reload: (reason: string) => reload(reason) };
}

test('it starts with a pass and ends when told', async () => {
  const watching = start();
  expect(watching.occasions).toEqual([{ kind: 'start', reason: 'start' }]);
  watching.stop();
  await watching.ended;
  expect(watching.occasions).toHaveLength(1);
});

test('an edit brings a pass that names the file', async () => {
  const watching = start();
  await new Promise((resolve) => setTimeout(resolve, 100));
  writeFileSync(file, 'name: b\n');
  await vi.waitFor(() => expect(watching.occasions).toHaveLength(2), { timeout: 2000 });
  expect(watching.occasions[1]).toEqual({ kind: 'edit', reason: `${file} changed` });
  watching.stop();
  await watching.ended;
});

test('the timer and a reload bring passes', async () => {
  const watching = start(0.1);
  await vi.waitFor(() => expect(watching.kinds()).toContain('resync'), { timeout: 2000 });
  watching.reload('SIGHUP');
  await vi.waitFor(() => expect(watching.occasions).toContainEqual({ kind: 'reload', reason: 'SIGHUP' }));
  watching.stop();
  await watching.ended;
});

test('reloads asked for at once are one pass', async () => {
  const watching = start();
  for (let i = 0; i < 3; i++) watching.reload('SIGHUP');
  await vi.waitFor(() => expect(watching.kinds()).toEqual(['start', 'reload']));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(watching.kinds()).toEqual(['start', 'reload']);
  watching.stop();
  await watching.ended;
});

test('a pass that throws ends the watch', async () => {
  const failing = watch({
    paths: [file],
    resyncSeconds: 60,
    signal: new AbortController().signal,
    pass: () => {
      throw new Error('no');
    },
    onReady: () => {},
    onHeld: () => {},
    onError: () => {},
  });
  await expect(failing).rejects.toThrow('no');
});
