// YAML 1.2 text to plain values with places. The one file that knows the YAML library: another reader of the same
// signature can stand in its place. Refuses what a topology has no use for: several documents, `<<`, keys that are
// not plain words, and texts that unfold to far more than they are.
import {
  type Alias,
  isAlias,
  isCollection,
  isMap as isMapNode,
  isScalar,
  isSeq as isSeqNode,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Place, placeAt } from '../../state/place.ts';
import { addFinding, type Finding } from './findings.ts';
import { buildMap, isMap, type MapValue, type Places, type Value } from './tree.ts';
import { describeYamlError } from './yaml-errors.ts';

const MAX_DEPTH = 64;
const MAX_ALIAS_EXPANSION = 10;
/** Below this many values unfolded, aliases are never too many. */
const ALIAS_FREE = 1000;
/** Of one broken file, later errors are mostly echoes of the first. */
const MAX_SYNTAX_ERRORS = 20;

interface Anchor {
  readonly value: Value;
  /** How many values it unfolds to. */
  readonly size: number;
}

interface Conversion {
  readonly fileIndex: number;
  readonly places: Places;
  readonly findings: Finding[];
  /** By name; null while what the anchor names is still being read. */
  readonly anchors: Map<string, Anchor | null>;
  /** Values written in the text. */
  written: number;
  /** Values after every alias is unfolded. */
  unfolded: number;
}

/** Reads one file's text; null, and at least one finding, where it is no map that can be worked with. */
export function parseYaml(
  text: string,
  fileIndex: number,
  places: Places,
  findings: Finding[],
): MapValue | null {
  const before = findings.length;
  const contents = parseDocument(text, fileIndex, findings);
  if (contents === null) return null;
  const conversion: Conversion = { fileIndex, places, findings, anchors: new Map(), written: 0, unfolded: 0 };
  const value = convert(conversion, contents, 1, placeAt(fileIndex, contents.range[0]));
  if (conversion.unfolded > Math.max(ALIAS_FREE, MAX_ALIAS_EXPANSION * conversion.written)) {
    addFinding(
      findings,
      'alias',
      placeAt(fileIndex, 0),
      `the file's aliases unfold to ${conversion.unfolded} values, more than ${MAX_ALIAS_EXPANSION} times what is written`,
    );
  }
  if (isMap(value)) return findings.length === before ? value : null;
  if (findings.length === before) {
    const place = placeAt(fileIndex, contents.range[0]);
    addFinding(findings, 'wrongType', place, 'a topology is a map of keys such as `name` and `workloads`');
  }
  return null;
}

function parseDocument(text: string, fileIndex: number, findings: Finding[]): ParsedNode | null {
  const start = placeAt(fileIndex, 0);
  try {
    const documents = parseAllDocuments(text, {
      version: '1.2',
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    const errors = documents.flatMap((document) => [...document.errors, ...document.warnings]);
    for (const error of errors.slice(0, MAX_SYNTAX_ERRORS)) {
      const { code, offset, message, hint } = describeYamlError(error, text);
      addFinding(findings, code, placeAt(fileIndex, offset), message, { hint });
    }
    if (errors.length > 0) return null;
    const second = documents[1];
    if (second !== undefined) {
      const offset = second.contents?.range[0] ?? second.range[0];
      addFinding(
        findings,
        'severalDocuments',
        placeAt(fileIndex, offset),
        'a second YAML document begins here',
        {
          hint: 'remove the `---` before it, or put it in a file of its own',
        },
      );
      return null;
    }
    const contents = documents[0]?.contents ?? null;
    if (contents === null || (isScalar(contents) && contents.value === null)) {
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

function convert(conversion: Conversion, node: ParsedNode | null, depth: number, place: Place): Value {
  conversion.written++;
  if (node === null) {
    conversion.unfolded++;
    return null;
  }
  if (isAlias(node)) return resolveAlias(conversion, node, place);
  const anchor = isScalar(node) || isCollection(node) ? node.anchor : undefined;
  if (anchor === undefined) return convertHere(conversion, node, depth, place);
  const before = conversion.unfolded;
  conversion.anchors.set(anchor, null);
  const value = convertHere(conversion, node, depth, place);
  conversion.anchors.set(anchor, { value, size: conversion.unfolded - before });
  return value;
}

function convertHere(conversion: Conversion, node: ParsedNode, depth: number, place: Place): Value {
  conversion.unfolded++;
  if (depth > MAX_DEPTH) {
    addFinding(conversion.findings, 'tooDeep', place, `values are nested deeper than ${MAX_DEPTH} levels`);
    return null;
  }
  if (isMapNode(node)) return convertMap(conversion, node, depth, place);
  if (isSeqNode(node)) return convertList(conversion, node, depth, place);
  const value = (node as { readonly value: unknown }).value;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function convertList(conversion: Conversion, node: YAMLSeq, depth: number, place: Place): Value {
  const noted = [place];
  const list: Value[] = [];
  for (const item of node.items as (ParsedNode | null)[]) {
    const at = item === null ? place : placeAt(conversion.fileIndex, item.range[0]);
    noted.push(at);
    list.push(convert(conversion, item, depth + 1, at));
  }
  conversion.places.set(list, noted);
  return list;
}

function convertMap(conversion: Conversion, node: YAMLMap, depth: number, place: Place): Value {
  const { fileIndex, findings } = conversion;
  const entries: [string, Place, Value, Place][] = [];
  const seen = new Map<string, Place>();
  for (const { key, value } of node.items as { key: ParsedNode | null; value: ParsedNode | null }[]) {
    const at = placeAt(fileIndex, key?.range[0] ?? node.range?.[0] ?? 0);
    const name = isScalar(key) ? (key.source ?? String(key.value)) : null;
    if (name === null || name === '__proto__') {
      addFinding(findings, 'unknownKey', at, 'a key is one plain word');
      continue;
    }
    if (name === '<<') {
      addFinding(findings, 'mergeKey', at, '`<<` is not part of YAML 1.2', {
        hint: 'write the keys out, or name a whole value with an alias: `key: *anchor`',
      });
      continue;
    }
    const first = seen.get(name);
    if (first !== undefined) {
      addFinding(findings, 'duplicateKey', at, `the key \`${name}\` stands twice in one map`, {
        other: first,
      });
      continue;
    }
    seen.set(name, at);
    const valueAt = value === null || isUnmarked(value) ? at : placeAt(fileIndex, value.range[0]);
    entries.push([name, at, convert(conversion, value, depth + 1, valueAt), valueAt]);
  }
  return buildMap(conversion.places, place, entries);
}

/** Whether a value begins with no character of its own, so that its key is the place to show: a block, or nothing. */
function isUnmarked(node: ParsedNode): boolean {
  if (isCollection(node)) return node.flow !== true;
  return isScalar(node) && node.source === '';
}

function resolveAlias(conversion: Conversion, alias: Alias, place: Place): Value {
  const anchor = conversion.anchors.get(alias.source);
  if (anchor === undefined || anchor === null) {
    const message = anchor === null ? 'stands inside what it names' : 'names nothing that stands before it';
    addFinding(conversion.findings, 'alias', place, `the alias \`*${alias.source}\` ${message}`);
    return null;
  }
  conversion.unfolded += anchor.size;
  return anchor.value;
}
