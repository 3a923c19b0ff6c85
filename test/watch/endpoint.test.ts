import { expect, test } from 'vitest';
import { isLoopback, listen, parseListen } from '../../src/watch/endpoint.ts';

test.each([
  ['127.0.0.1:9469', { host: '127.0.0.1', port: 9469 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['0.0.0.0:65535', { host: '0.0.0.0', port: 65_535 }],
])('%s is an address and a port', (text, expected) => {
  expect(parseListen(text)).toEqual(expected);
});

test.each([
  '9469',
  ':9469',
  '127.0.0.1',
  '127.0.0.1:65536',
  '::1:80',
  '[127.0.0.1]:80',
  'example.org:80',
  '127.1:x',
])('%s is none', (text) => {
  expect(parseListen(text)).toBeNull();
});

test('only loopback addresses are', () => {
  expect(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '192.0.2.1', '::ffff:127.0.0.1'].some(isLoopback)).toBe(false);
});

test('an address that is taken is a usage error', async () => {
  const options = { metrics: { type: '', text: () => '' }, illness: () => null, unreadiness: () => null };
  const first = await listen({ host: '127.0.0.1', port: 0 }, options);
  await expect(listen({ host: '127.0.0.1', port: first.port }, options)).rejects.toMatchObject({
    code: 'usage',
  });
  first.close();
});
