// The published schema: it describes every property, agrees with the validator of the program, and takes the examples.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { isSound, schemaErrors, topologySchema } from '../../src/topology/schema.ts';

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

/** Sound values that together use most of the format. */
const samples = [...readdirSync('topologies').filter((name) => name.endsWith('.yaml'))].map((name): unknown =>
  parse(readFileSync(join('topologies', name), 'utf8')),
);
samples.push({
  name: 'x',
  netns: {
    a: {
      links: {
        d: { kind: 'bridge', mtu: 1500, addresses: ['10.0.0.1/24', { address: '10.0.0.2' }], rpFilter: 0 },
      },
      routes: [{ dst: '10.0.0.0/8', nexthops: [{ via: '10.0.0.1', weight: 2 }], table: 'main', scope: 200 }],
      sysctls: { 'net.ipv4.ip_forward': true },
    },
  },
});

/** Puts another value in the place of one of those inside, or takes it away. */
function replaceOne(value: unknown, which: number, by: unknown): void {
  const slots: [Record<string, unknown>, string][] = [];
  const walk = (inside: unknown): void => {
    if (typeof inside !== 'object' || inside === null) return;
    for (const key of Object.keys(inside)) {
      slots.push([inside as Record<string, unknown>, key]);
      walk((inside as Record<string, unknown>)[key]);
    }
  };
  walk(value);
  const [holder, key] = slots[which % slots.length]!;
  if (which % 3 > 0 || Array.isArray(holder)) holder[key] = by;
  else delete holder[key];
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
    expect(isSound(value)).toBe(true);
  });

  it('has a predicate that agrees with the validator on any value', () => {
    const keys = propertiesOf(topologySchema).map(([path]) => path.slice(path.lastIndexOf('/') + 1));
    const scalar = fc.oneof(
      fc.constantFrom<unknown>('x', 'none', 'full', 'veth', 'unicast', '', null, true, 1, 0, -1, 68, 1.5),
      fc.constantFrom<unknown>(1e21, 4294967296, Number.NaN, Number.POSITIVE_INFINITY),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        scalar,
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom(...keys, 'a', 'constructor'), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (any) => isSound(any) === (schemaErrors(any).length === 0)),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.nat(), value, (sample, which, any) => {
        const copy = structuredClone(sample);
        replaceOne(copy, which, any);
        return isSound(copy) === (schemaErrors(copy).length === 0);
      }),
      { numRuns: 3000 },
    );
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
