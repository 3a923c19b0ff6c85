// docs/drift-reports.md: its jobs are YAML, and its command lines are ones that the program knows.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseIgnore } from '../../src/state/ignore.ts';
import { run } from './run-program.ts';

const text = readFileSync(new URL('../../docs/drift-reports.md', import.meta.url), 'utf8');

const jobs = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => parse(match[1]!));

test('every job parses and has steps', () => {
  expect(jobs).toHaveLength(3);
  expect(jobs.map((job) => Object.keys(job))).toEqual([
    ['name', 'on', 'jobs'],
    ['name', 'on', 'jobs'],
    ['stages', 'record', 'merge request', 'scheduled drift check'],
  ]);
  expect(jobs[2]['scheduled drift check'].allow_failure.exit_codes).toEqual([2]);
});

test('every option that is written exists', async () => {
  const lines = [...text.matchAll(/calico-reconcile (diff|snapshot|apply|validate)((?: [^|>`\n&]+)?)/g)];
  expect(lines.length).toBeGreaterThan(15);
  for (const [, verb, rest] of lines) {
    const { out } = await run(verb!, '--help');
    for (const [option] of rest!.matchAll(/--[a-z-]+/g)) expect(out).toContain(option);
  }
});

test('every pattern of the example is one', () => {
  const [, list] = /^ {4}ignore:\n((?: {6}- .*\n)+)/m.exec(text)!;
  for (const pattern of parse(list!) as string[]) expect(parseIgnore(pattern)).not.toBeNull();
});
