// The order of maps in a file changes nothing; that of its address lists does.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { DesiredNetwork } from '../../src/state/network.ts';
import { linesOf, networkOf } from './describe.ts';

/** A value with the keys of every map in another order, drawn by `random` (0 to 1). */
function shuffle(value: unknown, random: () => number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffle(item, random));
  if (typeof value !== 'object' || value === null) return value;
  const ranked = Object.entries(value).map((entry) => ({ entry, rank: random() }));
  ranked.sort((a, b) => a.rank - b.rank);
  return Object.fromEntries(ranked.map(({ entry: [key, of] }) => [key, shuffle(of, random)]));
}

/** A network as text, order and all, without the places. */
function print(network: DesiredNetwork): string {
  const { files: _, ...rest } = network;
  return JSON.stringify(rest, (key, value) =>
    key === 'source' ? undefined : value instanceof Map ? [...value] : value,
  );
}

const octet = fc.integer({ min: 1, max: 250 });
const topology = fc
  .record({
    hosts: fc.integer({ min: 1, max: 4 }),
    workloads: fc.uniqueArray(fc.tuple(octet, octet), { maxLength: 8, selector: (pair) => pair.join() }),
    modes: fc.array(fc.constantFrom('proxy-arp', 'neighbour', 'address'), { minLength: 8, maxLength: 8 }),
    routes: fc.uniqueArray(octet, { maxLength: 5 }),
  })
  .map(({ hosts, workloads, modes, routes }) => {
    const names = Array.from({ length: hosts }, (_, index) => `h${index}`);
    const named = <Item>(items: readonly [string, Item][]): Record<string, Item> => Object.fromEntries(items);
    return {
      name: 'random',
      hosts: named(
        names.map((name, index) => [
          name,
          { netns: name, uplink: { dev: 'up', address: `192.0.2.${index + 1}/24` } },
        ]),
      ),
      underlay: { lan: { hosts: names } },
      workloads: named(
        workloads.map(([a, b], index) => [
          String(index % 2 === 0 ? index : `w${index}`),
          { host: `h${a % hosts}`, address: `10.0.${a}.${b}`, gatewayMode: modes[index] },
        ]),
      ),
      netns: {
        extra: {
          links: named(
            routes.map((at) => [
              `br${at}`,
              { kind: 'bridge', addresses: [`10.9.${at}.1/24`, `10.8.${at}.1/24`] },
            ]),
          ),
          routes: routes.map((at) => ({ dst: `10.7.${at}.0/24`, dev: `br${at}` })),
        },
      },
    };
  });

describe('expansion', () => {
  it('is the same for every order of the maps', () => {
    fc.assert(
      fc.property(topology, fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (value, draws) => {
        const shuffled = shuffle(value, () => draws.next().value);
        expect(print(networkOf(stringify(shuffled)))).toBe(print(networkOf(stringify(value))));
      }),
      { numRuns: 100 },
    );
  });

  it.each(readdirSync('topologies').filter((name) => name.endsWith('.yaml')))(
    'is the same for %s turned around',
    (name) => {
      const value: unknown = parse(readFileSync(join('topologies', name), 'utf8'));
      let rank = 0;
      const reversed = shuffle(value, () => --rank);
      expect(print(networkOf(stringify(reversed)))).toBe(print(networkOf(stringify(value))));
    },
  );

  it('keeps the order of addresses', () => {
    const text = 'name: x\nnetns: { n: { links: { lo: { addresses: [10.0.0.2/24, 10.0.0.1/24] } } } }\n';
    expect(linesOf(text, 'n').slice(1)).toEqual([
      'address 10.0.0.2/24 dev lo scope global',
      'address 10.0.0.1/24 dev lo scope global',
    ]);
  });
});
