import { describe, expect, test } from 'vitest';
import { ignoreTest, parseIgnore } from '../../src/state/ignore.ts';

const cases: readonly [pattern: string, item: readonly [string, string, string], ignored: boolean][] = [
  ['host0 route 10.20.1.3/32', ['host0', 'route', '10.20.1.3/32'], true],
  ['host0 route 10.20.1.3/32', ['host1', 'route', '10.20.1.3/32'], false],
  ['host0 route 10.20.1.3/32', ['host0', 'route', '10.20.1.3/32 table 100'], false],
  ['host0 route 10.99.*', ['host0', 'route', '10.99.0.0/16 table 100'], true],
  ['host0 route 10.99.*', ['host0', 'route', '10.199.0.0/16'], false],
  ['host0', ['host0', 'address', 'eth0 10.0.0.1/24'], true],
  ['host0', ['host01', 'address', 'eth0 10.0.0.1/24'], false],
  ['* sysctl', ['host1', 'sysctl', 'net.ipv4.ip_forward'], true],
  ['* sysctl net.ipv4.conf.*.rp_filter', ['h', 'sysctl', 'net.ipv4.conf.a.b.rp_filter'], true],
  ['* sysctl net.ipv4.conf.*.rp_filter', ['h', 'sysctl', 'net.ipv4.ip_forward'], false],
  ['host?', ['host1', 'link', 'eth0'], true],
  ['host?', ['host10', 'link', 'eth0'], false],
  ['* * eth0 *', ['a', 'address', 'eth0 10.0.0.1/24'], true],
  ['* link ve\\*', ['a', 'link', 've*'], true],
  ['* link ve\\*', ['a', 'link', 'veth0'], false],
  ['* link a.c', ['a', 'link', 'abc'], false],
  ['* link (x|y', ['a', 'link', '(x|y'], true],
  ['* *k x', ['a', 'link', 'x'], true],
  ['self  link   docker0 ', ['self', 'link', 'docker0'], true],
];

test.each(cases)('%s is tried on %j', (pattern, item, ignored) => {
  expect(parseIgnore(pattern)?.(...item)).toBe(ignored);
});

describe('a pattern that can match nothing is no pattern', () => {
  test.each(['', ' ', 'host0 rout 10.0.0.0/8', 'host0 10.20.1.3/32', '* ROUTE'])('%j', (pattern) => {
    expect(parseIgnore(pattern)).toBeNull();
  });
});

test('an item is ignored by any of several patterns', () => {
  const isIgnored = ignoreTest(['a link', 'b link']);
  expect([isIgnored('a', 'link', 'x'), isIgnored('b', 'link', 'x'), isIgnored('c', 'link', 'x')]).toEqual([
    true,
    true,
    false,
  ]);
  expect(ignoreTest([])('a', 'link', 'x')).toBe(false);
});
