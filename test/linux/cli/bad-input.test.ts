// Bad input through the command line: every class gets one clear error with its place, a caret and a suggestion, all
// problems of a run at once, status 1, and the kernel untouched.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaceNames } from '../../../src/kernel/netns.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine } from '../../sandbox/machine.ts';

let directory: string;

beforeAll(() => {
  freshMachine();
  directory = mkdtempSync(join(tmpdir(), 'bad-input-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

const good = `name: lab
hosts:
  a: { netns: a }
workloads:
  w: { host: a, address: 10.0.0.1 }
`;

/** Ten levels of ten aliases each: ten thousand million values. */
const bomb = `name: x\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, n) => {
  return `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]\n`;
}).join('')}`;

/** Title, the file's text, where the problem stands, and whether a hint goes with it. */
const classes: [title: string, text: string, at: string, hint: 'hint' | 'no hint'][] = [
  ['broken YAML', `${good}ignore: [\n`, '6:9', 'no hint'],
  ['tabs', good.replace('  a:', '\ta:'), '3:1', 'hint'],
  [
    'duplicate keys',
    good.replace('  a: { netns: a }\n', '  a: { netns: a }\n  a: { netns: b }\n'),
    '4:3',
    'hint',
  ],
  ['unknown keys', good.replace('address:', 'adress:'), '5:17', 'hint'],
  ['wrong types', good.replace('netns: a', 'netns: 5'), '3:15', 'hint'],
  ['bad addresses', good.replace('10.0.0.1', '10.0.0.256'), '5:26', 'hint'],
  ['bad prefixes', good.replace('10.0.0.1', '10.0.0.1/33'), '5:26', 'hint'],
  ['host bits set', `${good}pools: [{ cidr: 10.0.0.1/8 }]\n`, '6:17', 'hint'],
  ['an ifname over 15 bytes', good.replace('10.0.0.1', '10.0.0.1, dev: cali0123456789ab'), '5:41', 'hint'],
  ['an ifname with a slash', good.replace('10.0.0.1', '10.0.0.1, dev: a/b'), '5:41', 'hint'],
  ['a netns ../x', good.replace('netns: a', 'netns: ../x'), '3:15', 'hint'],
  ['dangling references', good.replace('host: a', 'host: b'), '5:14', 'hint'],
  ['two workloads with one address', `${good}  v: { host: a, address: 10.0.0.1 }\n`, '5:26', 'hint'],
  ['an alias bomb', bomb, '1:1', 'no hint'],
  ['an empty file', '', '1:1', 'no hint'],
];

describe.each(['apply', 'diff', 'validate'])('%s', (verb) => {
  it.each(classes)('%s', async (title, text, at, hint) => {
    const file = join(directory, `${title.replaceAll(/\W/g, '-')}.yaml`);
    writeFileSync(file, text);
    const { status, out, err } = await run(verb, file);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    const problems = [...err.matchAll(/^(\S+):(\d+:\d+): /gm)];
    expect(problems.map(([, name, place]) => [name, place])).toContainEqual([file, at]);
    expect(problems).toHaveLength(1);
    if (text !== '') expect(err).toMatch(/^ +\| +\^~*$/m);
    if (hint === 'hint') expect(err).toMatch(/^ +(= )?hint: /m);
    expect(err).not.toContain('    at ');
    expect(namespaceNames()).toEqual([]);
  });

  it('two files that disagree', async () => {
    const [one, two] = ['one.yaml', 'two.yaml'].map((name) => join(directory, name));
    writeFileSync(one!, good);
    writeFileSync(two!, 'hosts: { a: { netns: b } }\n');
    const { status, err } = await run(verb, one!, two!);
    expect(status).toBe(1);
    expect(err).toContain(`${two}:1:15: `);
    expect(err).toContain(`${one}:3:8`);
    expect(err).toMatch(/\^/);
  });

  it.each([
    ['a missing file', () => join(directory, 'gone.yaml')],
    [
      'a directory without YAML',
      () => {
        mkdirSync(join(directory, 'none'), { recursive: true });
        return join(directory, 'none');
      },
    ],
  ])('%s', async (_, path) => {
    const { status, out, err } = await run(verb, path());
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toContain(path());
  });

  it('all of them in one run, each with its own caret', async () => {
    const file = join(directory, 'all.yaml');
    writeFileSync(
      file,
      `name: lab
hots: {}
hosts:
  a: { netns: ../x }
  b: { netns: 5 }
pools:
  - { cidr: 10.0.0.1/8 }
workloads:
  w: { host: c, address: 10.0.0.256, dev: a/b }
  v: { host: a, address: 10.0.0.1/33, mac: ee }
`,
    );
    const { status, err } = await run(verb, file);
    expect(status).toBe(1);
    const places = [...err.matchAll(/^\S+:(\d+:\d+): /gm)].map(([, place]) => place);
    expect(places).toEqual(['2:1', '4:15', '5:15', '7:13', '9:14', '9:26', '9:43', '10:26', '10:44']);
    expect(err.match(/^ +\| +\^~*$/gm)).toHaveLength(places.length);
    expect(namespaceNames()).toEqual([]);
  });
});
