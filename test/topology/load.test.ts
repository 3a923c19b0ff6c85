// Which files a path names, and what cannot be read at all.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReconcileError, TopologyError } from '../../src/errors.ts';
import { loadTopology } from '../../src/topology/load.ts';
import { readTopology } from '../../src/topology/read.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'topology-'));
  for (const directory of ['lab', 'lab/nested.yaml', 'none']) mkdirSync(join(root, directory));
  writeFileSync(join(root, 'lab/b.yaml'), 'pools: [{ cidr: 10.1.0.0/16 }]\n');
  writeFileSync(join(root, 'lab/a.yml'), 'pools: [{ cidr: 10.2.0.0/16 }]\n');
  writeFileSync(join(root, 'lab/B.yaml'), 'name: lab\npools: [{ cidr: 10.3.0.0/16 }]\n');
  writeFileSync(join(root, 'lab/.hidden.yaml'), 'name: hidden\n');
  writeFileSync(join(root, 'lab/notes.txt'), 'not yaml: [\n');
  writeFileSync(join(root, 'lab/nested.yaml/c.yaml'), 'name: nested\n');
  writeFileSync(join(root, 'none/notes.txt'), '');
});

afterAll(() => rmSync(root, { recursive: true }));

const codeOf = (act: () => unknown): string | null => {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof ReconcileError ? error.code : String(error);
  }
};

describe('loading', () => {
  it('takes the YAML files of a directory itself, bytewise, without dotfiles', () => {
    const { files, root: merged, findings } = loadTopology([join(root, 'lab')]);
    expect(files.map(({ name }) => name)).toEqual(
      ['B.yaml', 'a.yml', 'b.yaml'].map((name) => join(root, 'lab', name)),
    );
    expect(findings).toEqual([]);
    expect(merged).toEqual({
      name: 'lab',
      pools: [{ cidr: '10.3.0.0/16' }, { cidr: '10.2.0.0/16' }, { cidr: '10.1.0.0/16' }],
    });
  });

  it('names files as the user did', () => {
    expect(loadTopology(['topologies/two-hosts.yaml']).files.map(({ name }) => name)).toEqual([
      'topologies/two-hosts.yaml',
    ]);
  });

  it('refuses a missing file and a directory without YAML as files, not as topologies', () => {
    expect(codeOf(() => loadTopology([join(root, 'gone.yaml')]))).toBe('file');
    expect(codeOf(() => loadTopology([join(root, 'none')]))).toBe('file');
  });
});

describe('reading', () => {
  const options = { hosts: null, hostname: 'elsewhere' };

  it('throws all problems together', () => {
    const file = join(root, 'bad.yaml');
    writeFileSync(file, 'name: X\nhots: {}\n');
    let thrown: unknown;
    try {
      readTopology([file], options);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(TopologyError);
    expect((thrown as TopologyError).problems.map(({ code, line }) => [code, line])).toEqual([
      ['badName', 1],
      ['unknownKey', 2],
    ]);
  });

  it('refuses hosts that the topology does not have, and two machines at once', () => {
    const file = join(root, 'real.yaml');
    writeFileSync(file, 'name: real\nhosts: { a: {}, b: {} }\n');
    expect(codeOf(() => readTopology([file], { ...options, hosts: ['c'] }))).toBe('usage');
    expect(codeOf(() => readTopology([file], { ...options, hosts: ['a', 'b'] }))).toBe('usage');
    expect(codeOf(() => readTopology([file], options))).toBe('usage');
    expect([...readTopology([file], { ...options, hostname: 'b' }).namespaces.keys()]).toEqual(['self']);
  });
});
