// Ten times the differences cost ten times the work: every look at a difference is counted.
import { expect, test } from 'vitest';
import type { Difference } from '../../src/reconcile/difference.ts';
import type { InspectResult } from '../../src/reconcile/inspect.ts';
import { formatAnnotations } from '../../src/report/github.ts';
import { differencesAsJson } from '../../src/report/json.ts';
import { formatJunit } from '../../src/report/junit.ts';
import { formatMarkdown } from '../../src/report/markdown.ts';
import { asSarif } from '../../src/report/sarif.ts';
import { formatPlan } from '../../src/report/steps.ts';
import { formatDifferences } from '../../src/report/text.ts';
import { difference, found, link, observedLink, route, small } from './network.ts';

const formats: Readonly<Record<string, (result: InspectResult) => unknown>> = {
  text: (result) => formatDifferences(small, result),
  json: (result) => differencesAsJson(small, result),
  junit: (result) => formatJunit(small, result),
  sarif: (result) => asSarif(small, result, { version: '1' }),
  github: (result) => formatAnnotations(small, result),
  markdown: (result) => formatMarkdown(small, result),
  plan: ({ plan }) => formatPlan(plan, small.files),
};

/** How often parts of so many differences are looked at while they are formatted. */
function looks(count: number, format: (result: InspectResult) => unknown): number {
  let looked = 0;
  const watched = (item: Difference): Difference =>
    new Proxy(item, {
      get: (target, name) => {
        looked++;
        return Reflect.get(target, name);
      },
    });
  const differences = Array.from({ length: count }, (_, i) =>
    i % 2 === 0
      ? difference({ kind: 'route', desired: route(`10.${i >> 8}.${i & 255}.0/24`), observed: null })
      : difference({
          kind: 'link',
          netns: `n${i % 7}`,
          desired: link(`l${i}`, { kind: 'existing' }, { mtu: 1500 }),
          observed: observedLink(`l${i}`, { mtu: 1400 }),
        }),
  );
  format(found(differences.map(watched)));
  return looked;
}

test.each(Object.keys(formats))('%s', (name) => {
  const few = looks(400, formats[name]!);
  expect(few).toBeGreaterThan(400);
  expect(looks(4000, formats[name]!)).toBeLessThanOrEqual(few * 10.1);
});
