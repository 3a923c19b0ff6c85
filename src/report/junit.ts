// The drift report as JUnit XML, in the dialect that CI services read: a suite a namespace, a failed case a
// difference, and a passed one for each namespace that is in sync. No times: the same network gives the same text.
import type { Difference } from '../reconcile/difference.ts';
import { differenceKey, summarize } from '../reconcile/difference.ts';
import type { InspectResult } from '../reconcile/inspect.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { locate } from '../state/place.ts';
import { describePlace, describeSentence, placeOf } from './describe.ts';
import { mendingCommands } from './ip/mend.ts';
import { printable } from './printable.ts';
import { groupByNetns } from './text.ts';

/** The report as an XML document; ends in a newline. */
export function formatJunit(
  network: DesiredNetwork,
  { differences, ignored }: Pick<InspectResult, 'differences' | 'ignored'>,
): string {
  const commands = mendingCommands(network, differences);
  const cases = new Map(
    differences.map((difference, i) => [difference, failedCase(network, difference, commands[i] ?? null)]),
  );
  const groups = groupByNetns(differences);
  const names = [...new Set([...network.namespaces.keys(), ...groups.keys()])];
  const suites = names.map((name) => {
    const failed = (groups.get(name) ?? []).map((difference) => cases.get(difference)!);
    return { name, failed, passed: failed.length === 0 ? [passedCase(network, name)] : [] };
  });
  const tests = suites.reduce((sum, { failed, passed }) => sum + failed.length + passed.length, 0);
  const lines = suites.flatMap(({ name, failed, passed }, i) => [
    `  ${open('testsuite', { name, tests: failed.length + passed.length, failures: failed.length })}`,
    ...(i === 0 ? countsOf(differences, ignored) : []),
    ...failed.flat(),
    ...passed,
    '  </testsuite>',
  ]);
  const root = open('testsuites', { name: network.name, tests, failures: differences.length });
  return ['<?xml version="1.0" encoding="UTF-8"?>', root, ...lines, '</testsuites>\n'].join('\n');
}

/** The counts of the whole, in the first suite: the format has no other place for them. */
function countsOf(differences: readonly Difference[], ignored: number): string[] {
  const { pending, drift, conflicts } = summarize(differences, ignored);
  const counts = Object.entries({ pending, drift, conflicts, ignored });
  const properties = counts.map(([name, value]) => `      ${empty('property', { name, value })}`);
  return ['    <properties>', ...properties, '    </properties>'];
}

function passedCase(network: DesiredNetwork, netns: string): string {
  return `    ${empty('testcase', { name: 'in sync', classname: `${network.name}.${netns}` })}`;
}

function failedCase(network: DesiredNetwork, difference: Difference, command: string | null): string[] {
  const classname = `${network.name}.${difference.netns}`;
  const location = locate(network.files, placeOf(difference));
  const name = `${difference.kind} ${differenceKey(difference)}`;
  const where = location === null ? {} : { file: location.file, line: location.line };
  const type = `${difference.class}.${difference.change}${difference.conflict ? '.conflict' : ''}`;
  const place = describePlace(network.files, placeOf(difference));
  const text = [
    describeSentence(difference),
    ...(place === null ? [] : [place]),
    ...(command === null ? [] : command.split('\n').map((line) => `$ ${line}`)),
  ];
  return [
    `    ${open('testcase', { name, classname, ...where })}`,
    `      ${open('failure', { message: describeSentence(difference), type })}${escapeXml(text.join('\n'))}</failure>`,
    '    </testcase>',
  ];
}

type Attributes = Readonly<Record<string, string | number>>;

function open(name: string, attributes: Attributes): string {
  const words = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${escapeXml(printable(String(value)))}"`,
  );
  return `<${name}${words.join('')}>`;
}

function empty(name: string, attributes: Attributes): string {
  return `${open(name, attributes).slice(0, -1)}/>`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text of XML 1.0; characters that it cannot hold were made printable before. */
function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => entities[char]!).replace(/[\ufffe\uffff]/g, '\ufffd');
}
