import { expect, test } from 'vitest';
import { formatDifferences } from '../../src/report/text.ts';
import { address, difference, found, link, observedLink, observedRoute, route, small } from './network.ts';

const missing = difference({
  kind: 'route',
  desired: route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' }),
  observed: null,
  cause: 'link ens192 went down (the kernel flushes IPv4 routes silently)',
});
const changedLink = difference({
  kind: 'link',
  desired: link('ens192', { kind: 'existing' }, { mtu: 1500 }),
  observed: observedLink('ens192', { mtu: 1450, up: false }),
  class: 'pending',
});
const extra = difference({
  kind: 'route',
  netns: 'ns0',
  desired: null,
  observed: observedRoute('10.99.0.0/16', 169, { gateway: '10.0.0.1', dev: 'eth0' }),
});
const conflict = difference({
  kind: 'address',
  netns: 'ns0',
  desired: address('eth0', '10.20.1.2/24'),
  observed: {
    ...address('eth0', '10.20.1.2/24'),
    scope: 253,
    ifindex: 2,
    protocol: 0,
    permanent: true,
    secondary: false,
  },
  conflict: true,
});

test('differences are grouped by namespace, each with class, place, fields and cause', () => {
  expect(formatDifferences(small, found([missing, changedLink, extra, conflict]))).toMatchInlineSnapshot(`
    "netns host0
      + drift    route 10.20.1.3/32 via 192.168.1.16 dev ens192  two-hosts.yaml:19:8
                 link ens192 went down (the kernel flushes IPv4 routes silently)
      ~ pending  link ens192  up false → true, mtu 1450 → 1500   two-hosts.yaml:9:7

    netns ns0
      - drift    route 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169  in no file
      ! drift    address eth0 10.20.1.2/24  scope link → global
                 two-hosts.yaml:10:3

    two-hosts: 1 missing, 2 changed, 1 extra; 1 pending, 3 drift, 1 conflict
    Conflicts are left as they are; apply --adopt overwrites them.
    "
  `);
});

test('lines keep to eighty columns', () => {
  const lines = formatDifferences(small, found([missing, changedLink, extra, conflict])).split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('no difference is one line', () => {
  expect(formatDifferences(small, found([]))).toBe('two-hosts: in sync, 20 items\n');
});

test('what the topology leaves open is no change', () => {
  const open = difference({
    kind: 'route',
    desired: route('10.20.1.3/32', { gateway: '192.168.1.16' }),
    observed: observedRoute('10.20.1.3/32', 12, { gateway: '192.168.1.17', dev: 'ens192' }),
    cause: 'replaced by proto bird',
  });
  expect(formatDifferences(small, found([open]))).toMatchInlineSnapshot(`
    "netns host0
      ~ drift    route 10.20.1.3/32  via 192.168.1.17 → 192.168.1.16  two-hosts.yaml:19:8
                 replaced by proto bird

    two-hosts: 1 changed; 1 drift
    "
  `);
});

test('names from the kernel cannot speak to the terminal', () => {
  const hostile = difference({ kind: 'link', desired: null, observed: observedLink('a\x1b[2J\u202eb') });
  const text = formatDifferences(small, found([hostile]));
  expect(text).toContain('link a\\u{1b}[2J\\u{202e}b');
  expect(text).not.toMatch(/[\x1b\u202e]/);
});
