import { describe, expect, test } from 'vitest';
import { run } from './run-program.ts';

const verbs = ['validate', 'render', 'diff', 'snapshot', 'apply', 'destroy', 'watch', 'schema'];

describe('help', () => {
  test.each(verbs)('%s explains itself with two examples', async (verb) => {
    const { status, out, err } = await run(verb, '--help');
    expect(status).toBe(0);
    expect(err).toBe('');
    expect(out.split('\n').filter((line) => line.startsWith('  $ calico-reconcile'))).toHaveLength(2);
  });

  test('the whole program names every verb', async () => {
    const { status, out } = await run('--help');
    expect(status).toBe(0);
    for (const verb of verbs) expect(out).toMatch(new RegExp(`^  ${verb} `, 'm'));
  });

  test('the version is one line', async () => {
    const { status, out } = await run('--version');
    expect(status).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('usage errors exit 1 with one line on stderr', () => {
  test.each([
    [['aply', 'a.yaml'], 'apply'],
    [['apply', '--dry-rnu', 'a.yaml'], '--dry-run'],
    [['diff', '--format', 'yml', 'a.yaml'], 'json'],
    [['watch', '--resync', 'soon', 'a.yaml'], 'seconds'],
    [['validate'], 'files'],
    [['destroy'], '--name'],
    [['destroy', '--name', 'a', 'a.yaml'], '--name'],
    [['destroy', '--name', '../a'], '--name'],
    [['watch', '-'], 'standard input'],
  ])('%j', async (argv, word) => {
    const { status, out, err } = await run(...argv);
    expect(status).toBe(1);
    expect(out).toBe('');
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toContain(word);
  });

  test('no verb at all prints the help on stderr', async () => {
    const { status, out, err } = await run();
    expect(status).toBe(1);
    expect(out).toBe('');
    expect(err).toContain('Usage: calico-reconcile');
  });
});

test('the schema is JSON', async () => {
  const { status, out } = await run('schema');
  expect(status).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ type: 'object' });
});
