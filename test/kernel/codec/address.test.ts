import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AddressMark,
  formatAddress,
  formatAddressDump,
  parseAddress,
} from '../../../src/kernel/codec/address.ts';
import {
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  RTM_DELADDR,
  RTM_GETADDR,
  RTM_NEWADDR,
} from '../../../src/kernel/constants.ts';
import type { Address } from '../../../src/state/address.ts';
import { parseIp } from '../../../src/state/ip.ts';
import { decode, indexOf, messagesOf, nameOf, names } from '../captured.ts';
import { asked, payload, written } from '../written.ts';

const IFADDRMSG = 8;
const IFA_PROTO = 11;
const ip = (text: string) => parseIp(text)!;

function address(text: string, prefixlen: number, rest: Partial<Address> = {}): Address {
  return { dev: 'veth0', address: ip(text), prefixlen, peer: null, scope: 0, noprefixroute: false, ...rest };
}

const requests: Readonly<Record<string, readonly [Address, AddressMark]>> = {
  'ip address add 10.20.1.2/24 dev veth0': [address('10.20.1.2', 24), { protocol: 169, nodad: true }],
  'ip address add 10.20.1.7/32 peer 10.20.9.9/32 dev veth0': [
    address('10.20.1.7', 32, { peer: ip('10.20.9.9') }),
    { protocol: 169, nodad: true },
  ],
  'ip address add 10.20.1.3/24 dev veth0 noprefixroute': [
    address('10.20.1.3', 24, { noprefixroute: true }),
    { protocol: 169, nodad: false },
  ],
  'ip address add 10.20.5.4/24 dev veth0 scope link': [
    address('10.20.5.4', 24, { scope: 253 }),
    { protocol: 169, nodad: false },
  ],
};

describe('formatAddress', () => {
  it.each(Object.keys(requests))('writes what iproute2 sends for `%s`, and the mark', (command) => {
    const [made, mark] = requests[command]!;
    const theirs = asked(command, IFADDRMSG);
    const ours = written(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, (writer) =>
      formatAddress(writer, made, indexOf(made.dev), mark),
    );
    expect(decode(ours, IFADDRMSG)).toEqual({
      ...theirs,
      attributes: { ...theirs.attributes, [IFA_PROTO]: 'a9' },
    });
  });

  it('wants no duplicate address detection in IFA_FLAGS, where iproute2 says so in the header', () => {
    const theirs = asked('ip address add fd00::2/64 dev veth0 nodad', IFADDRMSG);
    const ours = written(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, (writer) =>
      formatAddress(writer, address('fd00::2', 64), indexOf('veth0'), { protocol: 169, nodad: true }),
    );
    expect(theirs.struct).toBe('0a40020014000000');
    expect(decode(ours, IFADDRMSG)).toEqual({
      ...theirs,
      struct: '0a40000014000000',
      attributes: { ...theirs.attributes, 8: '02000000', [IFA_PROTO]: 'a9' },
    });
  });

  it.each([
    ['ip address delete 10.20.5.4/24 dev veth0', address('10.20.5.4', 24)],
    ['ip address delete fd00::2/64 dev veth0', address('fd00::2', 64)],
  ])('writes what iproute2 sends for `%s`, and IFA_ADDRESS', (command, gone) => {
    const theirs = asked(command, IFADDRMSG);
    const ours = written(RTM_DELADDR, 0, (writer) => formatAddress(writer, gone, indexOf('veth0'), null));
    expect(decode(ours, IFADDRMSG)).toEqual({
      ...theirs,
      attributes: { ...theirs.attributes, 1: theirs.attributes[2] },
    });
  });

  it('asks for the addresses of one link or of all', () => {
    const ask = (ifindex: number): string =>
      written(RTM_GETADDR, NLM_F_DUMP, (writer) => formatAddressDump(writer, ifindex)).toString('hex', 16);
    expect(ask(0)).toBe('0000000000000000');
    expect(ask(20)).toBe('0000000014000000');
  });
});

function parsed(command: string) {
  return messagesOf('answers', command).map((message) => parseAddress(message, 16, message.length, nameOf));
}

describe('parseAddress', () => {
  it('reads every address of a dump, with its marks', () => {
    const observed = { ifindex: 20, protocol: 0, permanent: true, secondary: false };
    const all = parsed('ip address show dev veth0');
    expect(all).toContainEqual({ ...address('10.20.1.2', 24), ...observed });
    expect(all).toContainEqual({ ...address('10.20.1.7', 32, { peer: ip('10.20.9.9') }), ...observed });
    expect(all).toContainEqual({
      ...address('10.20.1.3', 24, { noprefixroute: true }),
      ...observed,
      secondary: true,
    });
    expect(all).toContainEqual({
      ...address('fe80::ff:fe00:20', 64, { scope: 253 }),
      ...observed,
      protocol: 3,
    });
  });

  it('leaves out an address of a link that is not known', () => {
    const message = messagesOf('answers', 'ip address show dev veth0')[0]!;
    expect(parseAddress(message, 16, message.length, () => null)).toBeNull();
  });

  it('leaves out other families', () => {
    const message = Buffer.from(messagesOf('answers', 'ip address show dev veth0')[0]!);
    message[16] = 7;
    expect(parseAddress(message, 16, message.length, nameOf)).toBeNull();
  });
});

const ipv4 = fc.integer({ min: 0, max: 0xffffffff });
const anyAddress: fc.Arbitrary<Address> = fc.constantFrom(4, 6).chain((family) => {
  const one = family === 4 ? ipv4 : fc.ipV6().map(ip);
  return fc
    .record({
      dev: fc.constantFrom(...names.values()),
      address: one,
      prefixlen: fc.integer({ min: 0, max: family === 4 ? 32 : 128 }),
      peer: fc.option(one),
      scope: fc.integer({ min: 0, max: 255 }),
      noprefixroute: fc.boolean(),
    })
    .filter((made) => made.peer !== made.address);
});

describe('an address', () => {
  it('comes back from the bytes as it went in', () => {
    fc.assert(
      fc.property(anyAddress, fc.integer({ min: 0, max: 255 }), fc.boolean(), (one, protocol, nodad) => {
        const ifindex = indexOf(one.dev);
        const bytes = payload((writer) => formatAddress(writer, one, ifindex, { protocol, nodad }));
        expect(parseAddress(bytes, 0, bytes.length, nameOf)).toEqual({
          ...one,
          ifindex,
          protocol,
          permanent: false, // the kernel's to say
          secondary: false,
        });
      }),
    );
  });
});
