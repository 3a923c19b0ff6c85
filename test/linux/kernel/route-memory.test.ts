// Routes read again: the same list where nothing differs, and what a reading without memory gives where something does.
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NLM_F_DUMP_INTR } from '../../../src/kernel/constants.ts';
import * as libc from '../../../src/kernel/libc.ts';
import { Machine } from '../../../src/kernel/machine.ts';
import { readLinks } from '../../../src/kernel/observe.ts';
import { type RouteInterest, readRoutes } from '../../../src/kernel/observe-routes.ts';
import { RouteMemory } from '../../../src/kernel/route-memory.ts';
import type { ObservedRoute } from '../../../src/state/route.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

vi.mock('../../../src/kernel/libc.ts', async (original) => {
  const real = await original<typeof libc>();
  return { ...real, receive: vi.fn(real.receive) };
});

let machine: Machine;
let memory: RouteMemory;
let interest: RouteInterest;

beforeEach(requires('ip'));

beforeEach(() => {
  freshMachine();
  sh('ip link add va type veth peer vb; ip link set va up; ip link set vb up');
  machine = Machine.open();
  memory = new RouteMemory();
  interest = { protocols: new Set([200]), keys: new Set() };
});

afterEach(() => {
  machine.close();
  vi.mocked(libc.receive).mockRestore();
});

const names = (): Map<number, string> =>
  new Map(readLinks(machine.self).map((link) => [link.ifindex, link.name]));
const again = (): readonly ObservedRoute[] => {
  const marks = { name: 'self', madeBy: null, claims: [] };
  return memory.reader(() => interest)(machine.self, names(), marks).routes;
};
const anew = (): readonly ObservedRoute[] => {
  const known = names();
  return readRoutes(machine.self, (ifindex) => known.get(ifindex) ?? null);
};
/** Enough for several datagrams. */
const thousand = (rest: string): void => {
  const lines = Array.from(
    { length: 1000 },
    (_, at) => `route add 10.${at >> 8}.${at & 255}.0/24 dev va ${rest}`,
  );
  sh(`printf '${lines.join('\\n')}\\n' | ip -batch -`);
};

describe('a memory of routes', () => {
  it('gives the very same list while nothing differs', () => {
    thousand('');
    const first = again();
    expect(first).toEqual(anew());
    expect(again()).toBe(first);
    expect(first.length).toBeGreaterThan(1000);
  });

  it('sees one route among a thousand that changed in place', () => {
    thousand('metric 5');
    const first = again();
    sh('ip route replace 10.2.7.0/24 dev vb metric 5');
    expect(again()).toEqual(anew());
    expect(again()).not.toBe(first);
    expect(again().find(({ dst }) => dst === 0x0a020700)?.dev).toBe('vb');
  });

  it('sees that a link bears another name', () => {
    thousand('');
    again();
    sh('ip link set va down; ip link set va name vc; ip link set vc up; ip route add 10.9.9.0/24 dev vc');
    expect(again()).toEqual(anew());
  });

  it('reads what a namespace says that has none left', () => {
    thousand('');
    again();
    sh('ip route flush table main; ip -6 route flush table main');
    expect(again()).toEqual([]);
  });

  it('where others have very many, asks for ours alone the second time', () => {
    const table = Array.from(
      { length: 12_000 },
      (_, at) => `route add 44.${at >> 8}.${at & 255}.0/24 dev va\n`,
    );
    writeFileSync('/run/table', table.join(''));
    sh(
      'ip -batch /run/table; ip route add 10.1.0.0/24 dev va proto 200; ip -6 route add fd00:1::/64 dev va proto 200',
    );
    expect(again().length).toBeGreaterThan(10_000);
    const second = again();
    expect(second.map(({ dst, protocol }) => [dst, protocol])).toEqual([
      [0x0a010000, 200],
      ['fd00:1::', 200],
    ]);
    expect(again()).toBe(second);
    sh('ip route del 10.1.0.0/24');
    expect(again().map(({ dst }) => dst)).toEqual(['fd00:1::']);
  });

  it('begins anew where a change interrupted the dump, and keeps nothing of it', () => {
    thousand('');
    let armed = true;
    const receive = vi.mocked(libc.receive).getMockImplementation()!;
    vi.mocked(libc.receive).mockImplementation((fd, buffer) => {
      const length = receive(fd, buffer);
      if (armed && length > 20_000) {
        buffer.writeUInt16LE(buffer.readUInt16LE(6) | NLM_F_DUMP_INTR, 6);
        armed = false;
      }
      return length;
    });
    const first = again();
    expect(armed).toBe(false);
    expect(first).toEqual(anew());
    expect(again()).toBe(first);
  });

  it('gives after any changes what a reading without it gives', () => {
    const change = fc.record({
      verb: fc.constantFrom('replace', 'append', 'del', 'prepend'),
      dst: fc.integer({ min: 0, max: 40 }),
      family: fc.constantFrom(4, 6),
      dev: fc.constantFrom('va', 'vb', 'lo'),
    });
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 12 }), { maxLength: 6 }), (rounds) => {
        for (const round of rounds) {
          for (const { verb, dst, family, dev } of round) {
            const prefix = family === 4 ? `10.1.${dst}.0/24` : `fd00:${dst}::/64`;
            sh(`ip -${family} route ${verb} ${prefix} dev ${dev} 2>/run/ip-errors || true`);
          }
          expect(again()).toEqual(anew());
        }
      }),
      { numRuns: 12 },
    );
  });
});
