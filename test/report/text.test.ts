import { expect, test } from 'vitest';
import { coloured, plain } from '../../src/report/style.ts';
import { asFile, formatDifferences } from '../../src/report/text.ts';
import { changed, conflict, extra, missing } from './differences.ts';
import { difference, found, observedLink, observedRoute, route, small } from './network.ts';

test('differences are grouped by namespace, each with class, place, fields and cause', () => {
  expect(formatDifferences(small, found([missing, changed, extra, conflict]))).toMatchInlineSnapshot(`
    "netns host0
      + drift    route 10.20.1.3/32 via 192.168.1.16 dev ens192  two-hosts.yaml:19:8
                 link ens192 went down (the kernel flushes IPv4 routes silently)
      ~ pending  link ens192  up false → true, mtu 1450 → 1500   two-hosts.yaml:9:7

    netns ns0
      - drift    route 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169
                 in no file
      ! pending  address eth0 10.20.1.2/24  scope link → global  two-hosts.yaml:10:3

    two-hosts: 1 missing, 2 changed, 1 extra; 2 pending, 2 drift, 1 conflict
    Conflicts are left as they are; apply --adopt overwrites them.
    "
  `);
});

test('lines keep to eighty columns', () => {
  const lines = formatDifferences(small, found([missing, changed, extra, conflict])).split('\n');
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
      ~ drift    route 10.20.1.3/32  via 192.168.1.17 → 192.168.1.16
                 two-hosts.yaml:19:8
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

test('a narrow terminal gets narrower lines, down to what a name needs', () => {
  const narrow = { style: plain, width: 60, limit: 50 };
  const text = formatDifferences(small, found([missing, changed, extra, conflict]), narrow);
  expect(text).toMatchInlineSnapshot(`
    "netns host0
      + drift    route 10.20.1.3/32 via 192.168.1.16 dev ens192
                 two-hosts.yaml:19:8
                 link ens192 went down (the kernel flushes IPv4
                 routes silently)
      ~ pending  link ens192  up false → true, mtu 1450 → 1500
                 two-hosts.yaml:9:7

    netns ns0
      - drift    route 10.99.0.0/16 via 10.0.0.1 dev eth0 proto
                 169
                 in no file
      ! pending  address eth0 10.20.1.2/24  scope link → global
                 two-hosts.yaml:10:3

    two-hosts: 1 missing, 2 changed, 1 extra; 2 pending, 2
    drift, 1 conflict
    Conflicts are left as they are; apply --adopt overwrites
    them.
    "
  `);
  expect(text.split('\n').filter((line) => line.length > 60)).toEqual([]);
});

test('a terminal is shown the first differences and the count of the rest', () => {
  const many = Array.from({ length: 5000 }, (_, i) =>
    difference({
      kind: 'route',
      desired: route(`10.${i >> 8}.${i & 255}.0/24`, { dev: 'eth0' }),
      observed: null,
    }),
  );
  const shown = formatDifferences(small, found(many), { ...asFile, limit: 50 });
  expect(shown.split('\n').filter((line) => line.startsWith('  + '))).toHaveLength(50);
  expect(shown).toContain('\n… and 4 950 more (--all)\n');
  expect(shown).toContain('two-hosts: 5 000 missing; 5 000 drift\n');
  const whole = formatDifferences(small, found(many));
  expect(whole.split('\n').filter((line) => line.startsWith('  + '))).toHaveLength(5000);
  expect(whole).not.toContain('--all');
});

test('colour changes no letter', () => {
  const differences = found([missing, changed, extra, conflict], 1);
  const text = formatDifferences(small, differences, { ...asFile, style: coloured });
  expect(text).toContain('\x1b[');
  expect(text.replaceAll(/\x1b\[\d+m/g, '')).toBe(formatDifferences(small, differences));
});

test('what is ignored is counted', () => {
  expect(formatDifferences(small, found([], 2))).toBe(
    'two-hosts: in sync, 20 items; 2 differences ignored\n',
  );
  expect(formatDifferences(small, found([extra], 2))).toContain('1 extra; 1 drift, 2 ignored\n');
});
