// A file read again after an edit beside the same file read afresh: the same tree, notes, lines and verdict.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type LoadedFile, loadFile, reloadFile } from '../../src/topology/load.ts';
import { isSound } from '../../src/topology/schema.ts';
import { lineStartsOf, moveLineStarts } from '../../src/topology/source/line-starts.ts';
import { readPlainYaml } from '../../src/topology/source/plain-yaml.ts';
import { rereadPlainYaml } from '../../src/topology/source/reread.ts';
import { buildTopology, topologySketch } from '../linux/arbitrary/topology.ts';
import { applyEdit, entry, textEdit } from './text-edit.ts';

const contentsOf = (text: string) => ({ name: 'a.yaml', bytes: Buffer.from(text) });

/** Raises where the two ways differ; what was read again, null where it was declined. */
function reload(known: LoadedFile, text: string): LoadedFile | null {
  const again = reloadFile(known, contentsOf(text));
  if (again !== null) expect(again).toEqual(loadFile(contentsOf(text)));
  return again;
}

const listText = fc
  .record({
    before: fc.constantFrom('name: a\n', '# head\nname: a\nhosts:\n  h: {}\n', '---\nname: ä\n'),
    path: fc.constantFrom(['routes'], ['netns', 'self', 'routes'], ['x', 'y', 'z', 'w']),
    flush: fc.boolean(),
    entries: fc.array(entry, { minLength: 1, maxLength: 12 }),
    after: fc.constantFrom('', 'other: 1\n', '# end\n', 'more:\n  - 1\n  - 2\n'),
    ending: fc.constantFrom('\n', '\r\n'),
  })
  .map(({ before, path, flush, entries, after, ending }) => {
    const keys = path.map((key, depth) => `${'  '.repeat(depth)}${key}:\n`).join('');
    const indent = '  '.repeat(flush ? path.length - 1 : path.length);
    const list = entries.map((one) => `${one.replace(/^(?=.)/gm, indent)}\n`).join('');
    return (before + keys + list + after).replaceAll('\n', ending);
  });

const text = fc.oneof(
  { weight: 3, arbitrary: listText },
  { weight: 1, arbitrary: topologySketch.map((sketch) => stringify(buildTopology(sketch))) },
);

describe('a file that is read again', () => {
  it('is what it is when it is read afresh, edit after edit', { timeout: 3_600_000 }, () => {
    let again = 0;
    fc.assert(
      fc.property(text, fc.array(textEdit, { minLength: 1, maxLength: 6 }), (first, edits) => {
        let before = first;
        let tree = readPlainYaml(first);
        for (const one of edits) {
          const after = applyEdit(before, one);
          const afresh = readPlainYaml(after);
          const reread = tree === null ? null : rereadPlainYaml(before, tree, after);
          if (reread !== null) {
            again++;
            expect(reread.tree).toEqual(afresh);
            expect(moveLineStarts(lineStartsOf(before), after, reread.lines)).toEqual(lineStartsOf(after));
            if (isSound(tree!.root)) expect(isSound(reread.fresh)).toBe(isSound(afresh!.root));
          }
          before = after;
          tree = reread?.tree ?? afresh;
        }
      }),
      { numRuns: Number(process.env.CALICO_RECONCILE_CASES ?? 1) * 1000 },
    );
    expect(again).toBeGreaterThan(100);
  });

  const routes = (...lines: readonly string[]): string =>
    `name: a\nnetns:\n  self:\n    routes:\n${lines.map((line) => `      ${line}\n`).join('')}`;
  const [a, b, c] = [1, 2, 3].map((last) => `- { dst: 10.0.0.${last}/32, dev: d }`) as [
    string,
    string,
    string,
  ];

  it.each([
    ['a changed entry', routes(a, b, c), routes(a, c, c)],
    ['a new first entry', routes(b, c), routes(a, b, c)],
    ['a new last entry', routes(a, b), routes(a, b, c)],
    ['an entry that went', routes(a, b, c), routes(a, c)],
    ['the last entry that went', routes(a, b, c), routes(a, b)],
    ['a remark', routes(a, b, c), routes(a, '# b', b, c)],
    ['an entry of which nothing else is there', routes(a, b), routes(a, '# b')],
    ['an entry that is not as the schema says', routes(a, b, c), routes(a, '- { dts: 10.0.0.2/32 }', c)],
  ])('%s is read alone', (_what, before, after) => {
    expect(reload(loadFile(contentsOf(before)), after)).not.toBeNull();
  });

  it.each([
    ['a list that is empty by now', routes(a), routes('# a')],
    ['what is no list', routes(a, b).replace('name: a', 'name: c'), routes(a, b)],
    ['a change before the list', routes(a, b), `# head\n${routes(a, b)}`],
    ['an entry that is broken', routes(a, b, c), routes(a, '- { dst: 10.0.0.2/32', c)],
    ['a key behind the list', routes(a, b), `${routes(a, b)}more: 1\n`],
    ['an entry that is indented', routes(a, b, c), routes(a, ` ${b}`, c)],
    ['an entry that holds a list', routes(a, b), routes(a, '- { dst: 10.0.0.0/8, nexthops: [{ dev: d }] }')],
    ['a text that the library reads', routes(a, '- &b b', c), routes(a, '- &b b', b)],
  ])('%s has the whole file read', (_what, before, after) => {
    expect(reload(loadFile(contentsOf(before)), after)).toBeNull();
  });
});
