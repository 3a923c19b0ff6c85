// Where in the topology files something was said. One number, so that a million items can each carry one.

/** File index × 2^32 + offset in UTF-16 units. NOWHERE for what no file says. */
export type Place = number;

export const NOWHERE: Place = -1;

/** One file that was read: its name as the user gave it, and where its lines begin (offsets in UTF-16 units). */
export interface SourceFile {
  readonly name: string;
  readonly lineStarts: ArrayLike<number>;
}

/** A place as people read it; line and column count from 1. */
export interface Location {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

const FILE_STEP = 2 ** 32;

export function placeAt(fileIndex: number, offset: number): Place {
  return fileIndex * FILE_STEP + offset;
}

export function fileIndexOf(place: Place): number {
  return Math.floor(place / FILE_STEP);
}

export function offsetOf(place: Place): number {
  return place % FILE_STEP;
}

/** The location of a place; null for NOWHERE. */
export function locate(files: readonly SourceFile[], place: Place): Location | null {
  if (place === NOWHERE) return null;
  const file = files[fileIndexOf(place)];
  if (file === undefined) return null;
  const offset = offsetOf(place);
  let low = 0;
  let high = file.lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (file.lineStarts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return { file: file.name, line: low + 1, column: offset - (file.lineStarts[low] ?? 0) + 1 };
}
