// The schema's verdict in our words: wrong types, unknown and missing keys, values out of range, each with its place.
// Patterns are for editors only: what an address or a name is, the model's readers say more precisely.
import type { ErrorObject } from 'ajv/dist/2020.js';
import type { Place } from '../state/place.ts';
import { quote } from './model/scalars.ts';
import { schemaErrors } from './schema.ts';
import { addFinding, type Finding, type ProblemCode } from './source/findings.ts';
import { didYouMean, nearestOf } from './source/suggest.ts';
import {
  isList,
  isMap,
  itemPlace,
  keyPlace,
  type MapValue,
  type Places,
  placeOf,
  type Value,
  valuePlace,
} from './source/tree.ts';

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: '`true` or `false`',
  array: 'a list',
  object: 'a map',
};

/** Adds a finding for every departure of one file's value from the schema. */
export function findSchemaFaults(root: MapValue, places: Places, findings: Finding[]): void {
  for (const error of schemaErrors(root)) addFault(error, root, places, findings);
}

interface Fault {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string | null;
}

function addFault(error: ErrorObject, root: MapValue, places: Places, findings: Finding[]): void {
  const { value, place } = resolve(root, error.instancePath, places);
  const fault = faultOf(error, value, error.instancePath.slice(error.instancePath.lastIndexOf('/') + 1));
  if (fault === null) return;
  const key = error.keyword === 'additionalProperties' ? String(error.params.additionalProperty) : null;
  const at = key !== null && isMap(value) ? keyPlace(places, value, key) : place;
  addFinding(findings, fault.code, at, fault.message, { hint: fault.hint ?? null });
}

/** The fault of a value that stands under a key. */
function faultOf(error: ErrorObject, value: Value, under: string): Fault | null {
  const found = `found ${describe(value)}`;
  switch (error.keyword) {
    case 'type':
      return typeFault(error, value, under);
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys((error.parentSchema?.properties ?? {}) as object);
      const hint = unspaced(key, known) ?? didYouMean(key, known) ?? `the keys here are ${known.join(', ')}`;
      return { code: 'unknownKey', message: `unknown key ${quote(key)}`, hint };
    }
    case 'required': {
      const key = String(error.params.missingProperty);
      // A misspelled key is spoken of as such.
      if (isMap(value) && nearestOf(key, Object.keys(value)) !== null) return null;
      return { code: 'missingKey', message: `the key \`${key}\` is missing` };
    }
    case 'enum': {
      const allowed = (error.params.allowedValues as unknown[]).map(String);
      const hint = typeof value === 'string' ? didYouMean(value, allowed) : null;
      return { code: 'notAllowed', message: `expected one of ${allowed.join(', ')}, ${found}`, hint };
    }
    case 'minimum':
    case 'maximum': {
      const { minimum = 0, maximum } = error.parentSchema as { minimum?: number; maximum?: number };
      const range = maximum === undefined ? `at least ${minimum}` : `${minimum}-${maximum}`;
      return { code: 'outOfRange', message: `expected a number of ${range}, ${found}` };
    }
    case 'minItems':
      return { code: 'missingKey', message: 'expected a list that is not empty' };
    default:
      return null;
  }
}

/** A hint for `address:10.0.0.1` and `address 10.0.0.1`, which YAML takes for one long key; null for other keys. */
function unspaced(key: string, known: readonly string[]): string | null {
  const [, name, value] = /^(\w+)[: ]\s*(\S.*)$/.exec(key) ?? [];
  return name !== undefined && known.includes(name) ? `did you mean \`${name}: ${value}\`?` : null;
}

function typeFault(error: ErrorObject, value: Value, under: string): Fault {
  const expected = [error.params.type as string | string[]].flat();
  const names = expected.map((type) => typeNames[type]).join(' or ');
  const message = `expected ${names}, found ${describe(value)}`;
  return { code: 'wrongType', message, hint: typeHint(expected, value, under, error.parentSchema ?? {}) };
}

type Schema = Readonly<Record<string, unknown>>;

/** What was called true and false before YAML 1.2. */
const oldBooleans: Readonly<Record<string, boolean>> = { yes: true, on: true, no: false, off: false };

function typeHint(expected: readonly string[], value: Value, under: string, schema: Schema): string | null {
  if (value === null) return 'write a value, or leave the key out';
  if (expected.includes('string')) {
    if (isList(value)) return under === 'address' ? 'did you mean `addresses`?' : null;
    return isMap(value) ? null : 'put it in quotes';
  }
  if (expected.includes('boolean') && typeof value === 'string') {
    const meant = oldBooleans[value.toLowerCase()];
    return meant === undefined ? null : `did you mean \`${meant}\`?`;
  }
  if (expected.includes('array')) return 'even one stands in brackets: `[ … ]`';
  if (!expected.includes('object')) return null;
  const isOfNames = isList(value) && typeof schema.additionalProperties === 'object';
  return isOfNames
    ? 'names are keys here: `NAME: { … }`, without a dash'
    : 'a map looks like `{ key: value }`';
}

/** The value a JSON pointer names, and where it stands. */
function resolve(root: MapValue, pointer: string, places: Places): { value: Value; place: Place } {
  let value: Value = root;
  let place = placeOf(places, root);
  for (const escaped of pointer.split('/').slice(1)) {
    const step = escaped.replaceAll('~1', '/').replaceAll('~0', '~');
    if (isList(value)) {
      place = itemPlace(places, value, Number(step));
      value = value[Number(step)] ?? null;
    } else if (isMap(value)) {
      place = valuePlace(places, value, step);
      value = value[step] ?? null;
    }
  }
  return { value, place };
}

function describe(value: Value): string {
  if (value === null) return 'nothing';
  if (isList(value)) return 'a list';
  if (isMap(value)) return 'a map';
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' ? `the number ${value}` : `\`${value}\``;
}
