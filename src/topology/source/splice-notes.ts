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
  // Before the entries nothing moved.
  spliced.set(offsets.subarray(0, begin));
  spliced.set(freshLeaves, begin);
  const length = move(
    offsets.subarray(behind, listStart + 1 + first),
    spliced,
    begin + freshLeaves.length,
    lines,
  );
  spliced.set(freshEntries, length);
  move(offsets.subarray(listStart + 1 + end), spliced, length + freshEntries.length, lines);
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

/** Copies offsets to a place of other ones, those behind changed lines as they are by now; returns the place behind. */
function move(offsets: Uint32Array, into: Uint32Array, place: number, { to, shift }: ChangedLines): number {
  for (let at = 0; at < offsets.length; at++) {
    const offset = offsets[at]!;
    into[place + at] = offset >= to ? offset + shift : offset;
  }
  return place + offsets.length;
}

/** How many offsets are noted of a container of scalars. */
function notedIn(entry: MapValue | ListValue): number {
  return isList(entry) ? 1 + entry.length : 1 + 2 * Object.keys(entry).length;
}
