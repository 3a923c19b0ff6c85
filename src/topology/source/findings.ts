// What is wrong in a topology, collected with places while reading goes on; turned into problems once, at the end.
import type { Problem } from '../../errors.ts';
import { fileIndexOf, locate, offsetOf, type Place, type SourceFile } from '../../state/place.ts';

export type ProblemCode =
  // the text
  | 'yaml'
  | 'tab'
  | 'duplicateKey'
  | 'mergeKey'
  | 'severalDocuments'
  | 'emptyFile'
  | 'encoding'
  | 'alias'
  | 'tooBig'
  | 'tooDeep'
  // the form
  | 'unknownKey'
  | 'missingKey'
  | 'wrongType'
  | 'notAllowed'
  | 'outOfRange'
  // one value
  | 'badName'
  | 'reservedName'
  | 'badIfname'
  | 'badAddress'
  | 'badPrefix'
  | 'hostBits'
  | 'badMac'
  | 'badSysctl'
  | 'badRoute'
  | 'badIgnore'
  // several values together
  | 'unknownHost'
  | 'unknownNetns'
  | 'unknownLink'
  | 'duplicateAddress'
  | 'duplicateDev'
  | 'duplicateNetns'
  | 'overlap'
  | 'outsidePool'
  | 'noWay'
  | 'filesDisagree'
  | 'itemsDisagree';

export interface Finding {
  readonly code: ProblemCode;
  readonly place: Place;
  readonly message: string;
  readonly hint: string | null;
  /** Where the other half of a disagreement stands. */
  readonly other: Place | null;
}

/** A text that was read: with the name and lines that places are counted in. */
export interface SourceText extends SourceFile {
  readonly text: string;
}

export function addFinding(
  findings: Finding[],
  code: ProblemCode,
  place: Place,
  message: string,
  more: { readonly hint?: string | null; readonly other?: Place } = {},
): void {
  findings.push({ code, place, message, hint: more.hint ?? null, other: more.other ?? null });
}

/** The problems in the order of their places, each once. */
export function toProblems(findings: readonly Finding[], files: readonly SourceText[]): Problem[] {
  const sorted = [...findings].sort((a, b) => a.place - b.place);
  const seen = new Set<string>();
  return sorted
    .filter((finding) => {
      const key = `${finding.place} ${finding.code} ${finding.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .map((finding) => toProblem(finding, files));
}

function toProblem(finding: Finding, files: readonly SourceText[]): Problem {
  const place = Math.max(0, finding.place);
  const { file, line, column } = locate(files, place)!;
  return {
    code: finding.code,
    file,
    line,
    column,
    message: finding.message,
    hint: hintOf(finding, files),
    excerpt: excerptAt(files[fileIndexOf(place)]!, offsetOf(place), line),
  };
}

function hintOf(finding: Finding, files: readonly SourceText[]): string | null {
  const other = finding.other === null ? null : locate(files, finding.other);
  if (other === null) return finding.hint;
  const where = `the other one is at ${other.file}:${other.line}:${other.column}`;
  return finding.hint === null ? where : `${finding.hint}; ${where}`;
}

/** The line, and how much of it is the token at the offset; null for an absent or very long line. */
function excerptAt(source: SourceText, offset: number, line: number): Problem['excerpt'] {
  const start = source.lineStarts[line - 1]!;
  const end = source.text.indexOf('\n', start);
  const text = source.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
  if (text.trim() === '' || text.length > 2000) return null;
  return { text, length: tokenLength(text.slice(offset - start)) };
}

function tokenLength(rest: string): number {
  const first = rest[0];
  if (first === '"' || first === "'") {
    const end = rest.indexOf(first, 1);
    return end < 0 ? rest.length : end + 1;
  }
  if (first === '{' || first === '[') return bracketLength(rest);
  const end = rest.search(/[,\]}]|:(\s|$)|\s+#|\s*$/);
  return Math.max(1, end);
}

function bracketLength(rest: string): number {
  let depth = 0;
  for (let at = 0; at < rest.length; at++) {
    if (rest[at] === '{' || rest[at] === '[') depth++;
    if ((rest[at] === '}' || rest[at] === ']') && --depth === 0) return at + 1;
  }
  return rest.trimEnd().length;
}
