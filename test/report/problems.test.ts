import { expect, test } from 'vitest';
import type { Problem } from '../../src/errors.ts';
import { formatProblems } from '../../src/report/problems.ts';
import { coloured } from '../../src/report/style.ts';

const line = '    uplink: { dev: ens192, address: 192.168.1.32/33 }';

function problem(rest: Partial<Problem> = {}): Problem {
  return {
    code: 'prefix',
    file: 'two-hosts.yaml',
    line: 9,
    column: 37,
    message: '192.168.1.32/33 is no address: a length of IPv4 is 0 to 32',
    hint: 'write 192.168.1.32/32',
    excerpt: { text: line, length: 15 },
    ...rest,
  };
}

test('a problem shows its place, its line, a caret under what is meant and a hint', () => {
  expect(formatProblems([problem()])).toMatchInlineSnapshot(`
    "two-hosts.yaml:9:37: 192.168.1.32/33 is no address: a length of IPv4 is 0 to 32
       9 |     uplink: { dev: ens192, address: 192.168.1.32/33 }
         |                                     ^~~~~~~~~~~~~~~
         = hint: write 192.168.1.32/32

    1 problem
    "
  `);
});

test('a whole-file problem has no line to show', () => {
  const text = formatProblems([
    problem({ line: 1, column: 1, excerpt: null, hint: null, message: 'the file is empty' }),
  ]);
  expect(text).toMatchInlineSnapshot(`
    "two-hosts.yaml:1:1: the file is empty

    1 problem
    "
  `);
});

test('control characters, tabs and wide characters are shown without moving the caret', () => {
  const hostile = problem({
    column: 6,
    hint: null,
    excerpt: { text: '\t\x1b[2J\u6f22: x', length: 1 },
    file: 'a\nb.yaml',
  });
  expect(formatProblems([hostile, problem()])).toMatchInlineSnapshot(`
    "a\\nb.yaml:9:6: 192.168.1.32/33 is no address: a length of IPv4 is 0 to 32
       9 | \\t\\u{1b}[2J漢: x
         |            ^~

    two-hosts.yaml:9:37: 192.168.1.32/33 is no address: a length of IPv4 is 0 to 32
       9 |     uplink: { dev: ens192, address: 192.168.1.32/33 }
         |                                     ^~~~~~~~~~~~~~~
         = hint: write 192.168.1.32/32

    2 problems
    "
  `);
});

test('a long line is cut around the place', () => {
  const text = formatProblems([
    problem({ column: 501, excerpt: { text: `${'a'.repeat(500)}BAD${'b'.repeat(500)}`, length: 3 } }),
  ]);
  const [, shown, caret] = text.split('\n');
  expect(shown!.length).toBeLessThan(110);
  expect(shown!.slice(caret!.indexOf('^'), caret!.indexOf('^') + 3)).toBe('BAD');
});

test('colour comes only from the style', () => {
  expect(formatProblems([problem()])).not.toContain('\x1b');
  expect(formatProblems([problem()], coloured)).toContain('\x1b[31m');
});
