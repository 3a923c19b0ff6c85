// The notes of a file of which some entries of one list were replaced: those of all else, moved to where it stands by now.
import type { ChangedLines } from './changed-lines.ts';
import type { FileNotes } from './places.ts';
import type { PlainEntries } from './plain-yaml.ts';
import { isList, type ListValue, type MapValue } from './tree.ts';

/** Entries of a list, from `first` to before `end`, and what was read in their place. */
export interface Entries {
  readonly list: ListValue;
  readonly first: number;
  readonly end: number;
  readonly read: PlainEntries;
  readonly lines: ChangedLines;
}

/** `replaced` are the containers around the list; null where an entry, new or old, is other than a container of scalars. */
export function spliceNotes(
  notes: FileNotes,
  { list, first, end, read, lines }: Entries,
  replaced: ReadonlyMap<object, object>,
): FileNotes | null {
  const { offsets, inner, leaves } = notes;
  const listStart = inner.starts[inner.containers.indexOf(list)]!;
  const firstLeaf = leaves.containers.indexOf(list[first] as object);
  const old = list.slice(first, end);
  const areLeaves = (entries: ListValue, among: FileNotes, from: number): boolean =>
    entries.every((entry, at) => among.leaves.containers[from + at] === entry);
  if (firstLeaf < 0 || !areLeaves(old, notes, firstLeaf)) return null;
  if (!areLeaves(read.list, read.notes, 0)) return null;
  const begin = leaves.starts[firstLeaf]!;
  const behind = begin + old.reduce((sum: number, entry) => sum + notedIn(entry as MapValue | ListValue), 0);
  const fresh = read.notes.offsets.map((offset) => offset + lines.from);
  const freshLeaves = fresh.subarray(0, fresh.length - 1 - read.list.length);
  const freshEntries = fresh.subarray(fresh.length - read.list.length);
  const grown = freshLeaves.length - (behind - begin);
  const listGrown = read.list.length - old.length;
  const spliced = new Uint32Array(offsets.length + grown + listGrown);
  let length = 0;
  const { to: movedFrom, shift } = lines;
  const move = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      const offset = offsets[at]!;
      spliced[length++] = offset >= movedFrom ? offset + shift : offset;
    }
  };
  const put = (part: Uint32Array): void => {
    spliced.set(part, length);
    length += part.length;
  };
  move(0, begin);
  put(freshLeaves);
  move(behind, listStart + 1 + first);
  put(freshEntries);
  move(listStart + 1 + end, offsets.length);
  const startNow = (start: number): number =>
    start < begin ? start : start + grown + (start > listStart ? listGrown : 0);
  const freshStarts = read.notes.leaves.starts.map((start) => start + begin);
  return {
    offsets: spliced,
    inner: {
      containers: inner.containers.map((container) => replaced.get(container) ?? container),
      starts: inner.starts.map(startNow),
    },
    leaves: {
      containers: leaves.containers.toSpliced(firstLeaf, old.length, ...read.notes.leaves.containers),
      starts: leaves.starts.map(startNow).toSpliced(firstLeaf, old.length, ...freshStarts),
    },
  };
}

/** How many offsets are noted of a container of scalars. */
function notedIn(entry: MapValue | ListValue): number {
  return isList(entry) ? 1 + entry.length : 1 + 2 * Object.keys(entry).length;
}
