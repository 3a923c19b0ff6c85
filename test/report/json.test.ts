import { expect, test } from 'vitest';
import { differencesAsJson, formatJson, outcomesAsJson } from '../../src/report/json.ts';
import { converged, difference, found, observedLink, route, small } from './network.ts';

const missing = difference({
  kind: 'route',
  desired: route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' }),
  observed: null,
});

test('a report has every field, null where unknown', () => {
  expect(differencesAsJson(small, found([missing]))).toMatchInlineSnapshot(`
    {
      "differences": [
        {
          "cause": null,
          "change": "missing",
          "class": "drift",
          "command": "ip -n host0 route add 10.20.1.3/32 via 192.168.1.16 dev ens192 proto 169",
          "conflict": false,
          "desired": {
            "dev": "ens192",
            "dst": "10.20.1.3/32",
            "metric": 0,
            "mtu": null,
            "nexthops": null,
            "onlink": false,
            "scope": "global",
            "src": null,
            "table": 254,
            "type": "unicast",
            "via": "192.168.1.16",
          },
          "key": "10.20.1.3/32",
          "kind": "route",
          "netns": "host0",
          "observed": null,
          "source": {
            "column": 8,
            "file": "two-hosts.yaml",
            "line": 19,
          },
        },
      ],
      "inSync": false,
      "summary": {
        "changed": 0,
        "conflicts": 0,
        "drift": 1,
        "extra": 0,
        "ignored": 0,
        "missing": 1,
        "pending": 0,
      },
      "topology": "two-hosts",
      "version": 1,
    }
  `);
});

test("an apply's report adds what became of each difference and the kernel's words", () => {
  const report = outcomesAsJson(
    small,
    converged([{ difference: missing, outcome: 'failed', reason: 'Nexthop has invalid gateway' }], 20),
  );
  expect(report.inSync).toBe(false);
  expect(report.differences[0]).toMatchObject({
    key: '10.20.1.3/32',
    outcome: 'failed',
    reason: 'Nexthop has invalid gateway',
  });
  expect(outcomesAsJson(small, converged([], 20)).inSync).toBe(true);
});

test('the text holds nothing that a terminal would obey, and parses to the same names', () => {
  const name = 'a\x1b[2J\u202e\u0085"b';
  const text = formatJson(
    differencesAsJson(
      small,
      found([difference({ kind: 'link', desired: null, observed: observedLink(name) })]),
    ),
  );
  expect(text).not.toMatch(/[\x1b\u202e\u0085]/);
  expect(JSON.parse(text).differences[0].key).toBe(name);
});
