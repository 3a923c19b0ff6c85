import { expect, test } from 'vitest';
import { ReconcileError, TopologyError } from '../../src/errors.ts';
import type { Outcome } from '../../src/reconcile/difference.ts';
import { EventLog } from '../../src/report/log.ts';
import { converged, difference, file, observedRoute, route } from './network.ts';

const mended: Outcome = {
  difference: difference({
    kind: 'route',
    desired: route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' }),
    observed: observedRoute('10.20.1.3/32', 12, { gateway: '192.168.1.17', dev: 'ens192' }),
    cause: 'replaced by proto bird',
  }),
  outcome: 'done',
  reason: null,
};
const failed: Outcome = {
  difference: difference({
    kind: 'route',
    desired: route('10.9.0.0/16', { gateway: '10.0.0.1' }),
    observed: null,
  }),
  outcome: 'failed',
  reason: 'Nexthop has invalid gateway (ENETUNREACH)',
};

function log(): { events: EventLog; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    events: new EventLog(
      (line) => lines.push(line),
      () => new Date(0),
    ),
  };
}

test('each mended item is a line, with its cause and place', () => {
  const { events, lines } = log();
  events.converged('two-hosts', [file], 'a.yaml changed', converged([mended], 20));
  expect(lines.join('')).toMatchInlineSnapshot(`
    "1970-01-01T00:00:00.000Z mended host0 route 10.20.1.3/32 via 192.168.1.17 → 192.168.1.16 (changed, drift, replaced by proto bird) at two-hosts.yaml:19:8
    1970-01-01T00:00:00.000Z a.yaml changed: two-hosts: 20 items in sync, 1 changed
    "
  `);
});

test('what still fails is said once, and again when it returns', () => {
  const { events, lines } = log();
  const pass = (outcomes: Outcome[]): void => {
    events.converged('two-hosts', [file], 'resync', converged(outcomes, 20));
    events.endPass();
  };
  for (const outcomes of [[failed], [failed], [], [failed]]) pass(outcomes);
  expect(lines.filter((line) => line.includes('failed host0'))).toHaveLength(2);
});

test('a resync that mends nothing is silent', () => {
  const { events, lines } = log();
  events.converged('two-hosts', [file], 'resync', converged([], 20));
  expect(lines).toEqual([]);
});

test('a refused topology is a line for each problem', () => {
  const { events, lines } = log();
  const problem = {
    code: 'x',
    file: 'a.yaml',
    line: 3,
    column: 5,
    message: 'no such host',
    hint: null,
    excerpt: null,
  };
  events.refused(new TopologyError([problem, { ...problem, line: 4 }]));
  events.refused(
    new ReconcileError('pruneGuard', 'it would delete 12 of 14 items', { hint: 'apply --prune-all' }),
  );
  expect(lines.join('')).toMatchInlineSnapshot(`
    "1970-01-01T00:00:00.000Z a.yaml:3:5: no such host; the last good topology stays in force
    1970-01-01T00:00:00.000Z a.yaml:4:5: no such host; the last good topology stays in force
    1970-01-01T00:00:00.000Z it would delete 12 of 14 items; apply --prune-all; the last good topology stays in force
    "
  `);
});
