import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import type { InspectResult } from '../../src/reconcile/inspect.ts';
import { formatJson } from '../../src/report/json.ts';
import { asSarif } from '../../src/report/sarif.ts';
import { conflict, everything, extra, missing } from './differences.ts';
import { found, small } from './network.ts';

const {
  $schema: _draft4,
  id: _id,
  ...schema
} = JSON.parse(readFileSync(new URL('../fixtures/sarif-2.1.0.json', import.meta.url), 'utf8'));
const isUri = (text: string): boolean => URL.canParse(text);
const isReference = (text: string): boolean => /^[\w.~!$&'()*+,;=:@%/?#-]*$/.test(text);
const validate = new Ajv({
  strict: false,
  unicodeRegExp: false,
  formats: { uri: isUri, 'uri-reference': isReference, 'date-time': true },
}).compile(schema);

function sarif(result: InspectResult) {
  const text = formatJson(asSarif(small, result, { version: '1.2.3' }));
  const log = JSON.parse(text);
  expect(validate(log) || validate.errors).toBe(true);
  return log;
}

test('a log is valid by the published schema, whatever names hold', () => {
  expect(sarif(everything).runs[0].results).toHaveLength(5);
  expect(sarif(found([])).runs[0].results).toEqual([]);
});

test('the schema notices what is not valid', () => {
  expect(validate({ version: '2.1.0', runs: [{ tool: {} }] })).toBe(false);
  expect(validate({ version: '2.1.0', runs: [], other: 1 })).toBe(false);
});

test('a result stands at the line that asked for it', () => {
  const [result] = sarif(found([missing])).runs[0].results;
  expect(result).toMatchObject({
    ruleId: 'route-missing',
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'two-hosts.yaml' },
          region: { startLine: 19, startColumn: 8 },
        },
        logicalLocations: [{ fullyQualifiedName: 'host0 route 10.20.1.3/32', kind: 'route' }],
      },
    ],
    properties: {
      class: 'drift',
      command: 'ip -n host0 route add 10.20.1.3/32 via 192.168.1.16 dev ens192 proto 169',
    },
  });
});

test('a result that no file asked for stands at its item alone', () => {
  const [result] = sarif(found([extra])).runs[0].results;
  expect(result.locations).toEqual([
    { logicalLocations: [{ fullyQualifiedName: 'ns0 route 10.99.0.0/16', kind: 'route' }] },
  ]);
});

test('drift and conflicts are errors, what is pending is a warning', () => {
  const { results } = sarif(found([missing, { ...missing, class: 'pending' }, conflict])).runs[0];
  expect(results.map((result: { level: string }) => result.level)).toEqual(['error', 'warning', 'error']);
});

test.each([
  ['/etc/calico reconcile/a#b.yaml', 'file:///etc/calico%20reconcile/a%23b.yaml'],
  ['./sub/a.yaml', 'sub/a.yaml'],
  ['../a?.yaml', '../a%3F.yaml'],
])('the file %s is the reference %s', (name, uri) => {
  const log = asSarif({ ...small, files: [{ ...small.files[0]!, name }] }, found([missing]), {
    version: '1',
  });
  expect(JSON.stringify(log)).toContain(`"uri":${JSON.stringify(uri)}`);
});

test('standard input is no file', () => {
  const log = asSarif({ ...small, files: [{ ...small.files[0]!, name: '-' }] }, found([missing]), {
    version: '1',
  });
  expect(JSON.stringify(log)).not.toContain('physicalLocation');
});
