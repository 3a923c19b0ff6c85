// The JSON Schema of the topology format, as it is published and as the judge of a value. What is sound is told by a
// predicate; the validator that says what is wrong is loaded and compiled when something is.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { packageFile } from '../package-file.ts';
import { compileCheck } from './schema-check.ts';

type Schema = Readonly<Record<string, unknown>>;

/** The schema (JSON Schema 2020-12), as editors read it. */
export const topologySchema: Schema = JSON.parse(
  readFileSync(packageFile('schemas/topology.schema.json'), 'utf8'),
);

/** What is for editors alone: the model's readers judge the form of names and addresses, and say more about it. */
const forEditors: ReadonlySet<string> = new Set([
  '$schema',
  '$defs',
  'description',
  'title',
  'default',
  'pattern',
  'propertyNames',
]);

let check: ReturnType<typeof compileCheck> | null = null;
let compiled: ValidateFunction | null = null;

/** Whether a value has the form that the schema says; patterns aside. */
export function isSound(value: unknown): boolean {
  check ??= compileCheck(bare(topologySchema));
  return check(value);
}

/** Every way in which a value departs from the schema, in the validator's terms; patterns aside. */
export function schemaErrors(value: unknown): readonly ErrorObject[] {
  compiled ??= compile();
  compiled(value);
  return compiled.errors ?? [];
}

function compile(): ValidateFunction {
  const module = createRequire(import.meta.url)('ajv/dist/2020.js') as { readonly Ajv2020: typeof Ajv2020 };
  const options = {
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    meta: false,
    validateSchema: false,
  };
  return new module.Ajv2020(options).compile(bare(topologySchema));
}

/**
 * A schema with its references replaced by what they name: across a reference the validator copies all errors found
 * so far, which takes half a minute for a list of a hundred thousand wrong items.
 */
function bare(schema: Schema): Schema {
  const { $ref, ...rest } = schema;
  const definitions = topologySchema.$defs as Record<string, Schema>;
  const named = typeof $ref === 'string' ? definitions[$ref.slice('#/$defs/'.length)] : undefined;
  const entries = Object.entries({ ...named, ...rest }).filter(([keyword]) => !forEditors.has(keyword));
  return Object.fromEntries(entries.map(([keyword, value]) => [keyword, bareValue(keyword, value)]));
}

function bareValue(keyword: string, value: unknown): unknown {
  if (keyword === 'properties') {
    return Object.fromEntries(
      Object.entries(value as Schema).map(([name, of]) => [name, bare(of as Schema)]),
    );
  }
  const holdsSchema =
    keyword === 'items' || (keyword === 'additionalProperties' && typeof value === 'object');
  return holdsSchema ? bare(value as Schema) : value;
}
