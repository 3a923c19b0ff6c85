import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { recordApplied } from '../../src/reconcile/applied.ts';
import { recall, type Snapshot } from '../../src/reconcile/snapshot.ts';
import { formatJson } from '../../src/report/json.ts';
import { decodeSnapshot } from '../../src/report/snapshot/decode.ts';
import { encodeSnapshot } from '../../src/report/snapshot/encode.ts';
import { parseIp } from '../../src/state/ip.ts';
import type { ObservedNamespace } from '../../src/state/network.ts';
import { hostileName } from './differences.ts';
import { address, namespace, network, observedLink, observedRoute, small } from './network.ts';

const host0: ObservedNamespace = {
  name: 'host0',
  cookie: 0n,
  madeBy: 'two-hosts',
  claims: [{ protocol: 169, topology: 'two-hosts' }],
  links: new Map(
    [
      observedLink('br0', { kind: 'bridge', bridge: { stp: true, vlanFiltering: false }, ipv6Conf: null }),
      observedLink('ens192', {
        peer: { netns: 'lan', name: 'host0' },
        altnames: ['a', 'b'],
        ipv4Conf: new Int32Array(0),
        ipv6Conf: new Int32Array(0),
      }),
      observedLink(hostileName),
      observedLink('vxlan.calico', {
        kind: 'vxlan',
        settings: {
          kind: 'vxlan',
          id: 4096,
          port: 4789,
          local: parseIp('192.168.1.32'),
          dev: 'ens192',
          learning: false,
        },
      }),
      observedLink('tunl0', {
        kind: 'ipip',
        settings: { kind: 'ipip', local: null, remote: parseIp('10.0.0.1'), ttl: 0 },
      }),
    ].map((link) => [link.name, link]),
  ),
  addresses: [
    { ...address('ens192', '192.168.1.32/24'), protocol: 169 },
    { ...address('ens192', 'fe80::1/64', { scope: 253 }), protocol: 3 },
    { ...address('br0', '10.0.0.1/31', { peer: parseIp('10.0.0.2') }), protocol: 0 },
  ].map(({ source: _source, adopt: _adopt, ...item }) => ({
    ...item,
    ifindex: 2,
    permanent: true,
    secondary: false,
  })),
  neighbours: [
    {
      dev: 'ens192',
      dst: parseIp('10.0.0.9')!,
      mac: null,
      proxy: true,
      ifindex: 2,
      protocol: 169,
      permanent: false,
    },
    {
      dev: 'ens192',
      dst: parseIp('fe80::9')!,
      mac: '02:00:00:00:00:01',
      proxy: false,
      ifindex: 2,
      protocol: 0,
      permanent: true,
    },
  ],
  fdb: [
    {
      dev: 'ens192',
      mac: '02:00:00:00:00:02',
      dst: parseIp('192.168.1.33'),
      ifindex: 2,
      stated: true,
    },
  ],
  routes: [
    observedRoute('0.0.0.0/0', 3, { gateway: '192.168.1.1', dev: 'ens192' }),
    observedRoute('10.0.0.0/8', 12, { type: 6, table: 1000, metric: 5 }),
    observedRoute('224.0.0.0/4', 77, { type: 5, scope: 77, dev: 'ens192' }),
    observedRoute('2001:db8::/32', 169, {
      nexthops: [
        { via: parseIp('fe80::1'), dev: 'br0', weight: 1, onlink: false },
        { via: null, dev: 'ens192', weight: 256, onlink: true },
      ],
    }),
  ].map(
    ({
      adopt: _adopt,
      source: _source,
      ...route
    }: ReturnType<typeof observedRoute> & { adopt?: unknown; source?: unknown }) => route,
  ),
  sysctls: new Map([['net.ipv4.conf.ens192.rp_filter', '2']]),
};

const snapshot: Snapshot = {
  names: ['host0', 'other'],
  namespaces: new Map([
    [
      'host0',
      {
        observed: host0,
        sysctls: new Map([
          ['net.ipv4.conf.default.proxy_arp', '0'],
          ['net.ipv4.conf.default.rp_filter', '1'],
          ['net.ipv4.conf.ens192.proxy_arp', '1'],
          ['net.ipv4.ip_forward', '1'],
          ['net.ipv6.conf.default.accept_ra', '1'],
        ]),
      },
    ],
  ]),
  freshSysctls: new Map([['net.ipv4.ip_forward', '0']]),
  applied: new Map([['two-hosts', recordApplied(small, null)]]),
};

const text = formatJson(encodeSnapshot(snapshot));

test('what is written is read back, whatever names hold', () => {
  expect(decodeSnapshot(text, 's.json')).toEqual(snapshot);
  expect(formatJson(encodeSnapshot(decodeSnapshot(text, 's.json')))).toBe(text);
  expect(text).not.toMatch(/[\x1b\u202e\u0085]/);
});

test('order of maps is no order of the file', () => {
  const shuffled: Snapshot = {
    ...snapshot,
    namespaces: new Map(
      [...snapshot.namespaces].map(([name, { observed, sysctls }]) => [
        name,
        {
          observed: {
            ...observed,
            links: new Map([...observed.links].reverse()),
            neighbours: [...observed.neighbours].reverse(),
          },
          sysctls: new Map([...sysctls].reverse()),
        },
      ]),
    ),
  };
  expect(formatJson(encodeSnapshot(shuffled))).toBe(text);
});

test('addresses are text', () => {
  const json = encodeSnapshot(snapshot).namespaces.host0!;
  expect(json.addresses.map((item) => item.address)).toEqual([
    '192.168.1.32/24',
    'fe80::1/64',
    '10.0.0.1/31',
  ]);
  expect(json.routes[0]).toMatchObject({
    dst: '0.0.0.0/0',
    via: '192.168.1.1',
    type: 'unicast',
    scope: 'global',
  });
});

describe('what is no snapshot is one line', () => {
  /** The snapshot with a text in it replaced. */
  const edit = (from: string, to: string): string => {
    expect(text).toContain(from);
    return text.replace(from, to);
  };
  test.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['a report', '{"version":1,"topology":"x","inSync":true,"summary":{},"differences":[]}'],
    ['a later version', '{"version":2}'],
    ['a wrong type', edit('"mtu": 1500', '"mtu": "big"')],
    ['a missing field', edit('"secondary": false', '"other": false')],
    ['a bad address', edit('10.0.0.0/8', '10.0.0.0/99')],
    ['a bad scope', edit('"scope": "global"', '"scope": "galactic"')],
  ])('%s', (_what, broken) => {
    expect(() => decodeSnapshot(broken, 's.json')).toThrowError(expect.objectContaining({ code: 'file' }));
    expect(() => decodeSnapshot(broken, 's.json')).toThrowError(/^[^\n]*s\.json[^\n]*$/);
  });
});

test('a record that cannot be searched counts as none', () => {
  const full = Buffer.from(JSON.parse(text).applied['two-hosts'], 'base64');
  for (let at = 0; at < full.length - 100; at += 8)
    if (full.readDoubleLE(at) === 0) full.writeDoubleLE(7, at);
  const json = JSON.parse(text);
  for (const record of [full.toString('base64'), '', 'AAAA']) {
    json.applied['two-hosts'] = record;
    expect(decodeSnapshot(JSON.stringify(json), 's').applied.get('two-hosts')?.items.size).toBe(0);
  }
});

describe('a recalled observation', () => {
  const asking = network([
    namespace('host0', {
      sysctls: {
        'net.ipv4.ip_forward': '1',
        'net.ipv4.conf.ens192.proxy_arp': '1',
        'net.ipv4.conf.ens192.rp_filter': '1',
        'net.ipv6.conf.ens192.accept_ra': '0',
        'net.ipv6.conf.br0.accept_ra': '0',
        'net.ipv4.conf.absent.proxy_arp': '1',
      },
    }),
  ]);

  test('tells the sysctls that are asked for, a device as its table has them by default', () => {
    const { observed } = recall(snapshot, asking);
    expect(Object.fromEntries(observed.namespaces.get('host0')!.sysctls)).toEqual({
      'net.ipv4.ip_forward': '1',
      'net.ipv4.conf.ens192.proxy_arp': '1',
      'net.ipv4.conf.ens192.rp_filter': '1',
      'net.ipv6.conf.ens192.accept_ra': '1',
    });
  });

  test('has namespaces that bear the mark, and no others', () => {
    const names = (topology: string): string[] => [
      ...recall(snapshot, { ...network([]), name: topology }).observed.namespaces.keys(),
    ];
    expect([names('two-hosts'), names('another')]).toEqual([['host0'], []]);
  });

  test('lacks a namespace that did not exist, and refuses one that was not read', () => {
    expect(recall(snapshot, network([namespace('new')])).observed.namespaces.has('new')).toBe(false);
    for (const name of ['other', 'self']) {
      expect(() => recall(snapshot, network([namespace(name)]))).toThrowError(
        expect.objectContaining({ code: 'file' }),
      );
    }
  });
});

test('the schema describes every field', () => {
  interface Node {
    readonly description?: string;
    readonly $ref?: string;
    readonly properties?: Readonly<Record<string, Node>>;
  }
  const schema: Node & { readonly $defs: Readonly<Record<string, Node>> } = JSON.parse(
    readFileSync(new URL('../../schemas/snapshot.schema.json', import.meta.url), 'utf8'),
  );
  const undescribed: string[] = [];
  const visit = (node: Node, path: string): void => {
    for (const [name, property] of Object.entries(node.properties ?? {})) {
      const named =
        property.$ref === undefined ? undefined : schema.$defs[property.$ref.slice('#/$defs/'.length)];
      if ((property.description ?? named?.description) === undefined) undescribed.push(`${path}.${name}`);
      visit(property, `${path}.${name}`);
    }
  };
  visit(schema, '');
  for (const [name, definition] of Object.entries(schema.$defs)) visit(definition, name);
  expect(undescribed).toEqual([]);
});
