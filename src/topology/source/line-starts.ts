// Where the lines of a text begin, in UTF-16 units.
import type { ChangedLines } from './changed-lines.ts';

/** Where each line begins; behind a line's end at the text's end begins one more. */
export function lineStartsOf(text: string): Uint32Array {
  let starts = new Uint32Array(Math.max(64, text.length >> 5));
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    if (count === starts.length) {
      const grown = new Uint32Array(count * 2);
      grown.set(starts);
      starts = grown;
    }
    starts[count++] = at + 1;
  }
  return starts.slice(0, count);
}

/** The same for a text of which some lines changed, from those of the text before. */
export function moveLineStarts(
  before: ArrayLike<number>,
  text: string,
  { from, to, shift }: ChangedLines,
): Uint32Array {
  const known = before instanceof Uint32Array ? before : Uint32Array.from(before);
  const fresh = lineStartsOf(text.slice(from, to + shift)).subarray(1);
  const first = countUpTo(known, from);
  const behind = countUpTo(known, to);
  const starts = new Uint32Array(first + fresh.length + known.length - behind);
  starts.set(known.subarray(0, first));
  for (let at = 0; at < fresh.length; at++) starts[first + at] = fresh[at]! + from;
  for (let at = behind; at < known.length; at++)
    starts[first + fresh.length + at - behind] = known[at]! + shift;
  return starts;
}

/** How many of the lines begin at an offset or before it. */
function countUpTo(starts: Uint32Array, offset: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
