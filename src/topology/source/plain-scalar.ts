// Plain scalars of YAML 1.2: which characters they begin and end with, and what they mean in the core schema.
import type { Value } from './tree.ts';

const SPACE = 0x20;
const HASH = 0x23;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
/** The last character before the controls of Latin 1, and the first behind them. */
const TILDE = 0x7e;
const LATIN = 0xa1;
const SURROGATES = 0xd800;

/** By character code: 1 for those that cannot begin a plain scalar, 2 for those that can if no space follows. */
const beginning = new Uint8Array(128).fill(1, 0, 0x21);
for (const char of ',[]{}#&*!|>\'"%@`\x7f') beginning[char.charCodeAt(0)] = 1;
for (const char of '-?:') beginning[char.charCodeAt(0)] = 2;

const decimal = /^[-+]?[0-9]+$/;
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const hexadecimal = /^0x[0-9a-fA-F]+$/;
const octal = /^0o[0-7]+$/;
const special = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

const words: ReadonlyMap<string, Value> = new Map([
  ...['~', 'null', 'Null', 'NULL'].map((word): [string, Value] => [word, null]),
  ...['true', 'True', 'TRUE'].map((word): [string, Value] => [word, true]),
  ...['false', 'False', 'FALSE'].map((word): [string, Value] => [word, false]),
]);

export function isFlowIndicator(code: number): boolean {
  return code === 0x2c || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d;
}

/** Space or the end of a line or of the text (NaN): what stands around indicators. */
export function isGap(code: number): boolean {
  return code === SPACE || code === 0x0a || code === 0x0d || Number.isNaN(code);
}

export function mayBeginPlainScalar(code: number, next: number): boolean {
  if (code >= 128) return isText(code);
  const kind = beginning[code];
  return kind === 0 || (kind === 2 && !isGap(next) && !isFlowIndicator(next));
}

/** Where the plain scalar that begins at an offset ends, spaces behind it aside; -1 where it holds what no text should. */
export function endOfPlainScalar(text: string, start: number, inFlow: boolean): number {
  let end = start;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === SPACE) continue;
    if (code === 0x0a || code === 0x0d) break;
    if (code === HASH && at > end) break;
    if (code === COLON) {
      const next = text.charCodeAt(at + 1);
      if (isGap(next) || (inFlow && isFlowIndicator(next))) break;
    } else if (inFlow && isFlowIndicator(code)) break;
    else if (!isText(code)) return -1;
    end = at + 1;
  }
  return end;
}

/** What a plain scalar means in the core schema: nothing, a truth, a number or text. */
export function resolvePlainScalar(text: string): Value {
  const code = text.charCodeAt(0);
  const isNumeric = (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e;
  if (isNumeric) return resolveNumber(text);
  const value = text.length <= 5 ? words.get(text) : undefined;
  return value === undefined ? text : value;
}

function resolveNumber(text: string): Value {
  if (isAddress(text)) return text;
  if (decimal.test(text)) return Number.parseInt(text, 10);
  if (float.test(text)) return Number.parseFloat(text);
  if (hexadecimal.test(text)) return Number.parseInt(text.slice(2), 16);
  if (octal.test(text)) return Number.parseInt(text.slice(2), 8);
  if (!special.test(text)) return text;
  if (text.toLowerCase().endsWith('nan')) return Number.NaN;
  return text[0] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Whether a text has a slash, a colon or two dots, as addresses do and numbers do not; looked for from its end. */
function isAddress(text: string): boolean {
  let dots = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const code = text.charCodeAt(at);
    if (code === SLASH || code === COLON || (code === DOT && ++dots === 2)) return true;
  }
  return false;
}

/** Whether a character is one that lines of text are made of: no control, no half of a pair, no mark of byte order. */
export function isText(code: number): boolean {
  return (code >= SPACE && code <= TILDE) || (code >= LATIN && code < SURROGATES && !isSeparator(code));
}

function isSeparator(code: number): boolean {
  return code === 0x2028 || code === 0x2029;
}
