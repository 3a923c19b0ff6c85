// What an apply says of its steps when there are very many.
import { expect, test } from 'vitest';
import type { Difference, Outcome } from '../../src/reconcile/difference.ts';
import type { Step } from '../../src/reconcile/plan.ts';
import { StepLog } from '../../src/report/step-log.ts';
import { parsePrefix } from '../../src/state/ip.ts';

function routeStep(number: number): Step {
  const dst = parsePrefix('10.0.0.0/32')!.address as number;
  const desired = {
    dst: dst + number,
    dstLength: 32,
    table: 254,
    metric: 0,
    type: 1,
    scope: 253,
    via: null,
    dev: 'd0',
    src: null,
    mtu: 0,
    onlink: false,
    nexthops: null,
    adopt: false,
    source: -1,
  };
  const difference: Difference = {
    kind: 'route',
    netns: 'a',
    change: 'missing',
    class: 'pending',
    conflict: false,
    cause: null,
    desired,
    observed: null,
  };
  return { action: 'create', stage: 'settings', difference, notes: [] };
}

function log(all: boolean): {
  lines: string[];
  add: (count: number, outcome?: Outcome['outcome']) => void;
  end: () => void;
} {
  const lines: string[] = [];
  const steps = new StepLog({ write: (text) => lines.push(text), files: [], all });
  return {
    lines,
    add: (count, outcome = 'done') => {
      for (let i = 0; i < count; i++) {
        const step = routeStep(i);
        steps.add(step, {
          difference: step.difference,
          outcome,
          reason: outcome === 'done' ? null : 'refused',
        });
      }
    },
    end: () => steps.end(),
  };
}

test('a thousand steps are said one by one, and the rest is counted', () => {
  const { lines, add, end } = log(false);
  add(100_000);
  end();
  expect(lines).toHaveLength(1001);
  expect(lines.at(-1)).toMatchInlineSnapshot(`
    "… and, done: 99 000 × + route (--all says each)
    "
  `);
});

test('what fails is said however many went before it', () => {
  const { lines, add, end } = log(false);
  add(2000);
  add(3, 'failed');
  end();
  expect(lines.filter((line) => line.includes('failed'))).toHaveLength(3);
});

test('with all, every step is said and nothing is counted', () => {
  const { lines, add, end } = log(true);
  add(2000);
  end();
  expect(lines).toHaveLength(2000);
});

test('a step that a later round leaves undone again is said once', () => {
  const { lines, add } = log(false);
  add(2, 'failed');
  add(2, 'failed');
  add(2);
  expect(lines).toHaveLength(4);
});
