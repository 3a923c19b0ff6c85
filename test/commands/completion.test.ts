// Completion scripts, as the shells themselves run them.
import { spawnSync } from 'node:child_process';
import { describe, expect, it, type TestContext } from 'vitest';
import { formatCompletion } from '../../src/commands/completion.ts';
import { describeProgram } from '../../src/commands/program.ts';
import { run } from './run-program.ts';

const verbs = describeProgram().commands.map((verb) => verb.name());

function needs(program: string, context: TestContext): void {
  const found = spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
  if (!found) context.skip(`not installed: ${program}`);
}

/** What bash offers for the last of some words. */
function offered(...words: string[]): string[] {
  const script = `${formatCompletion(describeProgram(), 'bash')}
    COMP_WORDS=(calico-reconcile "$@"); COMP_CWORD=$#
    _calico_reconcile; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion for bash', () => {
  it('offers every verb', (context) => {
    needs('bash', context);
    expect(offered('')).toEqual(expect.arrayContaining([...verbs, '--help', '--version']));
  });

  it('offers the verbs that begin so', (context) => {
    needs('bash', context);
    expect(offered('di')).toEqual(['diff']);
  });

  it("offers a verb's options, and their values", (context) => {
    needs('bash', context);
    expect(offered('diff', '--ex')).toEqual(['--exit-zero']);
    expect(offered('graph', '--format', '')).toEqual(['mermaid', 'dot', 'svg']);
    expect(offered('graph', '--format', 's')).toEqual(['svg']);
  });

  it('offers files, and for completion itself shells', (context) => {
    needs('bash', context);
    expect(offered('apply', 'topologies/two')).toEqual(['topologies/two-hosts.yaml']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });
});

describe('completion', () => {
  it.each(['zsh', 'fish'] as const)('names every verb for %s', (shell) => {
    const script = formatCompletion(describeProgram(), shell);
    expect(verbs.filter((verb) => !script.includes(verb))).toEqual([]);
  });

  it('is a script that zsh takes', (context) => {
    needs('zsh', context);
    const script = formatCompletion(describeProgram(), 'zsh');
    expect(spawnSync('zsh', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('offers the verbs that begin so in fish', (context) => {
    needs('fish', context);
    const script = `${formatCompletion(describeProgram(), 'fish')}complete -C 'calico-reconcile di'`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout.split('\t')[0]).toBe('diff');
  });

  it('says which shells it knows', async () => {
    expect(await run('completion', 'tcsh')).toMatchObject({ status: 1, out: '' });
  });
});
