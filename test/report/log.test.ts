import { expect, test } from 'vitest';
import { ReconcileError, TopologyError } from '../../src/errors.ts';
import type { Outcome } from '../../src/reconcile/difference.ts';
import { EventLog } from '../../src/report/log.ts';
import type { LogFormat } from '../../src/report/log-entry.ts';
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
const network = { name: 'two-hosts', files: [file] };
const resync = { kind: 'resync', reason: 'resync' } as const;
const edit = { kind: 'edit', reason: 'a.yaml changed' } as const;

function log(format: LogFormat = 'text') {
  const lines: string[] = [];
  const events = new EventLog(
    (line) => lines.push(line),
    format,
    () => new Date(0),
  );
  const pass = (outcomes: Outcome[], occasion: typeof resync | typeof edit = resync): void => {
    events.converged({ network, occasion, result: converged(outcomes, 20), milliseconds: 12 });
  };
  const heal = (outcomes: Outcome[], fights: Parameters<EventLog['healed']>[0]['fights'] = []): void => {
    events.healed({ network, outcomes, milliseconds: 1.23, fights });
  };
  return { events, lines, pass, heal };
}

test('what drifted is a line each, with its cause and place, and then a summary', () => {
  const { lines, pass } = log();
  pass([mended], edit);
  expect(lines.join('')).toMatchInlineSnapshot(`
    "1970-01-01T00:00:00.000Z mended host0 route 10.20.1.3/32 via 192.168.1.17 → 192.168.1.16 (changed, drift, replaced by proto bird) at two-hosts.yaml:19:8
    1970-01-01T00:00:00.000Z a.yaml changed: two-hosts: 20 items in sync, 1 changed, in 12 ms
    "
  `);
});

test('what the file changed is in the summary only', () => {
  const { lines, pass } = log();
  pass([{ ...mended, difference: { ...mended.difference, class: 'pending' } }], edit);
  expect(lines).toHaveLength(1);
});

test('a heal tells how long it took', () => {
  const { lines, heal } = log();
  heal([mended]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(' at two-hosts.yaml:19:8 in 1.2 ms\n');
});

test('a fight names what the rival does and how long the item is left alone', () => {
  const { lines, heal } = log();
  heal([mended], [{ difference: mended.difference, rest: 1600 }]);
  expect(lines[1]).toMatchInlineSnapshot(`
    "1970-01-01T00:00:00.000Z fight over host0 route 10.20.1.3/32: replaced by proto bird, again and again; left alone for 1.6 s
    "
  `);
});

test('of many items the first are named and the others counted', () => {
  const { lines, heal } = log();
  heal(Array.from({ length: 25 }, () => mended));
  expect(lines).toHaveLength(21);
  expect(lines[20]).toContain('mended 5 more');
});

test('what still fails is said once, and again when it returns', () => {
  const { lines, pass } = log();
  for (const outcomes of [[failed], [failed], [], [failed]]) pass(outcomes);
  expect(lines.filter((line) => line.includes('failed host0'))).toHaveLength(2);
});

test('what a heal fails at again and again is said once, and again after it was mended', () => {
  const { lines, heal } = log();
  for (const outcome of [failed, failed, { ...failed, outcome: 'done' as const, reason: null }, failed])
    heal([outcome]);
  expect(lines.map((line) => line.split(' ')[1])).toEqual(['failed', 'mended', 'failed']);
});

test('a resync that mends nothing is silent', () => {
  const { lines, pass } = log();
  pass([]);
  expect(lines).toEqual([]);
});

test('a refused topology is a line for each problem, once', () => {
  const { events, lines } = log();
  const excerpt = null;
  const problem = {
    code: 'x',
    file: 'a.yaml',
    line: 3,
    column: 5,
    message: 'no such host',
    hint: null,
    excerpt,
  };
  const invalid = new TopologyError([problem, { ...problem, line: 4 }]);
  const guarded = new ReconcileError('pruneGuard', 'it would delete 12 of 14 items', { hint: '--prune-all' });
  for (const error of [invalid, invalid, guarded]) events.refused(error);
  expect(lines.join('')).toMatchInlineSnapshot(`
    "1970-01-01T00:00:00.000Z a.yaml:3:5: no such host; the last good topology stays in force
    1970-01-01T00:00:00.000Z a.yaml:4:5: no such host; the last good topology stays in force
    1970-01-01T00:00:00.000Z it would delete 12 of 14 items; --prune-all; the last good topology stays in force
    "
  `);
});

test('the same refusal is said again after a topology was read', () => {
  const { events, lines, pass } = log();
  const error = new ReconcileError('file', 'a.yaml: no such file or directory');
  events.refused(error);
  pass([], edit);
  events.refused(error);
  expect(lines.filter((line) => line.includes('no such file'))).toHaveLength(2);
});

test('in JSON an entry is an object with its event, its message and what it is about', () => {
  const { lines, heal } = log('json');
  heal([mended]);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    time: '1970-01-01T00:00:00.000Z',
    event: 'mended',
    netns: 'host0',
    kind: 'route',
    key: '10.20.1.3/32',
    change: 'changed',
    class: 'drift',
    cause: 'replaced by proto bird',
    source: { file: 'two-hosts.yaml', line: 19, column: 8 },
    milliseconds: 1.23,
  });
});

test('a name with control characters cannot write a second line', () => {
  const { lines, events } = log();
  events.overflow('a\nb', 3);
  expect(lines[0]!.trimEnd().split('\n')).toHaveLength(1);
});
