// Where the reader of plain YAML stands in a text: lines, gaps and comments, and words met before.
import { NoteTaker } from './places.ts';
import { isGap } from './plain-scalar.ts';

/** A power of two: how many words are remembered. */
const WORDS = 1024;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const HASH = 0x23;
const DASH = 0x2d;

/** Thrown to decline; says nothing, because the library says what there is to say. */
export const declined = new Error('this is not plain YAML');

/** Where reading stands. */
export interface Scan {
  readonly text: string;
  readonly notes: NoteTaker;
  /** Texts met before, so that words that come again and again are one string. */
  readonly words: string[];
  /** The keys of the map in brackets that was read last: often those of the next. */
  keys: readonly string[];
  at: number;
  lineStart: number;
}

export function beginScan(text: string): Scan {
  return {
    text,
    notes: new NoteTaker(),
    words: new Array<string>(WORDS).fill(''),
    keys: [],
    at: 0,
    lineStart: 0,
  };
}

/** The text between two offsets, as the very string that stood for it the last time. */
export function wordAt(scan: Scan, start: number, end: number): string {
  const { text, words } = scan;
  const hash = (end - start) * 31 + text.charCodeAt(start) * 7 + text.charCodeAt(end - 1);
  const known = words[hash & (WORDS - 1)]!;
  if (known.length === end - start && text.startsWith(known, start)) return known;
  const word = text.slice(start, end);
  words[hash & (WORDS - 1)] = word;
  return word;
}

/** Whether an item of a block list begins here. */
export function isDash(scan: Scan): boolean {
  return scan.text.charCodeAt(scan.at) === DASH && isGap(scan.text.charCodeAt(scan.at + 1));
}

/** Whether the block goes on with the line here; false where it ends. */
export function isAtColumn(scan: Scan, indent: number): boolean {
  if (scan.at >= scan.text.length) return false;
  const column = scan.at - scan.lineStart;
  if (column > indent) throw declined;
  return column === indent;
}

/** Whether nothing but a comment follows on this line. */
export function isAtLineEnd(scan: Scan): boolean {
  const { text, at } = scan;
  const code = text.charCodeAt(at);
  if (code > HASH) return false;
  if (code === HASH) return isGap(text.charCodeAt(at - 1));
  return code === LF || (code === CR && text.charCodeAt(at + 1) === LF) || at >= text.length;
}

export function skipSpaces(scan: Scan): void {
  while (scan.text.charCodeAt(scan.at) === SPACE) scan.at++;
}

/** From the end of a line to the next line's content; to the end of the text where there is none. */
export function toNextLine(scan: Scan): void {
  const end = scan.text.indexOf('\n', scan.at);
  scan.at = end < 0 ? scan.text.length : end + 1;
  scan.lineStart = scan.at;
  toContent(scan);
  if (isMarker(scan)) throw declined;
}

/** From the start of a line to the first content from there on. */
export function toContent(scan: Scan): void {
  skipSpaces(scan);
  while (isAtLineEnd(scan) && scan.at < scan.text.length) {
    const end = scan.text.indexOf('\n', scan.at);
    scan.at = end < 0 ? scan.text.length : end + 1;
    scan.lineStart = scan.at;
    skipSpaces(scan);
  }
}

/** Skips spaces, comments and line ends between the parts of a collection in brackets. */
export function skipFlowGap(scan: Scan, indent: number): void {
  skipSpaces(scan);
  if (!isAtLineEnd(scan)) return;
  toNextLine(scan);
  if (scan.at >= scan.text.length || scan.at - scan.lineStart <= indent) throw declined;
}

/** `---` and `...`, which begin and end documents at the start of a line. */
export function isMarker(scan: Scan): boolean {
  const { text, at } = scan;
  if (at !== scan.lineStart) return false;
  return (text.startsWith('---', at) || text.startsWith('...', at)) && isGap(text.charCodeAt(at + 3));
}
