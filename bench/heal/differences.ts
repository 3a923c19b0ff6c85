// What a fresh `diff` finds, once the watch had time to mend: the proof that nothing was missed.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

interface Report {
  readonly differences: readonly { readonly netns: string; readonly kind: string; readonly key: string }[];
}

/** How many differences `diff` finds; asked again for up to three seconds while there are any. */
export async function settledDifferences(cli: string, file: string): Promise<number> {
  let count = Number.NaN;
  for (let tries = 0; tries < 6; tries++) {
    await sleep(500);
    const { stdout } = spawnSync(process.execPath, [cli, 'diff', '--format', 'json', '--exit-zero', file], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    count = (JSON.parse(stdout) as Report).differences.length;
    if (count === 0) return 0;
  }
  return count;
}
