import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { formatJunit } from '../../src/report/junit.ts';
import { changed, conflict, everything, extra, missing } from './differences.ts';
import { found, small } from './network.ts';

const schema = readFileSync(new URL('../fixtures/junit.xsd', import.meta.url), 'utf8');

async function problemsOf(xml: string): Promise<readonly string[]> {
  const { errors } = await validateXML({ xml, schema });
  return errors.map((error) => error.rawMessage);
}

test('a report is valid, whatever names hold', async () => {
  expect(await problemsOf(formatJunit(small, everything))).toEqual([]);
  expect(await problemsOf(formatJunit(small, found([])))).toEqual([]);
});

test('the schema notices what is not valid', async () => {
  const xml = formatJunit(small, everything);
  expect(await problemsOf(xml.replace('classname=', 'class='))).not.toEqual([]);
  expect(await problemsOf(xml.replace('</testsuites>', ''))).not.toEqual([]);
});

test('a difference is a failed case, a namespace in sync a passed one', () => {
  expect(formatJunit(small, found([missing, changed, extra, conflict], 2))).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="two-hosts" tests="5" failures="4">
      <testsuite name="host0" tests="2" failures="2">
        <properties>
          <property name="pending" value="2"/>
          <property name="drift" value="2"/>
          <property name="conflicts" value="1"/>
          <property name="ignored" value="2"/>
        </properties>
        <testcase name="route 10.20.1.3/32" classname="two-hosts.host0" file="two-hosts.yaml" line="19">
          <failure message="host0: route 10.20.1.3/32 via 192.168.1.16 dev ens192 is missing; link ens192 went down (the kernel flushes IPv4 routes silently)" type="drift.missing">host0: route 10.20.1.3/32 via 192.168.1.16 dev ens192 is missing; link ens192 went down (the kernel flushes IPv4 routes silently)
    two-hosts.yaml:19:8
    $ ip -n host0 route add 10.20.1.3/32 via 192.168.1.16 dev ens192 proto 169</failure>
        </testcase>
        <testcase name="link ens192" classname="two-hosts.host0" file="two-hosts.yaml" line="9">
          <failure message="host0: link ens192 differs: up false → true, mtu 1450 → 1500" type="pending.changed">host0: link ens192 differs: up false → true, mtu 1450 → 1500
    two-hosts.yaml:9:7
    $ ip -n host0 link set dev ens192 mtu 1500 up</failure>
        </testcase>
      </testsuite>
      <testsuite name="lan" tests="1" failures="0">
        <testcase name="in sync" classname="two-hosts.lan"/>
      </testsuite>
      <testsuite name="ns0" tests="2" failures="2">
        <testcase name="route 10.99.0.0/16" classname="two-hosts.ns0">
          <failure message="ns0: route 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169 is in no file" type="drift.extra">ns0: route 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169 is in no file
    $ ip -n ns0 route del 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169</failure>
        </testcase>
        <testcase name="address eth0 10.20.1.2/24" classname="two-hosts.ns0" file="two-hosts.yaml" line="10">
          <failure message="ns0: address eth0 10.20.1.2/24 is not ours, and differs: scope link → global" type="pending.changed.conflict">ns0: address eth0 10.20.1.2/24 is not ours, and differs: scope link → global
    two-hosts.yaml:10:3</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "
  `);
});
