// What is made from the program's own words is in step with them; `npm run docs` makes it anew.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatManual } from '../../src/commands/manual.ts';
import { describeProgram } from '../../src/commands/program.ts';
import { fillReference } from '../../src/report/reference.ts';
import { topologySchema } from '../../src/topology/schema.ts';

const page = readFileSync('docs/topology.md', 'utf8');

describe('the reference of the topology format', () => {
  it('is in step with the schema', () => {
    expect(page).toBe(fillReference(page, topologySchema));
  });

  it('has a table for every kind of item', () => {
    const { $defs } = topologySchema as unknown as { $defs: Record<string, { properties?: object }> };
    const kinds = Object.keys($defs).filter((name) => $defs[name]?.properties !== undefined);
    expect(kinds.filter((name) => !page.includes(`<!-- keys: #/$defs/${name} -->`))).toEqual([]);
  });

  it('follows a change of the schema', () => {
    const schema = {
      properties: { a: { description: 'A | B.', enum: ['x'], default: 'x' } },
      required: ['a'],
    };
    const made = fillReference('# P\n<!-- keys: # -->\n| old |\n\nprose', schema);
    expect(made).toBe(
      '# P\n<!-- keys: # -->\n| key | meaning |\n| --- | --- |\n| `a` (required) | A \\| B. One of `x`. Default: `x`. |\n\nprose',
    );
  });
});

describe('the manual page', () => {
  it('is in step with --help', () => {
    expect(readFileSync('man/calico-reconcile.8', 'utf8')).toBe(formatManual(describeProgram()));
  });

  it('has a section, with two examples, for every verb', () => {
    const text = formatManual(describeProgram());
    for (const verb of describeProgram().commands) {
      const section = text
        .split('.SS ')
        .find((part) => part.startsWith(`"calico\\-reconcile ${verb.name()}`));
      expect([verb.name(), section?.match(/^\$ /gm)?.length]).toEqual([verb.name(), 2]);
    }
  });
});

describe('the README', () => {
  const readme = readFileSync('README.md', 'utf8');

  it('shows the trace that the tutorial has seen', () => {
    const trace = /^```\n(\$ calico-reconcile trace [\s\S]*?)\n```$/m.exec(readme)?.[1] ?? 'none';
    expect(readFileSync('docs/tutorial.md', 'utf8')).toContain(trace);
  });

  it('lists every verb', () => {
    const verbs = describeProgram().commands.map((verb) => verb.name());
    expect(verbs.filter((verb) => !new RegExp(`^\\| \`${verb}\\b`, 'm').test(readme))).toEqual([]);
  });

  it('leads only to files that are there', () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]!);
    expect(links.length).toBeGreaterThan(3);
    expect(links.filter((path) => !existsSync(path))).toEqual([]);
  });
});
