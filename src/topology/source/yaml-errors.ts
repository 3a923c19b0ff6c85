// What the YAML library's error codes mean, in words for the person who wrote the file.
import type { ErrorCode, YAMLError } from 'yaml';
import type { ProblemCode } from './findings.ts';

const meanings: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'an alias is `*name`, with nothing behind it',
  BAD_COLLECTION_TYPE: 'this tag does not fit the value behind it',
  BAD_DIRECTIVE: 'this `%` line is no directive that YAML 1.2 knows',
  BAD_DQ_ESCAPE: 'this backslash escape does not exist in YAML',
  BAD_INDENT: 'the indentation does not fit what is around it, or a closing bracket is missing',
  BAD_SCALAR_START: 'a value cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line, or a line indented too far',
  BLOCK_IN_FLOW: 'a block cannot stand inside `{ }` or `[ ]`',
  KEY_OVER_1024_CHARS: 'this key is longer than 1024 characters',
  MISSING_CHAR: 'a character is missing here: a comma, a colon, a quote or a closing bracket',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing, or a line is indented too little',
  RESOURCE_EXHAUSTION: 'values are nested too deeply',
  TAG_RESOLVE_FAILED: 'this tag is not known here; a topology needs none',
  UNEXPECTED_TOKEN: 'this does not belong here; an earlier quote, bracket or colon may be amiss',
};

/** An error of the library as a finding's parts; `offset` in UTF-16 units. */
export function describeYamlError(
  error: YAMLError,
  text: string,
): {
  readonly code: ProblemCode;
  readonly offset: number;
  readonly message: string;
  readonly hint: string | null;
} {
  const tab = tabInIndent(text, Math.min(error.pos[0], text.length));
  if (error.code === 'TAB_AS_INDENT' || tab !== null) {
    const message = 'a tab cannot indent YAML';
    return { code: 'tab', offset: tab ?? error.pos[0], message, hint: 'indent with spaces' };
  }
  const message = meanings[error.code] ?? 'this is no valid YAML';
  const code = error.code === 'RESOURCE_EXHAUSTION' ? 'tooDeep' : 'yaml';
  return {
    code,
    offset: Math.min(error.pos[0], Math.max(0, text.trimEnd().length - 1)),
    message,
    hint: null,
  };
}

/** The offset of a tab among the blanks that open the line of an offset; null for none. */
function tabInIndent(text: string, offset: number): number | null {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  for (let at = start; text[at] === ' ' || text[at] === '\t'; at++) if (text[at] === '\t') return at;
  return null;
}
