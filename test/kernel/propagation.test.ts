import { expect, test } from 'vitest';
import { isSlave, mountOf, parseMount } from '../../src/kernel/propagation.ts';

const lines = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw',
  '25 22 0:23 / /run rw,nosuid,nodev master:13 - tmpfs tmpfs rw,size=803512k',
  '40 25 0:23 /netns /run/netns rw,nosuid shared:200 master:13 - tmpfs tmpfs rw',
  '41 25 0:4 net:[4026532201] /run/netns/a\\040b rw - nsfs nsfs rw',
  '50 22 0:60 / /runner rw - tmpfs tmpfs rw',
].map(parseMount);

test('a mount has its point, with escapes undone, and its tags', () => {
  expect(lines[3]).toEqual({ point: '/run/netns/a b', tags: [] });
  expect(lines[2]!.tags).toEqual(['shared:200', 'master:13']);
});

test('a path is on the mount at the longest point above it, not at one of a like name', () => {
  expect(mountOf('/run/netns', lines)!.point).toBe('/run/netns');
  expect(mountOf('/run/other', lines)!.point).toBe('/run');
  expect(mountOf('/runtime', lines)!.point).toBe('/');
});

test('what receives mounts is a slave, also where it shares them further', () => {
  expect(lines.map(isSlave)).toEqual([false, true, true, false, false]);
  expect(isSlave(null)).toBe(false);
});
