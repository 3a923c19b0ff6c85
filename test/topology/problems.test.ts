// Every class of wrong input: its code and its place, and the hint where one helps (the cases are in problems.txt).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Problem, TopologyError } from '../../src/errors.ts';
import { parseTopology } from '../../src/topology/load.ts';
import { validateLoaded } from '../../src/topology/read.ts';

function problemsIn(...texts: string[]): readonly Problem[] {
  const contents = texts.map((text, index) => ({ name: `${'abc'[index]}.yaml`, bytes: Buffer.from(text) }));
  try {
    validateLoaded(parseTopology(contents));
    return [];
  } catch (error) {
    if (error instanceof TopologyError) return error.problems;
    throw error;
  }
}

const places = (problems: readonly Problem[]): string[] => {
  return problems.map(({ code, file, line, column }) => `${code} ${file}:${line}:${column}`);
};

interface Case {
  readonly title: string;
  readonly code: string;
  readonly hint: string | null;
  readonly text: string;
  /** `line:column` of the mark. */
  readonly at: string;
}

/** The cases of problems.txt. */
const cases: Case[] = readFileSync(new URL('problems.txt', import.meta.url), 'utf8')
  .split(/^=== /m)
  .slice(1)
  .map((block) => {
    const [head = '', ...lines] = block.split('\n');
    const [title = '', code = ''] = head.split(' => ');
    const hint = lines[0]?.startsWith('... ') ? lines.shift()!.slice(4) : null;
    const end = lines.findIndex((line) => line.startsWith('#####'));
    const marked = lines
      .slice(0, end < 0 ? undefined : end)
      .join('\n')
      .trimEnd();
    const before = marked.slice(0, marked.indexOf('‸')).split('\n');
    const text = `${marked.replace('‸', '')}\n`;
    return { title, code, hint, text, at: `${before.length}:${before.at(-1)!.length + 1}` };
  });

describe('a problem', () => {
  it.each(cases)('is placed: $title', ({ code, hint, text, at }) => {
    const problems = problemsIn(text);
    expect(places(problems)).toEqual([`${code} a.yaml:${at}`]);
    if (hint !== null) expect(problems[0]?.hint).toBe(hint);
  });
});

describe('several files', () => {
  it('disagree with both places', () => {
    const problems = problemsIn('name: x\nhosts: { a: { netns: a } }\n', 'hosts:\n  a:\n    netns: b\n');
    expect(places(problems)).toEqual(['filesDisagree b.yaml:3:5']);
    expect(problems[0]?.hint).toBe('keep one of them; the other one is at a.yaml:2:15');
  });

  it('may repeat the name, if it is equal', () => {
    expect(problemsIn('name: x\n', 'name: x\n')).toEqual([]);
    expect(places(problemsIn('name: x\n', 'name: y\n'))).toEqual(['filesDisagree b.yaml:1:1']);
  });

  it('refer to each other, and concatenate pools and routes', () => {
    const one = 'hosts: { a: { netns: a } }\npools: [{ cidr: 10.0.0.0/16 }]\n';
    const two = 'name: x\npools: [{ cidr: 10.1.0.0/16 }]\nworkloads: { w: { host: a, address: 10.1.0.1 } }\n';
    expect(problemsIn(one, two)).toEqual([]);
  });

  it('are all read, even if one is broken', () => {
    expect(places(problemsIn('name: x\nname: x\n', 'hots: {}\n'))).toEqual([
      'duplicateKey a.yaml:2:1',
      'unknownKey b.yaml:1:1',
    ]);
  });
});

describe('all problems of one run', () => {
  it('come in the order of their places, each with its line', () => {
    const problems = problemsIn(
      'name: X\nhosts: { a: { nets: a } }\nworkloads:\n  w: { host: b, address: 10.0.0.1/40 }\n',
    );
    expect(problems).toMatchInlineSnapshot(`
      [
        {
          "code": "badName",
          "column": 7,
          "excerpt": {
            "length": 1,
            "text": "name: X",
          },
          "file": "a.yaml",
          "hint": "it is 1-32 of a-z, 0-9 and \`-\`",
          "line": 1,
          "message": ""X" is no name of a topology",
        },
        {
          "code": "unknownKey",
          "column": 15,
          "excerpt": {
            "length": 4,
            "text": "hosts: { a: { nets: a } }",
          },
          "file": "a.yaml",
          "hint": "did you mean \`netns\`?",
          "line": 2,
          "message": "unknown key "nets"",
        },
        {
          "code": "unknownHost",
          "column": 14,
          "excerpt": {
            "length": 1,
            "text": "  w: { host: b, address: 10.0.0.1/40 }",
          },
          "file": "a.yaml",
          "hint": "the hosts are a",
          "line": 4,
          "message": "no host is named "b"",
        },
        {
          "code": "badAddress",
          "column": 26,
          "excerpt": {
            "length": 12,
            "text": "  w: { host: b, address: 10.0.0.1/40 }",
          },
          "file": "a.yaml",
          "hint": "an IPv4 prefix length is 0-32",
          "line": 4,
          "message": ""10.0.0.1/40" is no address with a prefix length",
        },
      ]
    `);
  });

  it('are found in linear time among many', () => {
    const routes = Array.from({ length: 5000 }, () => '      - { dst: 10.0.0.1/8, vai: 10.0.0.1 }\n');
    expect(
      problemsIn(`name: x\nnetns:\n  a:\n    routes:\n${routes.join('')}`).length,
    ).toBeGreaterThanOrEqual(10000);
  });

  it('refuses an alias bomb without unfolding it', () => {
    let text = 'name: x\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n';
    for (let level = 1; level < 10; level++) {
      text += `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]\n`;
    }
    expect(places(problemsIn(text))).toEqual(['alias a.yaml:1:1']);
  });

  it('refuses a text that is not UTF-8', () => {
    const loaded = parseTopology([{ name: 'a.yaml', bytes: Buffer.from([0x6e, 0xff]) }]);
    expect(loaded.findings.map(({ code }) => code)).toEqual(['encoding']);
  });
});
