// Topology files to one tree of values: finds the files, reads them within the limits, merges them.
// What cannot be read at all is a `file` error; what is written wrongly is collected with its place.
import { isAscii, isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ReconcileError } from '../errors.ts';
import { offsetOf, placeAt } from '../state/place.ts';
import { mergeFiles } from './merge.ts';
import type { RouteRecall } from './model/route-recall.ts';
import { isSound } from './schema.ts';
import { findSchemaFaults } from './schema-faults.ts';
import { addFinding, type Finding, type SourceText } from './source/findings.ts';
import { lineStartsOf, moveLineStarts } from './source/line-starts.ts';
import { NoteTaker, Places } from './source/places.ts';
import { readPlainYaml } from './source/plain-yaml.ts';
import { rereadPlainYaml } from './source/reread.ts';
import type { MapValue, ParsedTree } from './source/tree.ts';
import { parseYaml } from './source/yaml.ts';

const MAX_FILE_BYTES = 64 * 2 ** 20;

export interface FileContents {
  /** As the user gave it. */
  readonly name: string;
  /** Null: more than a topology file may have. */
  readonly bytes: Buffer | null;
}

/** One file as read; nothing in it depends on which files stand before it. */
export interface LoadedFile extends SourceText {
  readonly bytes: Buffer | null;
  /** Null where it is no map, for the reasons in the findings. */
  readonly tree: ParsedTree | null;
  /** Of the text alone; their places are those of the only file. */
  readonly findings: readonly Finding[];
  /** The tree has the form that the schema says. */
  readonly isSound: boolean;
  /** The tree was made by the reader of plain YAML. */
  readonly isPlain: boolean;
}

export interface LoadedTopology {
  /** All files merged; null where one of them is no YAML map. */
  readonly root: MapValue | null;
  readonly files: readonly SourceText[];
  readonly places: Places;
  /** What is wrong so far; later stages add theirs. */
  readonly findings: Finding[];
  /** Where the same topology is read again and again. */
  readonly routeRecall?: RouteRecall;
}

/** Reads the files that paths name: files, directories of `*.yaml` and `*.yml`, or `-` for stdin. */
export function loadTopology(paths: readonly string[]): LoadedTopology {
  return parseTopology(readFiles(paths));
}

/** The bytes of the files that paths name. */
export function readFiles(paths: readonly string[]): FileContents[] {
  return paths.flatMap(filesOf).map((name) => ({ name, bytes: readBytes(name) }));
}

/** Parses files that are already in memory. */
export function parseTopology(contents: readonly FileContents[]): LoadedTopology {
  return joinFiles(contents.map(loadFile));
}

/** Parses one file: most by the reader of plain YAML, what that declines by the library. */
export function loadFile({ name, bytes }: FileContents): LoadedFile {
  const text = decode(bytes);
  const findings: Finding[] = [];
  let tree: ParsedTree | null = null;
  let isPlain = false;
  if (bytes === null) {
    const message = `the file is larger than ${MAX_FILE_BYTES / 2 ** 20} MB`;
    addFinding(findings, 'tooBig', placeAt(0, 0), message);
  } else if (!isUtf8(bytes)) {
    addFinding(findings, 'encoding', placeAt(0, 0), 'the file is not valid UTF-8');
  } else {
    tree = readPlainYaml(text);
    isPlain = tree !== null;
    tree ??= parseYaml(text, findings);
  }
  const sound = tree !== null && isSound(tree.root);
  return { name, bytes, text, lineStarts: lineStartsOf(text), tree, findings, isSound: sound, isPlain };
}

/** Parses a file of which a few lines changed, only those where they are entries of a list; null where it must be parsed whole. */
export function reloadFile(known: LoadedFile, { name, bytes }: FileContents): LoadedFile | null {
  if (known.tree === null || !known.isPlain || !known.isSound || bytes === null || !isUtf8(bytes))
    return null;
  const text = decode(bytes);
  const reread = rereadPlainYaml(known.text, known.tree, text);
  if (reread === null) return null;
  const { tree, fresh, lines } = reread;
  const lineStarts = moveLineStarts(known.lineStarts, text, lines);
  // What the schema says of a list it says of each entry alone, and of there being one: the others were sound before.
  return { ...known, name, bytes, text, lineStarts, tree, isSound: isSound(fresh) };
}

/** Most files are ASCII, which is text as it stands. */
function decode(bytes: Buffer | null): string {
  if (bytes === null) return '';
  return isAscii(bytes) ? bytes.toString('latin1') : bytes.toString('utf8');
}

/** Several files as one topology, in the order given. */
export function joinFiles(files: readonly LoadedFile[]): LoadedTopology {
  const places = new Places();
  const findings: Finding[] = [];
  const roots: MapValue[] = [];
  for (const [index, file] of files.entries()) {
    for (const finding of file.findings) findings.push(inFile(finding, index));
    places.addFile(file.tree?.notes ?? new NoteTaker().finish());
    if (file.tree === null) continue;
    roots.push(file.tree.root);
    if (!file.isSound) findSchemaFaults(file.tree.root, places, findings);
  }
  const whole = roots.length === files.length && roots.length > 0;
  return { root: whole ? mergeFiles(roots, places, findings) : null, files, places, findings };
}

/** A finding of a file read alone, as one of the file number `index`. */
function inFile(finding: Finding, index: number): Finding {
  const { place, other } = finding;
  return {
    ...finding,
    place: placeAt(index, offsetOf(place)),
    other: other === null ? null : placeAt(index, offsetOf(other)),
  };
}

function filesOf(path: string): string[] {
  if (path === '-') return ['-'];
  if (!statOf(path).isDirectory()) return [path];
  const names = attempt(path, () => readdirSync(path)).filter(
    (name) => !name.startsWith('.') && /\.ya?ml$/.test(name) && statOf(join(path, name)).isFile(),
  );
  if (names.length === 0) {
    throw new ReconcileError('file', `${path}: the directory has no *.yaml or *.yml file of its own`);
  }
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map((name) => join(path, name));
}

function readBytes(name: string): Buffer | null {
  if (name !== '-' && statOf(name).size > MAX_FILE_BYTES) return null;
  const bytes =
    name === '-' ? attempt('standard input', () => readFileSync(0)) : attempt(name, () => readFileSync(name));
  return bytes.length > MAX_FILE_BYTES ? null : bytes;
}

function statOf(path: string): { readonly size: number; isDirectory(): boolean; isFile(): boolean } {
  return attempt(path, () => statSync(path));
}

function attempt<Result>(subject: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    throw new ReconcileError('file', `${subject}: ${describe(cause)}`, { cause });
  }
}

function describe(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'ELOOP') return 'too many symbolic links';
  return `cannot be read (${code ?? 'unknown error'})`;
}
