// The JSON Schema of the topology format, as it is published and as the judge of a value. The validator is loaded
// and compiled at its first use.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

/** The schema (JSON Schema 2020-12), as editors read it. */
export const topologySchema: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(new URL('../../schemas/topology.schema.json', import.meta.url), 'utf8'),
);

let compiled: ValidateFunction | null = null;

/** Every way in which a value departs from the schema, in the validator's terms. */
export function schemaErrors(value: unknown): readonly ErrorObject[] {
  compiled ??= compile();
  compiled(value);
  return compiled.errors ?? [];
}

function compile(): ValidateFunction {
  const module = createRequire(import.meta.url)('ajv/dist/2020.js') as { readonly Ajv2020: typeof Ajv2020 };
  const ajv = new module.Ajv2020({
    allErrors: true,
    verbose: true,
    allowUnionTypes: true,
    meta: false,
    validateSchema: false,
  });
  const { $schema: _, ...schema } = topologySchema;
  return ajv.compile(schema);
}
