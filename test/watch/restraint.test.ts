import { expect, test } from 'vitest';
import type { Difference, Outcome } from '../../src/reconcile/difference.ts';
import { Restraint } from '../../src/watch/restraint.ts';
import { difference, route } from '../report/network.ts';

const item: Difference = difference({ kind: 'route', desired: route('10.1.0.0/16'), observed: null });
const failed: Outcome = { difference: item, outcome: 'failed', reason: 'no' };
const done: Outcome = { difference: item, outcome: 'done', reason: null };

function restraint() {
  const clock = { now: 1000 };
  return { clock, restraint: new Restraint(() => clock.now) };
}

test('what fails is tried after 100 ms, then after twice as long each time, and at least every 30 s', () => {
  const { clock, restraint: held } = restraint();
  const rests: number[] = [];
  for (let i = 0; i < 12; i++) {
    held.judge([failed]);
    rests.push(held.nextRelease()!);
    clock.now += rests.at(-1)!;
    expect(held.holds(item)).toBe(false);
    expect(held.due()).toEqual([item]);
  }
  expect(rests.slice(0, 4)).toEqual([100, 200, 400, 800]);
  expect(rests.slice(-2)).toEqual([30_000, 30_000]);
});

test('a mended item may fail anew from the shortest rest on', () => {
  const { clock, restraint: held } = restraint();
  for (let i = 0; i < 5; i++) {
    held.judge([failed]);
    clock.now += held.nextRelease()!;
    held.due();
  }
  held.judge([done]);
  expect(held.nextRelease()).toBeNull();
  held.judge([failed]);
  expect(held.nextRelease()).toBe(100);
});

test('an item mended five times in ten seconds is a fight, and rests longer each time', () => {
  const { clock, restraint: held } = restraint();
  for (let i = 0; i < 4; i++) {
    expect(held.judge([done])).toEqual([]);
    clock.now += 2000;
  }
  const rests: number[] = [];
  for (let i = 0; i < 3; i++) {
    const [fight] = held.judge([done]);
    expect(fight!.difference).toBe(item);
    rests.push(fight!.rest);
    expect(held.holds(item)).toBe(true);
    clock.now += fight!.rest + 10;
    held.due();
  }
  expect(rests).toEqual([1600, 3200, 6400]);
});

test('an item mended five times in longer than ten seconds is no fight', () => {
  const { clock, restraint: held } = restraint();
  for (let i = 0; i < 20; i++) {
    expect(held.judge([done])).toEqual([]);
    clock.now += 2600;
  }
});

test('a fight that ended is forgotten', () => {
  const { clock, restraint: held } = restraint();
  for (let i = 0; i < 6; i++) {
    held.judge([done]);
    clock.now += 1600;
    held.due();
  }
  clock.now += 300_000;
  held.forget();
  expect(held.judge([done])).toEqual([]);
});

test('something new in the namespace lets what failed be tried at once, but no fight', () => {
  const { restraint: held } = restraint();
  held.judge([failed]);
  held.release('host9');
  expect(held.due()).toEqual([]);
  held.release('host0');
  expect(held.due()).toEqual([item]);
  const { restraint: fighting } = restraint();
  for (let i = 0; i < 5; i++) fighting.judge([done]);
  fighting.release('host0');
  expect(fighting.due()).toEqual([]);
});

test('what was skipped waits for what it needs, not for time', () => {
  const { restraint: held } = restraint();
  held.judge([{ difference: item, outcome: 'skipped', reason: 'link x does not exist' }]);
  expect(held.nextRelease()).toBeNull();
});
