// The prune guard: a pass that would delete more than half of what is ours, and at least ten items, changes nothing
// unless it is told to.
import { beforeEach, describe, expect, it } from 'vitest';
import { ReconcileError } from '../../../src/errors.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { lines } from '../semantics/box.ts';
import { applyText, destroyName, establish } from '../semantics/pass.ts';

/** Black holes in namespaces, as many as told. */
function holes(counts: Readonly<Record<string, number>>): string {
  const namespaces = Object.entries(counts).map(([netns, count]) => {
    const routes = Array.from(
      { length: count },
      (_, n) => `      - { dst: 10.9.${n}.0/24, type: blackhole }\n`,
    );
    return `  ${netns}:\n    routes:${count === 0 ? ' []' : ''}\n${routes.join('')}`;
  });
  return `name: mine\nnetns:\n${namespaces.join('')}`;
}

const held = (netns: string): number => lines(`ip -n ${netns} route show type blackhole`).length;

function codeOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof ReconcileError ? error.code : String(error);
  }
}

beforeEach((context) => {
  requires('ip')(context);
  freshMachine();
  sh('ip netns add a; ip netns add b');
});

describe('the prune guard', () => {
  it('stops a pass that would delete more than half, and nothing is changed', () => {
    establish(holes({ a: 20 }));
    const shorter = holes({ a: 9 }).replace('10.9.0.0/24', '10.99.0.0/24');
    expect(codeOf(() => applyText(shorter))).toBe('pruneGuard');
    expect(held('a')).toBe(20);
    expect(lines('ip -n a route show 10.99.0.0/24')).toEqual([]);
  });

  it('lets it pass with --prune-all', () => {
    establish(holes({ a: 20 }));
    applyText(holes({ a: 1 }), { pruneAll: true });
    expect(held('a')).toBe(1);
  });

  it.each([
    ['half of what is ours', 20, 10],
    ['nine items of ten', 10, 1],
    ['nine items of nine', 9, 0],
  ])('does not mind %s', (_, before, after) => {
    establish(holes({ a: before, b: 1 }));
    expect(codeOf(() => applyText(holes({ a: after, b: 1 })))).toBeNull();
    expect(held('a')).toBe(after);
  });

  it('counts what goes with a namespace of others that leaves the file once', () => {
    establish(holes({ a: 25, b: 15 }));
    expect(codeOf(() => applyText(holes({ a: 25 })))).toBeNull();
    expect([held('a'), held('b')]).toEqual([25, 0]);
  });

  it('counts what goes with a namespace that we made', () => {
    establish(holes({ a: 4, made: 12 }));
    expect(codeOf(() => applyText(holes({ a: 4 })))).toBe('pruneGuard');
    expect(held('made')).toBe(12);
    expect(codeOf(() => applyText('name: mine\n'))).toBe('pruneGuard');
  });

  it('counts what is ours, not what others left in a namespace of ours', () => {
    establish(holes({ made: 12 }));
    for (let n = 0; n < 30; n++) sh(`ip -n made route add blackhole 10.8.${n}.0/24`);
    expect(codeOf(() => applyText(holes({ made: 12 })))).toBeNull();
    expect(held('made')).toBe(12);
  });

  it('does not stand in the way of a destroy', () => {
    establish(holes({ a: 20 }));
    destroyName('mine');
    expect(held('a')).toBe(0);
  });
});
