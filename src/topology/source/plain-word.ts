// The words of plain YAML: keys and scalars of one line, plain or quoted.
import {
  endOfPlainScalar,
  isFlowIndicator,
  isGap,
  isText,
  mayBeginPlainScalar,
  resolvePlainScalar,
} from './plain-scalar.ts';
import { declined, type Scan, skipSpaces, wordAt } from './plain-scan.ts';
import type { MapValue, Value } from './tree.ts';

const MAX_KEY_LENGTH = 1000;

const QUOTES = 0x22;
const APOSTROPHE = 0x27;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const OPEN_MAP = 0x7b;

/** Reads a key that the map has not, and the colon behind it. */
export function readKey(scan: Scan, map: MapValue, inFlow: boolean): string {
  const { text } = scan;
  const code = text.charCodeAt(scan.at);
  const isQuoted = code === QUOTES || code === APOSTROPHE;
  const key = isQuoted ? readQuoted(scan, code) : readPlain(scan, inFlow);
  skipSpaces(scan);
  if (text.charCodeAt(scan.at) !== COLON) throw declined;
  const next = text.charCodeAt(scan.at + 1);
  if (!isGap(next) && !(inFlow && isQuoted && !isFlowIndicator(next))) throw declined;
  scan.at++;
  if (key.length > MAX_KEY_LENGTH || isPeculiar(key) || Object.hasOwn(map, key)) throw declined;
  return key;
}

/** Whether a scalar with a colon behind it stands here: a key. Moves on. */
export function isKeyHere(scan: Scan): boolean {
  const code = scan.text.charCodeAt(scan.at);
  if (code === OPEN_MAP || code === OPEN_LIST) return false;
  if (code === QUOTES || code === APOSTROPHE) readQuoted(scan, code);
  else readPlain(scan, false);
  skipSpaces(scan);
  return scan.text.charCodeAt(scan.at) === COLON;
}

/** Reads a scalar of one line, as what it means. */
export function readScalar(scan: Scan, inFlow: boolean): Value {
  const code = scan.text.charCodeAt(scan.at);
  if (code === QUOTES || code === APOSTROPHE) return readQuoted(scan, code);
  return resolvePlainScalar(readPlain(scan, inFlow));
}

function readPlain(scan: Scan, inFlow: boolean): string {
  const { text, at } = scan;
  if (!mayBeginPlainScalar(text.charCodeAt(at), text.charCodeAt(at + 1))) throw declined;
  const end = endOfPlainScalar(text, at, inFlow);
  if (end <= at) throw declined;
  scan.at = end;
  return wordAt(scan, at, end);
}

/** Reads a quoted scalar of one line, without escapes. */
function readQuoted(scan: Scan, quote: number): string {
  const { text } = scan;
  const start = scan.at + 1;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      if (quote === APOSTROPHE && text.charCodeAt(at + 1) === APOSTROPHE) break;
      scan.at = at + 1;
      return wordAt(scan, start, at);
    }
    if (!isText(code) || (code === BACKSLASH && quote === QUOTES)) break;
  }
  throw declined;
}

/** Keys that a plain object orders or reads in a way of its own, and the one that merges. */
function isPeculiar(key: string): boolean {
  const code = key.charCodeAt(0);
  if (code > 0x3c) return key === '__proto__';
  return /^(0|[1-9][0-9]*|<<|)$/.test(key);
}
