// Random edits of a text in which lists of entries stand.
import fc from 'fast-check';

const simple = fc.nat({ max: 99 }).map((last) => `- { dst: 10.0.0.${last}/32, dev: d }`);
const odd = fc.constantFrom(
  '- { dst: 10.0.0.2/32, dev: d, scope: link } # why',
  '- dst: 10.0.0.3/32\n  dev: d',
  '- { dst: 10.0.0.4/32, nexthops: [{ via: 10.1.0.1 }, { via: 10.1.0.2 }] }',
  '- {\n    dst: 10.0.0.5/32,\n    dev: d }',
  '- [1, 2]',
  '- plain',
  '# a remark',
  '',
  '- dst: 10.0.0.6/32\n  dev:',
  '- "quoted: é"',
);

/** An entry of a list, as it may be written. */
export const entry = fc.oneof({ weight: 3, arbitrary: simple }, { weight: 1, arbitrary: odd });

export interface TextEdit {
  readonly kind: 'delete' | 'copy' | 'replace' | 'insert' | 'indent' | 'type';
  readonly at: number;
  readonly count: number;
  readonly other: number;
  readonly what: string;
}

/** A random edit of whole lines, or of some characters. */
export const textEdit = fc.record<TextEdit>({
  kind: fc.constantFrom('delete', 'copy', 'replace', 'replace', 'insert', 'insert', 'indent', 'type'),
  at: fc.nat({ max: 1000 }),
  count: fc.integer({ min: 1, max: 3 }),
  other: fc.nat({ max: 1000 }),
  what: fc.oneof(
    entry,
    fc.constantFrom('[', '}', ':', '- ', '  ', '#', '"', '\n', '---\n', 'k: v', '0', 'é', '\t'),
  ),
});

/** The text after an edit. */
export function applyEdit(before: string, { kind, at, count, other, what }: TextEdit): string {
  const lines = before.split('\n');
  const from = at % lines.length;
  const indent = /^ */.exec(lines[from]!)![0];
  const indented = what.split('\n').map((line) => indent + line);
  if (kind === 'delete') lines.splice(from, count);
  else if (kind === 'copy') lines.splice(other % lines.length, 0, ...lines.slice(from, from + count));
  else if (kind === 'replace') lines.splice(from, count, ...indented);
  else if (kind === 'insert') lines.splice(from, 0, ...indented);
  else if (kind === 'indent') lines[from] = ` ${lines[from]}`;
  else {
    const place = other % (before.length + 1);
    return before.slice(0, place) + what + before.slice(place + count - 1);
  }
  return lines.join('\n');
}
