// A topology that is read again: what did not change is not parsed again, and nothing of the last time is left behind.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TopologyError } from '../../src/errors.ts';
import type { DesiredNetwork } from '../../src/state/network.ts';
import { locate } from '../../src/state/place.ts';
import { indexOfRoutes } from '../../src/state/route-index.ts';
import { readTopology, TopologyReader } from '../../src/topology/read.ts';
import { readPlainYaml } from '../../src/topology/source/plain-yaml.ts';
import { describeNetwork } from './describe.ts';
import { applyEdit, textEdit } from './text-edit.ts';

vi.mock('../../src/topology/source/plain-yaml.ts', async (original) => {
  const module = await original<typeof import('../../src/topology/source/plain-yaml.ts')>();
  return { ...module, readPlainYaml: vi.fn(module.readPlainYaml) };
});

let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'topology-')), 'lab');
  mkdirSync(directory);
  write('a.yaml', 'name: lab\nnetns:\n  self:\n    links: { d: { kind: existing } }\n');
  write('b.yaml', 'netns: { self: { routes: [{ dst: 10.0.0.1/32, dev: d }] } }\n');
  write('c.yaml', 'netns:\n  self:\n    routes:\n      - { dst: 10.0.0.2/32, dev: d }\n');
});

afterEach(() => rmSync(join(directory, '..'), { recursive: true }));

const options = { hosts: null, hostname: 'elsewhere' };
const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);

/** Reads by the reader and afresh; both say the same, places included. */
function read(reader: TopologyReader): string[] {
  const network = reader.read([directory], options);
  const afresh = readTopology([directory], options);
  expect(describeNetwork(network)).toEqual(describeNetwork(afresh));
  expect([...network.namespaces]).toEqual([...afresh.namespaces]);
  return network.namespaces.get('self')!.routes.map(({ source }) => {
    const { file, line } = locate(network.files, source)!;
    return `${file.slice(directory.length + 1)}:${line}`;
  });
}

describe('reading again', () => {
  it('follows edits, new files and files that are gone', () => {
    const reader = new TopologyReader();
    expect(read(reader)).toEqual(['b.yaml:1', 'c.yaml:4']);
    write('b.yaml', '# moved\nnetns: { self: { routes: [{ dst: 10.0.0.3/32, dev: d }] } }\n');
    expect(read(reader)).toEqual(['b.yaml:2', 'c.yaml:4']);
    write('aa.yaml', 'netns: { self: { routes: [{ dst: 10.0.0.4/32, dev: d }] } }\n');
    expect(read(reader)).toEqual(['aa.yaml:1', 'b.yaml:2', 'c.yaml:4']);
    rmSync(join(directory, 'b.yaml'));
    expect(read(reader)).toEqual(['aa.yaml:1', 'c.yaml:4']);
    expect(read(reader)).toEqual(['aa.yaml:1', 'c.yaml:4']);
  });

  it('says what is wrong each time, where it is', () => {
    const reader = new TopologyReader();
    const faults = (): unknown => {
      try {
        return reader.read([directory], options) && [];
      } catch (error) {
        if (!(error instanceof TopologyError)) throw error;
        return error.problems.map(
          ({ code, file, line }) => `${code} ${file.slice(directory.length + 1)}:${line}`,
        );
      }
    };
    expect(faults()).toEqual([]);
    write('b.yaml', 'netns: { self: { routes: [{ dst: 10.0.0.1/33, dev: d }, { dts: 10.0.0.1 }] } }\n');
    write('c.yaml', '\nname: lab\nname: lab\n');
    const found = ['unknownKey b.yaml:1', 'duplicateKey c.yaml:3'];
    expect(faults()).toEqual(found);
    write('A.yaml', 'pools: []\n');
    expect(faults()).toEqual(found);
    write('c.yaml', 'pools: []\n');
    write('b.yaml', 'pools: []\n');
    expect(faults()).toEqual([]);
  });

  it('parses the file that changed, and no other', () => {
    const reader = new TopologyReader();
    const parsed = (): number => {
      vi.mocked(readPlainYaml).mockClear();
      reader.read([directory], options);
      return vi.mocked(readPlainYaml).mock.calls.length;
    };
    expect(parsed()).toBe(3);
    expect(parsed()).toBe(0);
    write('c.yaml', 'pools: []\n');
    expect(parsed()).toBe(1);
    expect(parsed()).toBe(0);
  });

  it('says what reading afresh says, edit after edit', { timeout: 600_000 }, () => {
    const said = (read: () => DesiredNetwork): unknown => {
      try {
        const network = read();
        const indexes = [...network.namespaces.values()].map(({ routes }) => new Map(indexOfRoutes(routes)));
        const namespaces = [...network.namespaces];
        return { said: describeNetwork(network), namespaces, files: network.files, indexes };
      } catch (error) {
        if (!(error instanceof TopologyError)) throw error;
        return error.problems;
      }
    };
    const routes = fc.array(fc.nat({ max: 99 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(routes, fc.array(textEdit, { minLength: 1, maxLength: 8 }), (first, edits) => {
        const reader = new TopologyReader();
        const lines = first.map((last) => `      - { dst: 10.0.0.${last}/32, dev: d }\n`);
        let text = `netns:\n  self:\n    routes:\n${lines.join('')}`;
        for (const edit of [null, ...edits]) {
          if (edit !== null) text = applyEdit(text, edit);
          write('c.yaml', text);
          const afresh = said(() => readTopology([directory], options));
          expect(said(() => reader.read([directory], options))).toEqual(afresh);
          const alone = [join(directory, 'a.yaml'), join(directory, 'c.yaml')];
          expect(said(() => reader.read(alone, options))).toEqual(said(() => readTopology(alone, options)));
        }
      }),
      { numRuns: 150 },
    );
  });
});
