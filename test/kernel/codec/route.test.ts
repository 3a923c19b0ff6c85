import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRoute, formatRouteDump, parseRoute, routeKeyAt } from '../../../src/kernel/codec/route.ts';
import {
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
} from '../../../src/kernel/constants.ts';
import { parseIp } from '../../../src/state/ip.ts';
import {
  formatRouteKey,
  type Nexthop,
  type ObservedRoute,
  type Route,
  routeKey,
} from '../../../src/state/route.ts';
import { decode, indexOf, messagesOf, nameOf, names } from '../captured.ts';
import { asked, payload, written } from '../written.ts';

const RTMSG = 12;
const nests = { '8': 0 }; // RTA_METRICS

const ip = (text: string) => parseIp(text)!;
const hop = (via: string, weight: number): Nexthop => ({
  via: ip(via),
  dev: 'ens192',
  weight,
  onlink: false,
});

function route(dst: string, dstLength: number, rest: Partial<Route> = {}): Route {
  const none = { via: null, dev: null, src: null, mtu: 0, onlink: false, nexthops: null };
  return { dst: ip(dst), dstLength, table: 254, metric: 0, type: 1, scope: 0, ...none, ...rest };
}

/** Our own form of what iproute2's command says. */
const requests: Readonly<Record<string, Route>> = {
  'ip route add 10.20.1.9/32 dev veth0 scope link proto 169': route('10.20.1.9', 32, {
    dev: 'veth0',
    scope: 253,
  }),
  'ip route add 10.20.1.10/32 via 192.168.1.16 dev ens192 proto 169': route('10.20.1.10', 32, {
    via: ip('192.168.1.16'),
    dev: 'ens192',
  }),
  'ip route add 10.20.3.0/24 via 172.16.0.1 dev ens192 onlink proto 169': route('10.20.3.0', 24, {
    via: ip('172.16.0.1'),
    dev: 'ens192',
    onlink: true,
  }),
  'ip route add 10.30.0.0/16 proto 169 nexthop via 192.168.1.16 dev ens192 weight 1 nexthop via 192.168.1.17 dev ens192 weight 2':
    route('10.30.0.0', 16, { nexthops: [hop('192.168.1.16', 1), hop('192.168.1.17', 2)] }),
  'ip route add 10.31.0.0/16 via inet6 fe80::1 dev ens192 proto 169': route('10.31.0.0', 16, {
    via: 'fe80::1',
    dev: 'ens192',
  }),
  'ip route add blackhole 10.20.1.0/26 proto 169': route('10.20.1.0', 26, { type: 6 }),
  'ip route add unreachable 10.20.64.0/26 proto 169': route('10.20.64.0', 26, { type: 7 }),
  'ip route add default via 192.168.1.1 dev ens192 proto 169': route('0.0.0.0', 0, {
    via: ip('192.168.1.1'),
    dev: 'ens192',
  }),
  'ip route add fd00:2::/64 via fd00:1::16 dev ens192 proto 169': route('fd00:2::', 64, {
    via: 'fd00:1::16',
    dev: 'ens192',
  }),
  'ip route add fd00:3::/64 proto 169 nexthop via fd00:1::16 dev ens192 weight 1 nexthop via fd00:1::17 dev ens192 weight 3':
    route('fd00:3::', 64, { nexthops: [hop('fd00:1::16', 1), hop('fd00:1::17', 3)] }),
  'ip route add blackhole fd00:4::/64 proto 169': route('fd00:4::', 64, { type: 6 }),
  'ip route add default via fe80::1 dev ens192 proto 169': route('::', 0, { via: 'fe80::1', dev: 'ens192' }),
};

const privateTable = route('10.20.2.0', 24, {
  via: ip('192.168.1.16'),
  dev: 'ens192',
  src: ip('192.168.1.32'),
  metric: 50,
  table: 1000,
  mtu: 1400,
});

describe('formatRoute', () => {
  it.each(Object.keys(requests))('writes what iproute2 sends for `%s`', (command) => {
    const ours = written(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, (writer) =>
      formatRoute(writer, requests[command]!, 169, indexOf),
    );
    expect(decode(ours, RTMSG, nests)).toEqual(asked(command, RTMSG, nests));
  });

  it('writes a table past 255 as iproute2 does, with RT_TABLE_COMPAT in the header', () => {
    const theirs = asked(
      'ip route add 10.20.2.0/24 via 192.168.1.16 dev ens192 proto 169 src 192.168.1.32 metric 50 table 1000 mtu 1400',
      RTMSG,
      nests,
    );
    const ours = decode(
      written(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, (w) => formatRoute(w, privateTable, 169, indexOf)),
      RTMSG,
      nests,
    );
    expect(ours.attributes).toEqual(theirs.attributes);
    expect(ours.struct.slice(8, 10)).toBe('fc');
    expect(ours.struct.slice(0, 8)).toBe(theirs.struct.slice(0, 8));
    expect(ours.struct.slice(10)).toBe(theirs.struct.slice(10));
  });

  it('guards a delete by more than iproute2 does: protocol, type, scope and metric', () => {
    const theirs = asked(
      'ip route delete 10.20.2.0/24 via 192.168.1.16 dev ens192 proto 169 src 192.168.1.32 metric 50 table 1000 mtu 1400',
      RTMSG,
      nests,
    );
    const ours = decode(
      written(RTM_DELROUTE, 0, (writer) => formatRoute(writer, privateTable, 169, indexOf)),
      RTMSG,
      nests,
    );
    expect(ours).toEqual({ ...theirs, struct: '02180000fca9000100000000' });
    expect(theirs.struct).toBe('0218000000a9ff0000000000');
  });

  it('asks for every table in one dump', () => {
    const ours = written(RTM_GETROUTE, NLM_F_DUMP, (writer) => formatRouteDump(writer, 0));
    expect(ours.toString('hex', 16)).toBe('00'.repeat(RTMSG));
  });

  it('asks for those of one protocol, by one link', () => {
    const ours = written(RTM_GETROUTE, NLM_F_DUMP, (writer) => formatRouteDump(writer, 0, 7, 169));
    expect(ours.toString('hex', 16)).toBe(`0000000000a9000000000000${'0800040007000000'}`);
  });
});

function parsed(command: string): Array<ObservedRoute | null> {
  return messagesOf('answers', command).map((message) => parseRoute(message, 16, message.length, nameOf));
}

describe('routeKeyAt', () => {
  it('is the key of what parseRoute makes of a message', () => {
    for (const command of ['ip -4 route show table all', 'ip -6 route show']) {
      for (const message of messagesOf('answers', command)) {
        const route = parseRoute(message, 16, message.length, nameOf);
        if (route !== null) expect(routeKeyAt(message, 16, message.length)).toBe(routeKey(route));
      }
    }
  });
});

describe('parseRoute', () => {
  const ipv4 = parsed('ip -4 route show table all');
  const ipv6 = parsed('ip -6 route show');
  const find = (routes: typeof ipv4, key: string) =>
    routes.find((one) => one !== null && formatRouteKey(one) === key);

  it('reads every route of an IPv4 dump', () => {
    expect(
      ipv4.map((one) => one && `${formatRouteKey(one)} ${one.type} ${one.protocol} ${one.dev}`),
    ).toMatchInlineSnapshot(`
        [
          "10.20.2.0/24 table 1000 metric 50 1 169 ens192",
          "default 1 169 ens192",
          "10.20.1.0/26 6 169 null",
          "10.20.1.0/24 1 2 veth0",
          "10.20.1.9/32 1 169 veth0",
          "10.20.1.10/32 1 169 ens192",
          "10.20.3.0/24 1 169 ens192",
          "10.20.9.9/32 1 2 veth0",
          "10.20.64.0/26 7 169 null",
          "10.30.0.0/16 1 169 null",
          "10.31.0.0/16 1 169 ens192",
          "10.40.0.0/16 1 3 ens192",
          "192.168.1.0/24 1 2 ens192",
          "10.20.1.2/32 table 255 2 2 veth0",
          "10.20.1.3/32 table 255 2 2 veth0",
          "10.20.1.7/32 table 255 2 2 veth0",
          "10.20.1.255/32 table 255 3 2 veth0",
          "192.168.1.32/32 table 255 2 2 ens192",
          "192.168.1.255/32 table 255 3 2 ens192",
        ]
      `);
  });

  it.each(Object.entries(requests).filter(([, one]) => typeof one.dst === 'number'))(
    'reads back what `%s` made',
    (_command, made) => {
      const observed = { protocol: 169, tos: 0, unstatable: false };
      expect(find(ipv4, formatRouteKey(made))).toEqual({ ...made, ...observed });
    },
  );

  it.each(Object.entries(requests).filter(([, one]) => typeof one.dst === 'string'))(
    'reads back what `%s` made, with the metric the kernel gives',
    (_command, made) => {
      const observed = { metric: 1024, protocol: 169, tos: 0, unstatable: false };
      expect(find(ipv6, formatRouteKey({ ...made, metric: 1024 }))).toEqual({ ...made, ...observed });
    },
  );

  it('reads table, metric, source and MTU', () => {
    expect(find(ipv4, formatRouteKey(privateTable))).toEqual({
      ...privateTable,
      protocol: 169,
      tos: 0,
      unstatable: false,
    });
  });

  it('tells a route that carries what no topology can state', () => {
    expect(find(ipv4, '10.40.0.0/16')).toMatchObject({ mtu: 1400, unstatable: true });
  });
});

const ifname = fc.constantFrom(...names.values());
const ipv4 = fc.integer({ min: 0, max: 0xffffffff });
const ipv6 = fc.ipV6().map(ip);

/** A route as the kernel could dump it. */
const anyRoute: fc.Arbitrary<Route> = fc.constantFrom(4, 6).chain((family) => {
  const address = family === 4 ? ipv4 : ipv6;
  const via = fc.option(family === 4 ? fc.oneof(ipv4, ipv6) : ipv6);
  const nexthop = fc.record({
    via,
    dev: ifname,
    weight: fc.integer({ min: 1, max: 256 }),
    onlink: fc.boolean(),
  });
  const single = { via, dev: fc.option(ifname), onlink: fc.boolean(), nexthops: fc.constant(null) };
  const multiple = {
    via: fc.constant(null),
    dev: fc.constant(null),
    onlink: fc.constant(false),
    nexthops: fc.array(nexthop, { minLength: 2, maxLength: 40 }),
  };
  const rest = {
    dst: address,
    dstLength: fc.integer({ min: 1, max: family === 4 ? 32 : 128 }),
    table: fc.oneof(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 256, max: 0xffffffff })),
    metric: fc.integer({ min: 0, max: 0xffffffff }),
    type: fc.constant(1),
    scope: fc.integer({ min: 0, max: 255 }),
    src: fc.option(address),
    mtu: fc.integer({ min: 0, max: 0xffffffff }),
  };
  return fc.oneof(fc.record({ ...rest, ...single }), fc.record({ ...rest, ...multiple }));
});

describe('a route', () => {
  it('comes back from the bytes as it went in', () => {
    fc.assert(
      fc.property(anyRoute, fc.integer({ min: 0, max: 255 }), (one, protocol) => {
        const bytes = payload((writer) => formatRoute(writer, one, protocol, indexOf));
        expect(parseRoute(bytes, 0, bytes.length, nameOf)).toEqual({
          ...one,
          protocol,
          tos: 0,
          unstatable: false,
        });
      }),
    );
  });
});
