import { expect, test } from 'vitest';
import type { Outcome } from '../../src/reconcile/difference.ts';
import type { Step } from '../../src/reconcile/plan.ts';
import {
  formatConverged,
  formatDestroyed,
  formatPlan,
  formatSkipped,
  formatStep,
} from '../../src/report/steps.ts';
import { address, converged, difference, file, link, observedLink, observedRoute, route } from './network.ts';

const create: Step = {
  action: 'create',
  stage: 'settings',
  difference: difference({
    kind: 'route',
    desired: route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' }),
    observed: null,
  }),
  notes: [],
};
const change: Step = {
  action: 'change',
  stage: 'settings',
  difference: difference({
    kind: 'link',
    desired: link('ens192', { kind: 'existing' }, { mtu: 1500, mac: '02:00:00:00:00:21' }),
    observed: observedLink('ens192', { mtu: 1450 }),
  }),
  notes: [],
};
const remove: Step = {
  action: 'delete',
  stage: 'removals',
  difference: difference({ kind: 'link', desired: null, observed: observedLink('old0') }),
  notes: ['takes the foreign route 10.1.0.0/16 with it'],
};
const conflict = difference({
  kind: 'route',
  desired: route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' }),
  observed: observedRoute('10.20.1.3/32', 12, { gateway: '192.168.1.17', dev: 'ens192' }),
  conflict: true,
});

function outcome(step: Step, fate: Outcome['outcome'], reason: string | null = null): Outcome {
  return { difference: step.difference, outcome: fate, reason };
}

test('a plan shows its steps in order, what they take with them, and its conflicts', () => {
  expect(
    formatPlan({ steps: [create, change, remove], conflicts: [conflict] }, [file]),
  ).toMatchInlineSnapshot(`
    "+ host0 route 10.20.1.3/32 via 192.168.1.16 dev ens192
    ~ host0 link ens192  mtu 1450 → 1500, mac 02:00:00:00:00:20 → 02:00:00:00:00:21
    - host0 link old0 veth
        takes the foreign route 10.1.0.0/16 with it
    ! host0 route 10.20.1.3/32  via 192.168.1.17 → 192.168.1.16
        stands there already and is not ours: left as it is without --adopt (two-hosts.yaml:19:8)
    "
  `);
});

test('a step that is done is one line', () => {
  expect(formatStep(create, outcome(create, 'done'), [file])).toMatchInlineSnapshot(`
    "+ host0 route 10.20.1.3/32 via 192.168.1.16 dev ens192
    "
  `);
});

test("a step that failed gives the kernel's words and the place in the file", () => {
  const failed = outcome(create, 'failed', 'Nexthop has invalid gateway (ENETUNREACH)');
  expect(formatStep(create, failed, [file])).toMatchInlineSnapshot(`
    "+ host0 route 10.20.1.3/32 via 192.168.1.16 dev ens192
        failed: Nexthop has invalid gateway (ENETUNREACH) (two-hosts.yaml:19:8)
    "
  `);
});

test('what no step mends is named with its reason', () => {
  const skipped: Outcome = {
    difference: conflict,
    outcome: 'skipped',
    reason: 'stands since before, by proto bird',
  };
  expect(formatSkipped([skipped], [file])).toMatchInlineSnapshot(`
    "! host0 route 10.20.1.3/32  via 192.168.1.17 → 192.168.1.16
        skipped: stands since before, by proto bird (two-hosts.yaml:19:8)
    "
  `);
});

test('the summary counts what was done and what was not', () => {
  const outcomes = [outcome(create, 'done'), outcome(change, 'done'), outcome(remove, 'failed', 'EBUSY')];
  expect(formatConverged('two-hosts', converged(outcomes, 41))).toBe(
    'two-hosts: 41 items in sync, 1 created, 1 changed; 1 failed\n',
  );
  expect(formatConverged('two-hosts', converged([], 1))).toBe('two-hosts: 1 item in sync, nothing to do\n');
  expect(formatDestroyed('two-hosts', outcomes)).toBe('two-hosts: 2 items deleted; 1 failed\n');
});

test('an address that is created is its own description', () => {
  const step: Step = {
    action: 'create',
    stage: 'settings',
    difference: difference({ kind: 'address', desired: address('eth0', '10.20.1.2/24'), observed: null }),
    notes: [],
  };
  expect(formatStep(step, outcome(step, 'done'), [file])).toBe('+ host0 address eth0 10.20.1.2/24\n');
});
