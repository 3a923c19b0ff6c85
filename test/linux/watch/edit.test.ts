// Edits of routes under watch: applied alone where that is all there is to do, and by a whole pass where it is not.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { requires, sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from '../semantics/box.ts';
import { Watching } from './watching.ts';

let watching: Watching;

const route = (third: number, via = 9): string =>
  `{ dst: 10.${third}.0.0/16, via: 10.0.0.${via}, dev: eth0 }`;
const routes = (...list: readonly string[]): string =>
  box(`links: { eth0: { kind: existing } }\nroutes:\n${list.map((one) => `  - ${one}\n`).join('')}`);
const standing = (dst: string): string[] => lines(`ip -n box route show ${dst}`);

beforeEach(requires('ip'));
beforeEach(async (context) => {
  freshBox(context);
  watching = new Watching(routes(route(1), route(2), route(3)));
  await watching.quiet();
});
afterEach(() => watching.close());

it('what went, came and changed is applied alone', () => {
  expect(watching.edit(routes(route(1), route(2, 8), route(4)))).toEqual({
    told: [
      'done changed box route 10.2.0.0/16',
      'done missing box route 10.4.0.0/16',
      'done extra box route 10.3.0.0/16',
    ],
    passes: 0,
  });
  expect(watching.differences()).toEqual([]);
  expect(watching.edit(routes(route(4), route(2, 8), route(1)))).toEqual({ told: [], passes: 0 });
  expect(watching.pass()).toEqual([]);
});

it('what breaks after an edit is mended, and named where it stands in the new file', async () => {
  watching.edit(routes(route(5), route(1), route(2), route(3)));
  sh('ip -n box route delete 10.3.0.0/16');
  await watching.inSync();
  const [mended] = watching.outcomes;
  const place = mended!.difference.desired as { source: number };
  expect(routes(route(5), route(1), route(2), route(3)).slice(place.source)).toMatch(/^\{ dst: 10\.3\./);
});

it('a foreign route at the key of a new one is a conflict, and the rest is done', () => {
  sh('ip -n box route add 10.4.0.0/16 via 10.0.0.7');
  const { told, passes } = watching.edit(routes(route(1), route(2), route(4), route(5)));
  expect(passes).toBe(1);
  expect(told).toEqual([
    'done missing box route 10.5.0.0/16',
    'done extra box route 10.3.0.0/16',
    'skipped changed box route 10.4.0.0/16: a foreign item stands there; --adopt takes it over',
  ]);
  expect(standing('10.4.0.0/16')).toEqual(['10.4.0.0/16 via 10.0.0.7 dev eth0']);
  // As long as that is so, passes are whole.
  expect(watching.edit(routes(route(1), route(4), route(5))).passes).toBe(1);
  expect(watching.edit(routes(route(1), route(5)))).toEqual({ told: [], passes: 1 });
  expect(watching.edit(routes(route(1))).passes).toBe(0);
  expect(standing('10.4.0.0/16')).toEqual(['10.4.0.0/16 via 10.0.0.7 dev eth0']);
});

it('a foreign route that is what a new one should be stays foreign', () => {
  sh('ip -n box route add 10.4.0.0/16 via 10.0.0.9 dev eth0');
  expect(watching.edit(routes(route(1), route(2), route(3), route(4))).told).toEqual([]);
  expect(watching.edit(routes(route(1), route(2), route(3))).told).toEqual([]);
  expect(standing('10.4.0.0/16')).toEqual(['10.4.0.0/16 via 10.0.0.9 dev eth0']);
});

it.each([
  ['replace 10.3.0.0/16 via 10.0.0.7 proto static', ['10.3.0.0/16 via 10.0.0.7 dev eth0 proto static']],
  ['prepend 10.3.0.0/16 via 10.0.0.7 proto static', ['10.3.0.0/16 via 10.0.0.7 dev eth0 proto static']],
  ['append 10.3.0.0/16 via 10.0.0.7 proto static', ['10.3.0.0/16 via 10.0.0.7 dev eth0 proto static']],
  ['delete 10.3.0.0/16', []],
])('a route that goes takes nothing of others along: ip route %s', (change, left) => {
  sh(`ip -n box route ${change}`);
  watching.edit(routes(route(1), route(2)));
  expect(standing('10.3.0.0/16')).toEqual(left);
  expect(watching.differences()).toEqual([]);
});

it('a route of others behind one of ours stays when ours changes', () => {
  sh('ip -n box route append 10.3.0.0/16 via 10.0.0.7 proto static');
  watching.edit(routes(route(1), route(2), route(3, 8)));
  expect(standing('10.3.0.0/16')).toEqual([
    '10.3.0.0/16 via 10.0.0.8 dev eth0 proto 169',
    '10.3.0.0/16 via 10.0.0.7 dev eth0 proto static',
  ]);
  expect(watching.differences()).toEqual([]);
});

it('what broke before the edit and was not heard of yet is mended with it', () => {
  sh('ip -n box route delete 10.1.0.0/16');
  const { told, passes } = watching.edit(routes(route(1), route(2), route(3), route(4)));
  expect(passes).toBe(1);
  expect(told).toEqual(['done missing box route 10.1.0.0/16', 'done missing box route 10.4.0.0/16']);
});

it('the first and the last item of a namespace take a whole pass, for its claim', () => {
  const hole = box('routes: [{ dst: 10.5.0.0/16, type: blackhole }]');
  watching.edit(hole);
  expect(watching.edit(box('{}')).passes).toBe(1);
  expect(watching.edit(hole).passes).toBe(1);
  expect(watching.differences()).toEqual([]);
  expect(watching.edit(hole.replace('10.5', '10.6')).passes).toBe(0);
});

it('a watch that begins again after an edit finds pending what the file changed, and drift what the kernel did', () => {
  const edited = routes(route(1), route(2, 8), route(4));
  watching.edit(edited);
  watching.close();
  sh('ip -n box route delete 10.4.0.0/16; ip -n box route delete 10.2.0.0/16');
  watching = new Watching(edited);
  expect(watching.differences()).toEqual([]);
});
