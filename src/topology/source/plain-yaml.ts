// The plain YAML that topologies are written in, read at a glance: collections in blocks and in brackets, one-line
// scalars plain or quoted, comments. All else (anchors, tags, block scalars, text over several lines…) and all that may
// be wrong it declines, and leaves to the library, which reads or explains it. What it takes, it reads as the library does.

import type { FileNotes } from './places.ts';
import { isGap } from './plain-scalar.ts';
import {
  beginScan,
  declined,
  isAtColumn,
  isAtLineEnd,
  isDash,
  isMarker,
  type Scan,
  skipFlowGap,
  skipSpaces,
  toContent,
  toNextLine,
} from './plain-scan.ts';
import { isKeyHere, readKey, readScalar } from './plain-word.ts';
import type { ListValue, MapValue, ParsedTree, Value } from './tree.ts';

const MAX_DEPTH = 64;

const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

/** Reads one file's text; null where it is not one map in plain YAML from beginning to end. */
export function readPlainYaml(text: string): ParsedTree | null {
  const scan = beginScan(text);
  return unlessDeclined(() => ({ root: readRoot(scan), notes: scan.notes.finish() }));
}

/** Entries of a list in a block: their notes end with the list's own. */
export interface PlainEntries {
  readonly list: ListValue;
  readonly notes: FileNotes;
}

/** Reads lines that are entries of a list at a depth, or none, with their dashes at a column; null where they are more. */
export function readPlainEntries(text: string, column: number, depth: number): PlainEntries | null {
  const scan = beginScan(text);
  return unlessDeclined(() => {
    toContent(scan);
    const isNone = scan.at >= text.length;
    if (!isNone && !(isAtColumn(scan, column) && isDash(scan))) throw declined;
    const list = isNone ? [] : readBlockList(scan, 0, column, depth);
    if (scan.at < text.length) throw declined;
    return { list, notes: scan.notes.finish() };
  });
}

function unlessDeclined<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch (error) {
    if (error === declined) return null;
    throw error;
  }
}

function readRoot(scan: Scan): MapValue {
  toContent(scan);
  if (isMarker(scan)) {
    if (!scan.text.startsWith('---', scan.at)) throw declined;
    scan.at += 3;
    skipSpaces(scan);
    if (!isAtLineEnd(scan)) throw declined;
    toNextLine(scan);
  }
  const own = scan.at;
  if (scan.text.charCodeAt(scan.at) !== OPEN_MAP) {
    const root = readBlockMap(scan, own, scan.at - scan.lineStart, 1);
    if (scan.at < scan.text.length) throw declined;
    return root;
  }
  const root = readInline(scan, -1, 1);
  toNextLine(scan);
  if (scan.at < scan.text.length) throw declined;
  return root as MapValue;
}

/** Reads a map whose first key stands here; ends where a line stands further to the left. */
function readBlockMap(scan: Scan, own: number, indent: number, depth: number): MapValue {
  if (depth > MAX_DEPTH) throw declined;
  const map: Record<string, Value> = {};
  const { notes } = scan;
  const opened = notes.open(own);
  const before = notes.closed;
  do {
    const keyAt = scan.at;
    const key = readKey(scan, map, false);
    scan.notes.note(keyAt);
    skipSpaces(scan);
    if (isAtLineEnd(scan)) {
      scan.notes.note(keyAt);
      map[key] = readNested(scan, keyAt, indent, depth + 1);
    } else {
      scan.notes.note(scan.at);
      map[key] = readInline(scan, indent, depth + 1);
      toNextLine(scan);
    }
  } while (isAtColumn(scan, indent));
  return notes.close(opened, map, notes.closed > before);
}

/** Reads the value of a key with nothing behind it: a block on the lines below, or null. */
function readNested(scan: Scan, own: number, indent: number, depth: number): Value {
  toNextLine(scan);
  if (scan.at >= scan.text.length) return null;
  const column = scan.at - scan.lineStart;
  if (isDash(scan)) return column >= indent ? readBlockList(scan, own, column, depth) : null;
  return column > indent ? readBlockMap(scan, own, column, depth) : null;
}

/** Reads a list whose first dash stands here. */
function readBlockList(scan: Scan, own: number, indent: number, depth: number): ListValue {
  if (depth > MAX_DEPTH) throw declined;
  const list: Value[] = [];
  const { notes } = scan;
  const opened = notes.open(own);
  const before = notes.closed;
  do {
    scan.at++;
    skipSpaces(scan);
    if (isAtLineEnd(scan)) throw declined;
    const itemAt = scan.at;
    scan.notes.note(itemAt);
    if (isKeyHere(scan)) {
      scan.at = itemAt;
      list.push(readBlockMap(scan, itemAt, itemAt - scan.lineStart, depth + 1));
    } else {
      scan.at = itemAt;
      list.push(readInline(scan, indent, depth + 1));
      toNextLine(scan);
    }
  } while (isAtColumn(scan, indent) && isDash(scan));
  return notes.close(opened, list, notes.closed > before);
}

/** Reads a value that begins on its key's or its dash's line, and what may stand behind it there. */
function readInline(scan: Scan, indent: number, depth: number): Value {
  const code = scan.text.charCodeAt(scan.at);
  const isFlow = code === OPEN_MAP || code === OPEN_LIST;
  const value = isFlow ? readFlow(scan, indent, depth) : readScalar(scan, false);
  skipSpaces(scan);
  if (!isAtLineEnd(scan)) throw declined;
  return value;
}

/** Reads a list or a map in brackets; its lines stand further to the right than `indent`. */
function readFlow(scan: Scan, indent: number, depth: number): MapValue | ListValue {
  if (depth > MAX_DEPTH) throw declined;
  return scan.text.charCodeAt(scan.at) === OPEN_MAP
    ? readFlowMap(scan, indent, depth)
    : readFlowList(scan, indent, depth);
}

function readFlowList(scan: Scan, indent: number, depth: number): ListValue {
  const { notes } = scan;
  const opened = notes.open(scan.at);
  const before = notes.closed;
  const list: Value[] = [];
  while (toFlowPart(scan, indent, CLOSE_LIST, list.length === 0)) {
    notes.note(scan.at);
    list.push(readFlowValue(scan, indent, depth));
  }
  return notes.close(opened, list, notes.closed > before);
}

function readFlowMap(scan: Scan, indent: number, depth: number): MapValue {
  const { notes, keys: likely } = scan;
  const opened = notes.open(scan.at);
  const before = notes.closed;
  const map: Record<string, Value> = {};
  /** The keys so far, from where they are others than those of the map before. */
  let keys: string[] | null = null;
  let count = 0;
  while (toFlowPart(scan, indent, CLOSE_MAP, count === 0)) {
    notes.note(scan.at);
    let key = keys === null ? readLikelyKey(scan, likely[count]) : null;
    if (key === null) {
      keys ??= likely.slice(0, count);
      key = readKey(scan, map, true);
      keys.push(key);
    }
    count++;
    skipFlowGap(scan, indent);
    notes.note(scan.at);
    map[key] = readFlowValue(scan, indent, depth);
  }
  if (keys !== null) scan.keys = keys;
  return notes.close(opened, map, notes.closed > before);
}

/** Moves on to the next item or entry of a collection in brackets; false, and behind it, where it ends. */
function toFlowPart(scan: Scan, indent: number, close: number, isFirst: boolean): boolean {
  if (isFirst) scan.at++;
  skipFlowGap(scan, indent);
  if (!isFirst && scan.text.charCodeAt(scan.at) === COMMA) {
    scan.at++;
    skipFlowGap(scan, indent);
  } else if (!isFirst && scan.text.charCodeAt(scan.at) !== close) throw declined;
  if (scan.text.charCodeAt(scan.at) !== close) return true;
  scan.at++;
  return false;
}

/** Reads a key that stood in the map before at the same place, and the colon behind it; null where another stands here. */
function readLikelyKey(scan: Scan, likely: string | undefined): string | null {
  const { text, at } = scan;
  if (likely === undefined || !text.startsWith(likely, at)) return null;
  const end = at + likely.length;
  if (text.charCodeAt(end) !== COLON || !isGap(text.charCodeAt(end + 1))) return null;
  scan.at = end + 1;
  return likely;
}

function readFlowValue(scan: Scan, indent: number, depth: number): Value {
  const code = scan.text.charCodeAt(scan.at);
  if (code === OPEN_MAP || code === OPEN_LIST) return readFlow(scan, indent, depth + 1);
  return readScalar(scan, true);
}
