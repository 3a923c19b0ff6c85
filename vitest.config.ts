// Two sets of tests, run in turn: pure ones in parallel, and those on the real kernel (test/linux) one file after
// another, each file in a process of its own. test/run.js starts this inside a sandbox.
import { defineConfig } from 'vitest/config';
import { TallyReporter } from './test/sandbox/tally.ts';

/** How much slower than a machine of today this one is: test/kernels says 10. */
const factor = Number(process.env.TEST_TIME_FACTOR ?? 1);

// biome-ignore lint/style/noDefaultExport: vitest reads its configuration from the default export
export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', new TallyReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['test/**/*.test.ts'],
          exclude: ['test/linux/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'linux',
          include: ['test/linux/**/*.test.ts'],
          maxWorkers: 1,
          testTimeout: 60_000 * factor,
          hookTimeout: 60_000 * factor,
          // A packet or an event can come late on a machine that others share; vitest says which tests it tried again.
          retry: process.env.CI === undefined ? 0 : 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
