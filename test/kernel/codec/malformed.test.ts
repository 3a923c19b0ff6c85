// Every parser against bytes that no kernel sends: captured messages cut short and with bytes changed. A parser that
// throws fails its test, one that does not end runs into the time limit.
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { parseAddress } from '../../../src/kernel/codec/address.ts';
import { parseEvent } from '../../../src/kernel/codec/event.ts';
import { parseLink } from '../../../src/kernel/codec/link.ts';
import { parseNamespaceId } from '../../../src/kernel/codec/namespace-id.ts';
import { parseFdbEntry, parseNeighbour } from '../../../src/kernel/codec/neighbour.ts';
import { parseNeighbourTable } from '../../../src/kernel/codec/neighbour-table.ts';
import { parseNetconf } from '../../../src/kernel/codec/netconf.ts';
import { parseRoute } from '../../../src/kernel/codec/route.ts';
import { captured, nameOf } from '../captured.ts';

type Parse = (buffer: Buffer, start: number, end: number) => unknown;

const parsers: Readonly<Record<string, Parse>> = {
  parseLink,
  parseAddress: (buffer, start, end) => parseAddress(buffer, start, end, nameOf),
  parseNeighbour: (buffer, start, end) => parseNeighbour(buffer, start, end, nameOf),
  parseFdbEntry: (buffer, start, end) => parseFdbEntry(buffer, start, end, nameOf),
  parseRoute: (buffer, start, end) => parseRoute(buffer, start, end, nameOf),
  parseNeighbourTable,
  parseNetconf,
  parseNamespaceId,
  parseEvent: (buffer, start, end) => (end - start < 4 ? null : parseEvent(buffer, start - 16, nameOf)),
};

const messages = [...captured('answers').values(), ...captured('requests').values()].flat();

const mutated = fc
  .record({
    message: fc.constantFrom(...messages),
    edits: fc.array(fc.tuple(fc.nat({ max: 2000 }), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
    cut: fc.nat({ max: 2000 }),
  })
  .map(({ message, edits, cut }) => {
    const copy = Buffer.from(message.subarray(0, Math.max(16, message.length - (cut % message.length))));
    for (const [at, byte] of edits) copy[16 + (at % Math.max(1, copy.length - 16))] = byte;
    return copy;
  });

describe.each(Object.entries(parsers))('%s', (_name, parse) => {
  it('returns for any captured message cut short and changed', () => {
    fc.assert(
      fc.property(mutated, (message) => {
        parse(message, 16, message.length);
      }),
      { numRuns: 400 },
    );
  });

  it('returns for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 400 }), (bytes) => {
        const message = Buffer.concat([Buffer.alloc(16), bytes]);
        parse(message, 16, message.length);
      }),
      { numRuns: 400 },
    );
  });

  it('returns for every cut of a captured message', () => {
    for (const message of messages) {
      for (let end = 16; end < message.length; end += 1 + (message.length >> 8)) {
        parse(message.subarray(0, end), 16, end);
      }
    }
  });

  it('returns where one attribute claims another length', () => {
    for (const message of messages) {
      const copy = Buffer.from(message);
      for (let at = 16; at + 2 <= copy.length; at += 4) {
        const length = copy.readUInt16LE(at);
        for (const claimed of [0, 1, 3, 4, 5, 0xffff]) {
          copy.writeUInt16LE(claimed, at);
          parse(copy, 16, copy.length);
        }
        copy.writeUInt16LE(length, at);
      }
    }
  });

  it('returns for attributes that claim no length', () => {
    const zeros = Buffer.alloc(400);
    parse(zeros, 16, zeros.length);
  });
});
