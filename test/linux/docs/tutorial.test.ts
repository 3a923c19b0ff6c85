// The tutorial, run: its commands in one lab, in their order, and what they print against what the page says they do.
// With UPDATE_DOCS=1 the page is written anew from what they print.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freshMachine, hasProgram, requires } from '../../sandbox/machine.ts';

const cli = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
const page = 'docs/tutorial.md';
const needed = ['ip', 'ping', 'sysctl'];

interface Block {
  readonly commands: readonly { readonly command: string; readonly output: string }[];
}

/** The commands of every `console` block with the lines under each. */
function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, body]) => ({
    commands: body!
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const [command = '', ...output] = part.split('\n');
        return { command, output: output.join('\n') };
      }),
  }));
}

/** What changes from run to run: hardware addresses, times, states of neighbours, numbers of processes. */
function steady(text: string): string {
  return text
    .replace(/\b(?!ee:ee:ee:ee:ee:ee)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, 'MAC')
    .replace(/\b(reachable|stale|delay|probe)\b/gi, 'STATE')
    .replace(/= [\d./]+ ms/g, '= N ms')
    .replace(/\d+\.\d+( ?ms)/g, 'N$1')
    .replace(/\btime \d+ms/g, 'time Nms')
    .replace(/ +\d+\.\d\d(?= |$)/gm, ' N')
    .replace(/@if\d+/g, '@ifN')
    .replace(/ +$/gm, '')
    .replace(/^(IPv4 ms|ns\d) .*$/gm, (line) => line.replace(/ +/g, ' '));
}

let directory = '';
let outputs: readonly string[] = [];
const commands = blocksOf(readFileSync(page, 'utf8')).flatMap((block) => block.commands);

beforeAll(() => {
  freshMachine();
  directory = mkdtempSync(join(tmpdir(), 'calico-reconcile-tutorial-'));
  copyFileSync('topologies/two-hosts.yaml', join(directory, 'two-hosts.yaml'));
  if (!needed.every(hasProgram)) return;
  const script = commands.map(({ command }) => `${command}\nprintf '\\001'`).join('\n');
  const { stdout } = spawnSync(
    process.execPath,
    [cli, 'lab', 'two-hosts.yaml', '--', 'sh', '-c', `exec 2>&1\n${script}`],
    {
      cwd: directory,
      encoding: 'utf8',
      timeout: 60_000,
    },
  );
  outputs = stdout.split('\u0001').slice(0, -1);
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(page, rewritten(readFileSync(page, 'utf8')));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function rewritten(text: string): string {
  let next = 0;
  return text.replace(/^```console\n([\s\S]*?)^```$/gm, (_, body: string) => {
    const made = body
      .split(/^\$ /m)
      .slice(1)
      .map((part) => `$ ${part.split('\n')[0]}\n${outputs[next++] ?? ''}`);
    return `\`\`\`console\n${made.join('').replace(/ +$/gm, '')}\`\`\``;
  });
}

describe('the tutorial', () => {
  beforeEach(requires(...needed));

  it.each(commands.map(({ command, output }, index) => ({ command, output, index })))(
    'prints what it says for: $command',
    ({ output, index }) => {
      expect(steady(outputs[index] ?? 'nothing')).toBe(steady(output));
    },
  );

  it('shows the file that the package has', () => {
    const shown = /<!-- file: two-hosts.yaml -->\n\n```yaml\n([\s\S]*?)```/.exec(
      readFileSync(page, 'utf8'),
    )?.[1];
    const file = readFileSync('topologies/two-hosts.yaml', 'utf8');
    expect(shown).toBe(file.slice(file.indexOf('name:')));
  });
});
