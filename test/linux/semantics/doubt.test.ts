// On doubt nothing is deleted: an invalid, empty or missing file, an empty directory and a file beside a broken one leave
// the kernel as it is.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

const good = readFileSync('topologies/two-hosts.yaml', 'utf8');
let directory: string;

beforeEach(async (context) => {
  requires('ip')(context);
  freshMachine();
  directory = mkdtempSync(join(tmpdir(), 'doubt-'));
  expect((await run('apply', 'topologies/two-hosts.yaml')).status).toBe(0);
});

afterEach(() => rmSync(directory, { recursive: true }));

/** All of the five namespaces that an apply could touch. */
function kernel(): string {
  return ['host0', 'host1', 'lan', 'ns0', 'ns1']
    .map((netns) =>
      sh(`ip -o -n ${netns} link; ip -n ${netns} -4 addr; ip -n ${netns} -4 route show table all`),
    )
    .join('')
    .replace(/ state \S+| linkdown/g, ''); // what takes a moment to be learned after an apply
}

const write = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};

describe.each(['apply', 'destroy'])('%s', (verb) => {
  it.each([
    ['an empty file', () => [write('a.yaml', '')]],
    ['a file of comments', () => [write('a.yaml', '# all gone\n')]],
    ['a missing file', () => [join(directory, 'gone.yaml')]],
    ['an empty directory', () => [directory]],
    [
      'a directory without YAML',
      () => {
        write('notes.txt', good);
        return [directory];
      },
    ],
    ['broken YAML', () => [write('a.yaml', `${good}workloads: {`)]],
    [
      'a file cut in the middle of a line',
      () => [write('a.yaml', good.slice(0, good.indexOf('address: 192')))],
    ],
    ['an invalid value', () => [write('a.yaml', good.replace('10.20.1.2/24', '10.20.1.2/99'))]],
    ['a good file beside a broken one', () => [write('a.yaml', good), write('b.yaml', 'hosts: [\n')]],
    ['a good file beside a missing one', () => [write('a.yaml', good), join(directory, 'b.yaml')]],
    [
      'a good file beside one that disagrees',
      () => [write('a.yaml', good), write('b.yaml', 'name: other\n')],
    ],
    [
      'a directory that has a broken file',
      () => {
        mkdirSync(join(directory, 'lab'));
        write('lab/a.yaml', good);
        write('lab/b.yaml', '\tx');
        return [join(directory, 'lab')];
      },
    ],
  ])('changes nothing for %s', async (_, paths) => {
    const before = kernel();
    const { status, out, err } = await run(verb, ...paths());
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).not.toBe('');
    expect(kernel()).toBe(before);
  });
});

describe('a file that lost its end, and is valid YAML', () => {
  it('is stopped by the prune guard, and told how to go on', async () => {
    const before = kernel();
    const cut = write('a.yaml', good.slice(0, good.indexOf('hosts:')));
    const { status, out, err } = await run('apply', cut);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain('--prune-all');
    expect(kernel()).toBe(before);
    expect((await run('apply', '--prune-all', cut)).status).toBe(0);
    expect(sh('ip netns list')).toBe('');
  });
});
