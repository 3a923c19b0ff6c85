import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatFdbEntry,
  formatNeighbour,
  formatNeighbourDump,
  parseFdbEntry,
  parseNeighbour,
} from '../../../src/kernel/codec/neighbour.ts';
import {
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  RTM_DELNEIGH,
  RTM_GETNEIGH,
  RTM_NEWNEIGH,
} from '../../../src/kernel/constants.ts';
import { parseIp } from '../../../src/state/ip.ts';
import type { Neighbour } from '../../../src/state/neighbour.ts';
import { decode, indexOf, messagesOf, nameOf, names } from '../captured.ts';
import { asked, payload, written } from '../written.ts';

const NDMSG = 12;
const ip = (text: string) => parseIp(text)!;
const wire = { dev: 'ens192', mac: '02:00:00:00:00:10', proxy: false };
const proxy: Neighbour = { dev: 'veth0', dst: ip('169.254.1.1'), mac: null, proxy: true };

describe('formatNeighbour', () => {
  it.each<[string, Neighbour]>([
    [
      'ip neighbour replace 192.168.1.16 lladdr 02:00:00:00:00:10 nud permanent protocol 169 dev ens192',
      { ...wire, dst: ip('192.168.1.16') },
    ],
    [
      'ip neighbour replace fd00:1::16 lladdr 02:00:00:00:00:10 nud permanent protocol 169 dev ens192',
      { ...wire, dst: 'fd00:1::16' },
    ],
  ])('writes what iproute2 sends for `%s`', (command, neighbour) => {
    const ours = written(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, (writer) =>
      formatNeighbour(writer, neighbour, indexOf(neighbour.dev), 169),
    );
    expect(decode(ours, NDMSG)).toEqual(asked(command, NDMSG));
  });

  it('writes a proxy as iproute2 does, but for the state that a proxy does not have', () => {
    const theirs = asked('ip neighbour add proxy 169.254.1.1 dev veth0 protocol 169', NDMSG);
    const ours = written(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, (writer) =>
      formatNeighbour(writer, proxy, 20, 169),
    );
    const decoded = decode(ours, NDMSG);
    expect(decoded.attributes).toEqual(theirs.attributes);
    expect(decoded.struct).toBe('020000001400000000000800');
    expect(theirs.struct).toBe('020000001400000080000800');
  });

  it.each<[string, Neighbour]>([
    ['ip neighbour delete 192.168.1.16 dev ens192', { ...wire, dst: ip('192.168.1.16') }],
    ['ip neighbour delete proxy 169.254.1.1 dev veth0', proxy],
  ])('names as much as iproute2 does for `%s`', (command, neighbour) => {
    const ours = written(RTM_DELNEIGH, 0, (writer) =>
      formatNeighbour(writer, neighbour, indexOf(neighbour.dev), null),
    );
    const theirs = asked(command, NDMSG);
    expect(decode(ours, NDMSG).attributes).toEqual(theirs.attributes);
  });

  it('asks for proxies as iproute2 does', () => {
    const ours = written(RTM_GETNEIGH, NLM_F_DUMP, (writer) => formatNeighbourDump(writer, 'proxies'));
    expect(decode(ours, NDMSG)).toEqual(asked('ip neighbour show proxy', NDMSG));
  });
});

function parsed(command: string) {
  return messagesOf('answers', command).map((message) => parseNeighbour(message, 16, message.length, nameOf));
}

describe('parseNeighbour', () => {
  it('reads permanent neighbours with their marks, and those the kernel learnt', () => {
    const all = parsed('ip neighbour show');
    const permanent = { ...wire, ifindex: 3, protocol: 169, permanent: true };
    expect(all).toContainEqual({ ...permanent, dst: ip('192.168.1.16') });
    expect(all).toContainEqual({ ...permanent, dst: 'fd00:1::16' });
    expect(all).toContainEqual({
      ...wire,
      dst: 'fd00:1::99',
      mac: '02:00:00:00:00:99',
      ifindex: 3,
      protocol: 0,
      permanent: false,
    });
  });

  it('reads a proxy, which is no neighbour of the kind', () => {
    expect(parsed('ip neighbour show proxy')).toEqual([
      { ...proxy, ifindex: 20, protocol: 169, permanent: false },
    ]);
  });
});

describe('a forwarding entry', () => {
  const dump = messagesOf('answers', 'bridge fdb show dev vx0');

  it('is read from a dump', () => {
    expect(dump.map((message) => parseFdbEntry(message, 16, message.length, nameOf))).toContainEqual({
      dev: 'vx0',
      mac: '66:00:00:00:00:01',
      dst: ip('192.168.1.33'),
      ifindex: 6,
      stated: true,
    });
  });

  it('is no neighbour', () => {
    expect(parseNeighbour(dump[0]!, 16, dump[0]!.length, nameOf)).toBeNull();
  });

  it('comes back from the bytes as it went in', () => {
    const entry = { dev: 'vx0', mac: '66:00:00:00:00:01', dst: ip('192.168.1.33') };
    const bytes = payload((writer) => formatFdbEntry(writer, entry, 6));
    expect(parseFdbEntry(bytes, 0, bytes.length, nameOf)).toEqual({
      ...entry,
      ifindex: 6,
      stated: true,
    });
  });
});

const mac = fc
  .uint8Array({ minLength: 6, maxLength: 6 })
  .map((bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':'));

describe('a neighbour', () => {
  it('comes back from the bytes as it went in', () => {
    const any = fc.record({
      dev: fc.constantFrom(...names.values()),
      dst: fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.ipV6().map(ip)),
      mac,
      proxy: fc.boolean(),
    });
    fc.assert(
      fc.property(any, fc.integer({ min: 0, max: 255 }), (drawn, protocol) => {
        const one = { ...drawn, mac: drawn.proxy ? null : drawn.mac };
        const ifindex = indexOf(one.dev);
        const bytes = payload((writer) => formatNeighbour(writer, one, ifindex, protocol));
        expect(parseNeighbour(bytes, 0, bytes.length, nameOf)).toEqual({
          ...one,
          ifindex,
          protocol,
          permanent: !one.proxy,
        });
      }),
    );
  });
});
