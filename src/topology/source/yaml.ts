// YAML 1.2 text to plain values with places, by the YAML library, which reads everything and explains what is wrong. It is
// loaded at its first use: most files are read by plain-yaml.ts. Refuses what a topology has no use for: several documents,
// `<<`, keys that are not plain words, and texts that unfold to far more than they are.
import { createRequire } from 'node:module';
import type { Alias, ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import { type Place, placeAt } from '../../state/place.ts';
import { addFinding, type Finding, type ProblemCode } from './findings.ts';
import { NoteTaker } from './places.ts';
import {
  buildMap,
  isList,
  isMap,
  type ListValue,
  type LocatedEntry,
  type MapValue,
  type ParsedTree,
  type Value,
} from './tree.ts';
import { describeYamlError } from './yaml-errors.ts';

/** Findings stand in a file that knows of no other; whoever reads several moves them. */
const ONLY_FILE = 0;
const MAX_DEPTH = 64;
const MAX_ALIAS_EXPANSION = 10;
/** Below this many values unfolded, aliases are never too many. */
const ALIAS_FREE = 1000;
/** Of one broken file, later errors are mostly echoes of the first. */
const MAX_SYNTAX_ERRORS = 20;

type Library = typeof import('yaml');

interface Anchor {
  readonly value: Value;
  /** How many values it unfolds to. */
  readonly size: number;
}

interface Conversion {
  readonly yaml: Library;
  readonly notes: NoteTaker;
  readonly findings: Finding[];
  /** By name; null while what the anchor names is still being read. */
  readonly anchors: Map<string, Anchor | null>;
  /** Values written in the text. */
  written: number;
  /** Values after every alias is unfolded. */
  unfolded: number;
}

/** Reads one file's text; null, and at least one finding, where it is no map that can be worked with. */
export function parseYaml(text: string, findings: Finding[]): ParsedTree | null {
  const yaml = createRequire(import.meta.url)('yaml') as Library;
  const before = findings.length;
  const contents = parseDocument(yaml, text, findings);
  if (contents === null) return null;
  const conversion: Conversion = {
    yaml,
    notes: new NoteTaker(),
    findings,
    anchors: new Map(),
    written: 0,
    unfolded: 0,
  };
  const value = convert(conversion, contents, 1, contents.range[0]);
  if (conversion.unfolded > Math.max(ALIAS_FREE, MAX_ALIAS_EXPANSION * conversion.written)) {
    addFinding(
      findings,
      'alias',
      placeAt(ONLY_FILE, 0),
      `the file's aliases unfold to ${conversion.unfolded} values, more than ${MAX_ALIAS_EXPANSION} times what is written`,
    );
  }
  if (isMap(value))
    return findings.length === before ? { root: value, notes: conversion.notes.finish() } : null;
  if (findings.length === before) {
    const place = placeAt(ONLY_FILE, contents.range[0]);
    addFinding(findings, 'wrongType', place, 'a topology is a map of keys such as `name` and `workloads`');
  }
  return null;
}

function parseDocument(yaml: Library, text: string, findings: Finding[]): ParsedNode | null {
  const start = placeAt(ONLY_FILE, 0);
  try {
    const documents = yaml.parseAllDocuments(text, {
      version: '1.2',
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    const errors = documents.flatMap((document) => [...document.errors, ...document.warnings]);
    const described = new Set<number>();
    for (const error of errors.slice(0, MAX_SYNTAX_ERRORS)) {
      const { code, offset, message, hint } = describeYamlError(error, text);
      if (described.has(offset)) continue; // one slip, of which the library makes several errors
      described.add(offset);
      addFinding(findings, code, placeAt(ONLY_FILE, offset), message, { hint });
    }
    if (errors.length > 0) return null;
    const second = documents[1];
    if (second !== undefined) {
      const offset = second.contents?.range[0] ?? second.range[0];
      addFinding(
        findings,
        'severalDocuments',
        placeAt(ONLY_FILE, offset),
        'a second YAML document begins here',
        {
          hint: 'remove the `---` before it, or put it in a file of its own',
        },
      );
      return null;
    }
    const contents = documents[0]?.contents ?? null;
    if (contents === null || (yaml.isScalar(contents) && contents.value === null)) {
      addFinding(findings, 'emptyFile', start, 'the file is empty; a topology has at least a `name`');
      return null;
    }
    return contents as ParsedNode;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    addFinding(findings, 'tooDeep', start, `values are nested deeper than ${MAX_DEPTH} levels`);
    return null;
  }
}

function convert(conversion: Conversion, node: ParsedNode | null, depth: number, offset: number): Value {
  const { yaml } = conversion;
  conversion.written++;
  if (node === null) {
    conversion.unfolded++;
    return null;
  }
  if (yaml.isAlias(node)) return resolveAlias(conversion, node, offset);
  const anchor = yaml.isScalar(node) || yaml.isCollection(node) ? node.anchor : undefined;
  if (anchor === undefined) return convertHere(conversion, node, depth, offset);
  const before = conversion.unfolded;
  conversion.anchors.set(anchor, null);
  const value = convertHere(conversion, node, depth, offset);
  conversion.anchors.set(anchor, { value, size: conversion.unfolded - before });
  return value;
}

function convertHere(conversion: Conversion, node: ParsedNode, depth: number, offset: number): Value {
  const { yaml } = conversion;
  conversion.unfolded++;
  if (depth > MAX_DEPTH) {
    addFault(conversion, 'tooDeep', offset, `values are nested deeper than ${MAX_DEPTH} levels`);
    return null;
  }
  if (yaml.isMap(node)) return convertMap(conversion, node as YAMLMap, depth, offset);
  if (yaml.isSeq(node)) return convertList(conversion, node as YAMLSeq, depth, offset);
  const value = (node as { readonly value: unknown }).value;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function convertList(conversion: Conversion, node: YAMLSeq, depth: number, offset: number): ListValue {
  const noted: number[] = [];
  const list: Value[] = [];
  for (const item of node.items as (ParsedNode | null)[]) {
    const at = item === null ? offset : item.range[0];
    noted.push(at);
    list.push(convert(conversion, item, depth + 1, at));
  }
  return noteContainer(conversion, list, list, offset, noted);
}

function convertMap(conversion: Conversion, node: YAMLMap, depth: number, offset: number): MapValue {
  const { yaml } = conversion;
  const entries: LocatedEntry[] = [];
  const seen = new Map<string, number>();
  for (const { key, value } of node.items as { key: ParsedNode | null; value: ParsedNode | null }[]) {
    const at = key?.range[0] ?? node.range?.[0] ?? 0;
    const name = yaml.isScalar(key) ? (key.source ?? String(key.value)) : null;
    if (name === null || name === '__proto__') {
      addFault(conversion, 'unknownKey', at, 'a key is one plain word');
      continue;
    }
    if (name === '<<') {
      addFault(conversion, 'mergeKey', at, '`<<` is not part of YAML 1.2', {
        hint: 'write the keys out, or name a whole value with an alias: `key: *anchor`',
      });
      continue;
    }
    const first = seen.get(name);
    if (first !== undefined) {
      addFault(conversion, 'duplicateKey', at, `the key \`${name}\` stands twice in one map`, {
        other: placeAt(ONLY_FILE, first),
      });
      continue;
    }
    seen.set(name, at);
    const valueAt = value === null || isUnmarked(yaml, value) ? at : value.range[0];
    entries.push([name, at, convert(conversion, value, depth + 1, valueAt), valueAt]);
  }
  const { map, noted } = buildMap(entries);
  return noteContainer(conversion, map, Object.values(map), offset, noted);
}

function noteContainer<Container extends object>(
  { notes }: Conversion,
  container: Container,
  values: readonly Value[],
  offset: number,
  noted: readonly number[],
): Container {
  const opened = notes.open(offset);
  for (const at of noted) notes.note(at);
  return notes.close(
    opened,
    container,
    values.some((value) => isMap(value) || isList(value)),
  );
}

/** Whether a value begins with no character of its own, so that its key is the place to show: a block, or nothing. */
function isUnmarked(yaml: Library, node: ParsedNode): boolean {
  if (yaml.isCollection(node)) return node.flow !== true;
  return yaml.isScalar(node) && node.type === 'PLAIN' && node.source === '';
}

function resolveAlias(conversion: Conversion, alias: Alias, offset: number): Value {
  const anchor = conversion.anchors.get(alias.source);
  if (anchor === undefined || anchor === null) {
    const message = anchor === null ? 'stands inside what it names' : 'names nothing that stands before it';
    addFault(conversion, 'alias', offset, `the alias \`*${alias.source}\` ${message}`);
    return null;
  }
  conversion.unfolded += anchor.size;
  return anchor.value;
}

function addFault(
  { findings }: Conversion,
  code: ProblemCode,
  offset: number,
  message: string,
  more: { readonly hint?: string; readonly other?: Place } = {},
): void {
  addFinding(findings, code, placeAt(ONLY_FILE, offset), message, more);
}
