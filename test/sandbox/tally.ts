// A vitest reporter that counts: it writes { passed, failed, skipped } as JSON to the file that TALLY_FILE names,
// with the reason of every skip. test/run.js, outside the sandbox, prints it.
import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';

export interface Tally {
  readonly passed: number;
  /** Failed tests, and files and errors that no test stands for. */
  readonly failed: number;
  readonly skipped: readonly { readonly test: string; readonly reason: string }[];
}

export class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const file = process.env.TALLY_FILE;
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally(modules, errors.length)));
  }
}

function tally(modules: readonly TestModule[], errors: number): Tally {
  let passed = 0;
  let failed = errors;
  const skipped: { test: string; reason: string }[] = [];
  for (const module of modules) {
    let failedHere = 0;
    for (const test of module.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') passed++;
      else if (result.state === 'failed') failedHere++;
      else if (result.state === 'skipped') {
        skipped.push({
          test: `${module.relativeModuleId} > ${test.fullName}`,
          reason: result.note ?? 'no reason given',
        });
      } else failedHere++; // it never came to run
    }
    if (failedHere === 0 && module.state() === 'failed') failedHere = 1; // the file itself does not load
    failed += failedHere;
  }
  return { passed, failed, skipped };
}
