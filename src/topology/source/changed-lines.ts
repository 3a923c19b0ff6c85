// Which lines two versions of a text do not share: what they begin and end with alike is found as fast as memory compares.

/** Lines of a text, and those that took their place. Offsets in UTF-16 units, each the start of a line or the text's end. */
export interface ChangedLines {
  readonly from: number;
  /** Where they end in the text before. */
  readonly to: number;
  /** How much further all behind them stands by now. */
  readonly shift: number;
}

/** The lines that hold every difference; null for equal texts. */
export function changedLines(before: string, after: string): ChangedLines | null {
  if (before === after) return null;
  const shorter = Math.min(before.length, after.length);
  const start = sharedLength(shorter, (from, to) => before.slice(from, to) === after.slice(from, to));
  const shift = after.length - before.length;
  const behind = sharedLength(shorter - start, (from, to) => {
    const tail = before.slice(before.length - to, before.length - from);
    return tail === after.slice(after.length - to, after.length - from);
  });
  const from = start === 0 ? 0 : before.lastIndexOf('\n', start - 1) + 1;
  const end = before.indexOf('\n', before.length - behind);
  return { from, to: end < 0 ? before.length : end + 1, shift };
}

const CHUNK = 4096;

/** The length of what is the same, up to a limit; `isSame` compares a part. */
function sharedLength(limit: number, isSame: (from: number, to: number) => boolean): number {
  let length = 0;
  for (let step = CHUNK; step >= 1; step = Math.floor(step / 2)) {
    while (length + step <= limit && isSame(length, length + step)) length += step;
  }
  return length;
}
