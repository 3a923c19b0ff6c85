// What the kernel says of tunnels and of links that stand on another, as it was captured on Linux 6.1, and what we write.
import { describe, expect, it } from 'vitest';
import { formatKind, parseKind } from '../../../src/kernel/codec/link-kind.ts';
import { MessageWriter } from '../../../src/kernel/codec/message.ts';
import type { KindSettings } from '../../../src/state/link-kind.ts';

/** IFLA_INFO_DATA of a link, made by the command above it. */
const answers = {
  // ip link add name vx4 type vxlan id 4096 local 192.0.2.1 dev p0 dstport 4789 nolearning
  vxlan:
    'bc0002000800010000100000080003000300000008000400c0000201050005000000000005001c0000000000050006000000000005001d000000000008001a0000000000050007000000000005000b000000000005000c000000000005000d000000000005000e00000000000500190000000000080008002c010000080009000000000006000f0012b500000500120001000000050013000000000005001400000000000500150000000000050016000000000008000a0000000000',
  // ip link add name vx6 type vxlan id 7 local 2001:db8::1 dstport 4790 learning udp6zerocsumtx udp6zerocsumrx
  vxlan6:
    'c000020008000100070000001400110020010db8000000000000000000000001050005000000000005001c0000000000050006000000000005001d000000000008001a0000000000050007000100000005000b000000000005000c000000000005000d000000000005000e00000000000500190000000000080008002c010000080009000000000006000f0012b600000500120001000000050013000100000005001400010000000500150000000000050016000000000008000a0000000000',
  // ip link add name tun1 type ipip local 192.0.2.1 remote 192.0.2.2 ttl 64
  ipip: '64000200080001000000000008000200c000020108000300c000020205000400400000000500050000000000050009000000000005000a0001000000080014000000000006000f0000000000060011000000000006001200000000000600100000000000',
  // ip link add name tun2 type ipip local any remote any ttl inherit
  ipipAny:
    '6400020008000100000000000800020000000000080003000000000005000400000000000500050000000000050009000000000005000a0001000000080014000000000006000f0000000000060011000000000006001200000000000600100000000000',
  // ip link add link p0 name vl5 type vlan id 5
  vlan: '20000200060005008100000006000100050000000c00020001000000ffffffff',
  // ip link add link p0 name mv type macvlan mode bridge
  macvlan: '2c00020008000100040000000600020000000000080006000000000008000700e803000008000800e8030000',
} as const;

const parsed = (answer: keyof typeof answers, kind: string, lower = 0): unknown =>
  parseKind(Buffer.from(answers[answer], 'hex'), 0, kind, lower);

describe('parseKind', () => {
  it('reads a vxlan through IPv4 and the link it leaves by', () => {
    expect(parsed('vxlan', 'vxlan')).toEqual({
      kind: 'vxlan',
      id: 4096,
      port: 4789,
      local: 0xc0000201,
      learning: false,
      lower: 3,
    });
  });

  it('reads a vxlan through IPv6 that leaves the link to the route', () => {
    expect(parsed('vxlan6', 'vxlan')).toEqual({
      kind: 'vxlan',
      id: 7,
      port: 4790,
      local: '2001:db8::1',
      learning: true,
      lower: 0,
    });
  });

  it('reads an ipip with both ends, and one with neither', () => {
    expect(parsed('ipip', 'ipip')).toMatchObject({ local: 0xc0000201, remote: 0xc0000202, ttl: 64 });
    expect(parsed('ipipAny', 'ipip')).toMatchObject({ local: null, remote: null, ttl: 0 });
  });

  it('reads a vlan and a macvlan with the link they stand on', () => {
    expect(parsed('vlan', 'vlan', 3)).toEqual({ kind: 'vlan', id: 5, lower: 3 });
    expect(parsed('macvlan', 'macvlan', 3)).toEqual({ kind: 'macvlan', mode: 'bridge', lower: 3 });
  });

  it('knows no other kinds', () => {
    expect(parsed('vlan', 'ipvlan', 3)).toBeNull();
  });
});

describe('formatKind', () => {
  const wanted: readonly (readonly [KindSettings, number])[] = [
    [{ kind: 'vxlan', id: 16777215, port: 4789, local: 0xc0000201, dev: 'p0', learning: false }, 3],
    [{ kind: 'vxlan', id: 1, port: 65535, local: 'fd00::1', dev: null, learning: true }, 0],
    [{ kind: 'ipip', local: 0xc0000201, remote: null, ttl: 255 }, 0],
    [{ kind: 'vlan', parent: 'p0', id: 4094 }, 3],
    [{ kind: 'macvlan', parent: 'p0', mode: 'source' }, 3],
  ];

  it.each(wanted)('writes what it reads back: %o', (settings, lower) => {
    const writer = new MessageWriter();
    const nest = writer.openNest(2);
    formatKind(writer, settings, lower, true);
    writer.closeNest(nest);
    const { dev: _dev, parent: _parent, ...rest } = { dev: null, parent: null, ...settings };
    expect(parseKind(Buffer.from(writer.buffer.subarray(0, writer.length)), 0, settings.kind, lower)).toEqual(
      {
        ...rest,
        lower,
      },
    );
  });

  it('leaves out of a change what the kernel cannot change', () => {
    const writer = new MessageWriter();
    formatKind(writer, { kind: 'vlan', parent: 'p0', id: 5 }, 3, false);
    expect(writer.length).toBe(0);
  });
});
