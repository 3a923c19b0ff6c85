// The published schema: it describes every property, agrees with the validator of the program, and takes the examples.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { schemaErrors, topologySchema } from '../../src/topology/schema.ts';

type Schema = Readonly<Record<string, unknown>>;

/** Every property of a schema and of those inside it, by path. */
function propertiesOf(schema: unknown, path = ''): [path: string, schema: Schema][] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key !== 'properties') return propertiesOf(value, `${path}/${key}`);
    return Object.entries(value as Schema).flatMap(([name, property]): [string, Schema][] => [
      [`${path}/${name}`, property as Schema],
      ...propertiesOf(property, `${path}/${name}`),
    ]);
  });
}

const published = new Ajv2020({ allowUnionTypes: true }).compile(topologySchema);

describe('the schema', () => {
  it('describes every property in a sentence', () => {
    const properties = propertiesOf(topologySchema);
    expect(properties.length).toBeGreaterThan(80);
    for (const [path, { description }] of properties) expect(description, path).toMatch(/^[A-Z`(].*\.$/s);
  });

  it.each(readdirSync('topologies').filter((name) => name.endsWith('.yaml')))('takes %s', (name) => {
    const value = parse(readFileSync(join('topologies', name), 'utf8'));
    expect(published(value), JSON.stringify(published.errors)).toBe(true);
    expect(schemaErrors(value)).toEqual([]);
  });

  it.each([
    ['an address', { name: 'x', workloads: { a: { address: '10.0.0.256' } } }],
    ['an interface name', { name: 'x', workloads: { a: { address: '10.0.0.1', dev: 'all' } } }],
    ['a name', { name: 'x', hosts: { '../x': {} } }],
    ['a sysctl', { name: 'x', netns: { a: { sysctls: { 'kernel.panic': 1 } } } }],
    ['a hardware address', { name: 'x', workloads: { a: { address: '10.0.0.1', mac: 'ee' } } }],
  ])('shows an editor that this is no %s', (_, value) => {
    expect(published(value)).toBe(false);
  });
});
