import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInSandbox } from '../dist/lab/sandbox.js';
import { ownNetwork } from './sandbox/own-network.js';

const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));

async function main() {
  const directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-test-'));
  const file = join(directory, 'tally.json');
  process.env.TALLY_FILE = file;
  const before = ownNetwork();
  try {
    const status = await runInSandbox(vitest, ['run', ...process.argv.slice(2)]);
    return report(readTally(file), status, before, ownNetwork());
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    console.log('vitest ended without a tally');
    return { passed: 0, failed: 1, skipped: [] };
  }
}

function report(tally, status, before, after) {
  let { passed, failed } = tally;
  const touched = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => before[key] !== after[key],
  );
  for (const key of touched)
    console.log(`the machine's own network changed: ${key}\n- ${before[key]}\n+ ${after[key]}`);
  if (touched.length === 0) passed++;
  else failed++;
  let skips = 0;
  for (const { test, reason } of tally.skipped) {
    const forbidden = process.env.ONLY_KERNEL_SKIPS === '1' && !reason.startsWith('kernel: ');
    console.log(`${forbidden ? 'skipped, and must not be' : 'skipped'}: ${test} (${reason})`);
    if (forbidden) failed++;
    else skips++;
  }
  if (tally.passed + tally.failed === 0) console.log('no test ran');
  if (failed === 0 && status !== 0) {
    console.log(`vitest ended with status ${status}`);
    failed = 1;
  }
  console.log(`${passed} passed, ${failed} failed${skips > 0 ? `, ${skips} skipped` : ''}`);
  return failed === 0 && passed > 1 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error.message + (error.hint ? `; ${error.hint}` : ''));
  process.exitCode = 1;
}
