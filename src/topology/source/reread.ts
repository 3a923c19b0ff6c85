// Reads again a text of plain YAML of which a few lines changed, where these are entries of one list in a block: only they
// are read, and all else is taken from the tree that was read before. The reader of plain YAML goes through a text from
// its beginning and decides by the line it stands at; so before those lines it would do what it did, and at the entry
// behind them it would go on as it did. Whatever is not plainly so is declined: the whole is to be read.
import { type ChangedLines, changedLines } from './changed-lines.ts';
import type { FileNotes } from './places.ts';
import { readPlainEntries } from './plain-yaml.ts';
import { type Entries, spliceNotes } from './splice-notes.ts';
import { isList, isMap, type ListValue, type MapValue, type ParsedTree, type Value } from './tree.ts';

/** More than this, in UTF-16 units, is quicker read with the whole. */
const MOST = 2 ** 18;

export interface Reread {
  readonly tree: ParsedTree;
  /** The tree as if the list had the new entries alone, or one that it had before. */
  readonly fresh: MapValue;
  /** The lines that were read, from the start of one entry to that of another. */
  readonly lines: ChangedLines;
}

/** Reads a text by the tree of another one, which the reader of plain YAML made; null where the whole is to be read. */
export function rereadPlainYaml(before: string, tree: ParsedTree, text: string): Reread | null {
  const changed = changedLines(before, text);
  const found = changed === null ? null : findList(tree, changed.from);
  if (changed === null || found === null) return null;
  const replaced = findEntries(before, tree.notes, found, changed);
  if (replaced === null) return null;
  const { first, end, lines } = replaced;
  if (Math.max(lines.to, lines.to + lines.shift) - lines.from > MOST) return null;
  // A text of its own: what is read from it must not keep a whole file in memory.
  const part = Buffer.from(text.slice(lines.from, lines.to + lines.shift)).toString();
  const column = before.indexOf('-', lines.from) - lines.from;
  const read = readPlainEntries(part, column, found.path.length + 1);
  if (read === null) return null;
  const list = found.list.toSpliced(first, end - first, ...read.list);
  if (!list.some((entry) => isMap(entry) || isList(entry))) return null;
  const renewed = renewPath(tree.root, found.path, list);
  const entries: Entries = { list: found.list, first, end, read, lines };
  const notes = spliceNotes(tree.notes, entries, renewed.replaced);
  if (notes === null) return null;
  const some = read.list.length > 0 ? read.list : list.slice(0, 1);
  return { tree: { root: renewed.root, notes }, fresh: renewPath(tree.root, found.path, some).root, lines };
}

interface FoundList {
  readonly list: ListValue;
  /** The keys that lead to it. */
  readonly path: readonly string[];
  /** Nothing stands behind it. */
  readonly isLast: boolean;
}

/** The list that stands where a line begins, below maps alone. */
function findList({ root, notes }: ParsedTree, at: number): FoundList | null {
  const path: string[] = [];
  let value: Value = root;
  let isLast = true;
  while (isMap(value)) {
    const start = startOf(notes, value);
    if (start === null) return null;
    const keys: readonly string[] = Object.keys(value);
    let last = -1;
    while (last + 1 < keys.length && notes.offsets[start + 2 * last + 3]! <= at) last++;
    const key: string | undefined = keys[last];
    if (key === undefined) return null;
    isLast &&= last === keys.length - 1;
    path.push(key);
    value = value[key]!;
  }
  return isList(value) ? { list: value, path, isLast } : null;
}

function startOf({ inner }: FileNotes, container: object): number | null {
  const at = inner.containers.indexOf(container);
  return at < 0 ? null : inner.starts[at]!;
}

/** The entries that changed lines belong to, whole, and their lines; null where the list is none in a block. */
function findEntries(
  text: string,
  notes: FileNotes,
  { list, isLast }: FoundList,
  changed: ChangedLines,
): { readonly first: number; readonly end: number; readonly lines: ChangedLines } | null {
  const start = startOf(notes, list);
  if (start === null) return null;
  const offsets = notes.offsets.subarray(start + 1, start + 1 + list.length);
  const lineEnd = text.indexOf('\n', changed.from);
  const first = countBelow(offsets, lineEnd < 0 ? text.length : lineEnd) - 1;
  if (first < 0) return null;
  const end = Math.max(first + 1, countBelow(offsets, changed.to));
  if (end === list.length && !isLast) return null;
  const lineOf = (entry: number): number => text.lastIndexOf('\n', offsets[entry]!) + 1;
  const from = lineOf(first);
  const to = end < list.length ? lineOf(end) : text.length;
  if (!/^ *- /.test(text.slice(from, offsets[first]))) return null;
  return { first, end, lines: { from, to, shift: changed.shift } };
}

/** How many of the offsets, which grow, are below one. */
function countBelow(offsets: Uint32Array, offset: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The tree with another list at the end of a path, and what was replaced on the way. */
function renewPath(
  root: MapValue,
  path: readonly string[],
  list: ListValue,
): { readonly root: MapValue; readonly replaced: ReadonlyMap<object, object> } {
  const replaced = new Map<object, object>();
  const renew = (value: Value, depth: number): Value => {
    const key = path[depth];
    const map = value as MapValue;
    const renewed = key === undefined ? list : { ...map, [key]: renew(map[key]!, depth + 1) };
    replaced.set(map, renewed);
    return renewed;
  };
  return { root: renew(root, 0) as MapValue, replaced };
}
