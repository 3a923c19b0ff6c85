import { expect, test } from 'vitest';
import { formatMetrics, Histogram, Numbers } from '../../src/report/prometheus.ts';

test('a counter has a line for each set of labels', () => {
  const heals = new Numbers('counter', 'heals_total', 'Heals.');
  heals.add({ kind: 'route' });
  heals.add({ kind: 'route' }, 2);
  heals.add({ kind: 'link' });
  expect(formatMetrics([heals])).toBe(
    '# HELP heals_total Heals.\n# TYPE heals_total counter\nheals_total{kind="route"} 3\nheals_total{kind="link"} 1\n',
  );
});

test('a gauge is what it was set to last, and nothing once it is cleared', () => {
  const items = new Numbers('gauge', 'items', 'Items.');
  items.set(3);
  items.set(5);
  expect(formatMetrics([items])).toContain('\nitems 5\n');
  items.clear();
  expect(formatMetrics([items])).toBe('# HELP items Items.\n# TYPE items gauge\n');
});

test('the buckets of a histogram are cumulative and end in all of it', () => {
  const times = new Histogram('seconds', 'Times.', [0.1, 1]);
  for (const value of [0.1, 0.5, 2]) times.observe(value, { kind: 'route' });
  expect(formatMetrics([times]).split('\n').slice(2, -1)).toEqual([
    'seconds_bucket{kind="route",le="0.1"} 1',
    'seconds_bucket{kind="route",le="1"} 2',
    'seconds_bucket{kind="route",le="+Inf"} 3',
    'seconds_sum{kind="route"} 2.6',
    'seconds_count{kind="route"} 3',
  ]);
});

test('a label cannot end its quotes or its line', () => {
  const odd = new Numbers('counter', 'odd', 'Odd.');
  odd.add({ name: 'a"b\\c\nd' });
  expect(formatMetrics([odd]).split('\n')[2]).toBe('odd{name="a\\"b\\\\c\\nd"} 1');
});
