// Whatever a file holds, reading it ends in a network or in problems with places, never in another error.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { ReconcileError, TopologyError } from '../../src/errors.ts';
import { topologySchema } from '../../src/topology/schema.ts';
import { networkOf } from './describe.ts';

function check(text: string): void {
  try {
    networkOf(text, { hostname: 'h0' });
  } catch (error) {
    expect(error).toBeInstanceOf(ReconcileError);
    if (!(error instanceof TopologyError)) return;
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { line, column, message } of error.problems) {
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
      expect(message).not.toMatch(/undefined|\[object|NaN/);
    }
  }
}

/** Every key that the format knows, so that random maps are near misses rather than noise. */
const keys = [...JSON.stringify(topologySchema).matchAll(/"([a-zA-Z]{2,16})":\{/g)].map((match) => match[1]!);
const scalar = fc.oneof(
  fc.constantFrom(
    '10.0.0.1',
    '10.0.0.1/24',
    '10.0.0.0/8',
    'default',
    'fe80::1',
    '::/0',
    'h0',
    'self',
    'lo',
    'eth0',
    'veth',
  ),
  fc.constantFrom(
    'bridge',
    'existing',
    'none',
    'full',
    '__proto__',
    'constructor',
    'ee:ee:ee:ee:ee:ee',
    '',
    ' ',
  ),
  fc.constantFrom<number | boolean | null>(0, 1, 255, -1, 1.5, 1e21, true, false, null),
);
const tree = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 6 }, scalar, fc.array(tie('value'), { maxLength: 3 }), tie('map')),
  map: fc.dictionary(
    fc.oneof(fc.constantFrom(...keys), fc.constantFrom('h0', 'eth0', 'lo', 'self', 'constructor', '1')),
    tie('value'),
    {
      maxKeys: 5,
    },
  ),
})).map;

describe('reading', () => {
  it('survives any map of known words', () => {
    fc.assert(
      fc.property(tree, (value) => check(stringify(value))),
      { numRuns: 500 },
    );
  });

  const examples = readdirSync('topologies').filter((name) => name.endsWith('.yaml'));
  it.each(examples)('survives %s with pieces cut, doubled and swapped', (name) => {
    const text = readFileSync(join('topologies', name), 'utf8');
    const at = fc.nat({ max: text.length });
    fc.assert(
      fc.property(at, at, at, fc.boolean(), (a, b, c, keep) => {
        const [from, to] = [Math.min(a, b), Math.min(text.length, Math.min(a, b) + (Math.max(a, b) % 40))];
        const piece = text.slice(from, to);
        const rest = keep ? text : text.slice(0, from) + text.slice(to);
        check(rest.slice(0, c) + piece + rest.slice(c));
      }),
      { numRuns: 150 },
    );
  });
});
