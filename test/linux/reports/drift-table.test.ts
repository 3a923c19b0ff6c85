// Each way to differ on the real kernel, and the whole report of it: compared with a golden file, given again from a
// snapshot, and its commands run. UPDATE_GOLDEN=1 writes the golden files anew.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JsonReport } from '../../../src/report/json.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { cases, lab } from './cases.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/report.schema.json', import.meta.url), 'utf8'),
);
const isReport = new Ajv2020({ allowUnionTypes: true }).compile(schema);
const before = process.cwd();
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-report-'));
  process.chdir(directory);
});

afterAll(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

function goldenPath(title: string): string {
  return fileURLToPath(new URL(`golden/${title.replace(/[ ,]+/g, '-')}.txt`, import.meta.url));
}

describe.each(cases)('$title', ({ title, file = lab, applied, commands, status }) => {
  beforeEach(async (context) => {
    requires('ip', 'bridge', 'sysctl')(context);
    freshMachine();
    writeFileSync('lab.yaml', applied ?? file);
    expect(await run('apply', 'lab.yaml')).toMatchObject({ status: 0, err: '' });
    writeFileSync('lab.yaml', file);
    if (commands !== undefined) sh(commands);
  });

  it('is reported as the golden file has it', async () => {
    const text = await run('diff', 'lab.yaml');
    const json = await run('diff', '--format', 'json', 'lab.yaml');
    expect([text.status, json.status]).toEqual([status, status]);
    expect(isReport(JSON.parse(json.out)) || isReport.errors).toBe(true);
    const report = `${text.out}\n${json.out}`;
    const path = goldenPath(title);
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, report);
    expect(existsSync(path)).toBe(true);
    expect(report).toBe(readFileSync(path, 'utf8'));
    expect(text.out).toContain(title.split(/[ ,]/)[2]);
    expect(text.out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('is reported the same from a snapshot', async () => {
    writeFileSync('snapshot.json', (await run('snapshot', 'lab.yaml')).out);
    writeFileSync('all.json', (await run('snapshot', '--all')).out);
    for (const format of ['text', 'json']) {
      const live = await run('diff', '--format', format, 'lab.yaml');
      for (const file of ['snapshot.json', 'all.json']) {
        expect(await run('diff', '--format', format, '--observed', file, 'lab.yaml')).toEqual(live);
      }
    }
  });

  it('is mended by the commands of its report', async () => {
    const { out } = await run('diff', '--format', 'json', 'lab.yaml');
    const report = JSON.parse(out) as JsonReport;
    const script = report.differences.map(({ command }) => command ?? '').join('\n');
    sh(`set -e\n${script}`);
    expect(await run('diff', 'lab.yaml')).toMatchObject({ status: 0, err: '' });
  });
});
