// The reference of the topology format: tables of keys made from the JSON Schema, put into a page between its prose.
// A table stands under a comment that names its place in the schema, `<!-- keys: #/$defs/host -->`.
import { ReconcileError } from '../errors.ts';

/** What is used of JSON Schema here. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
}

const marker = /^<!-- keys: (#\/\S+|#) -->$/;

/** The page with every table made anew from the schema; the rest is kept. */
export function fillReference(page: string, schema: SchemaNode): string {
  const lines: string[] = [];
  let inTable = false;
  for (const line of page.split('\n')) {
    if (inTable && line.startsWith('|')) continue;
    inTable = false;
    lines.push(line);
    const place = marker.exec(line)?.[1];
    if (place === undefined) continue;
    lines.push(...keyTable(schema, nodeAt(schema, place)));
    inTable = true;
  }
  return lines.join('\n');
}

function keyTable(schema: SchemaNode, node: SchemaNode): string[] {
  const required = new Set(node.required);
  const rows = Object.entries(node.properties ?? {}).map(([key, value]) => {
    const name = required.has(key) ? `\`${key}\` (required)` : `\`${key}\``;
    return `| ${name} | ${meaning(schema, value)} |`;
  });
  return ['| key | meaning |', '| --- | --- |', ...rows];
}

/** The description, with what the schema itself says of values and the prose does not. */
function meaning(schema: SchemaNode, node: SchemaNode): string {
  const whole = { ...(node.$ref === undefined ? {} : nodeAt(schema, node.$ref)), ...node };
  const parts = [node.description ?? whole.description ?? ''];
  if (whole.enum !== undefined) parts.push(`One of ${whole.enum.map((value) => `\`${value}\``).join(', ')}.`);
  if (whole.minimum !== undefined && whole.maximum !== undefined)
    parts.push(`${whole.minimum}-${whole.maximum}.`);
  if (whole.default !== undefined && whole.default !== false) parts.push(`Default: \`${whole.default}\`.`);
  return parts.join(' ').replaceAll('|', '\\|');
}

/** The node at a place such as `#/$defs/link/properties/addresses/items`. */
function nodeAt(schema: SchemaNode, place: string): SchemaNode {
  let node: unknown = schema;
  for (const part of place.split('/').slice(1))
    node = (node as Readonly<Record<string, unknown>> | undefined)?.[part];
  if (typeof node !== 'object' || node === null)
    throw new ReconcileError('usage', `the schema has nothing at ${place}`);
  return node;
}
