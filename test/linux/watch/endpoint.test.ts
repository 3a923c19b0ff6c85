// The endpoint over a real loopback.
import { beforeEach, expect, it } from 'vitest';
import { listen } from '../../../src/watch/endpoint.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

beforeEach(requires('ip'));
beforeEach(() => {
  freshMachine();
  sh('ip link set lo up');
});

it('health and readiness say why not; only GET is answered', async () => {
  let illness: string | null = null;
  const endpoint = await listen(
    { host: '127.0.0.1', port: 0 },
    {
      metrics: { type: 'text/plain', text: () => 'm 1\n' },
      illness: () => illness,
      unreadiness: () => 'not yet',
    },
  );
  const get = async (path: string, method = 'GET'): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${endpoint.port}${path}`, { method });
    return [response.status, await response.text()];
  };
  expect(await get('/healthz')).toEqual([200, 'ok\n']);
  illness = 'asleep';
  expect(await get('/healthz')).toEqual([503, 'asleep\n']);
  expect(await get('/readyz?x=1')).toEqual([503, 'not yet\n']);
  expect(await get('/metrics')).toEqual([200, 'm 1\n']);
  expect((await get('/metrics', 'POST'))[0]).toBe(405);
  endpoint.close();
});
