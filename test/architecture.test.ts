// The floors of the source tree: which rooms may import which, what is pure, and how a file begins.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../src', import.meta.url));

interface SourceText {
  /** Below src, with slashes. */
  readonly path: string;
  readonly text: string;
  /** Without comments and the inside of strings. */
  readonly code: string;
  /** What it imports, packages and other files below src alike. */
  readonly imports: readonly string[];
}

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map(readSource);

/** What rooms that stand on the whole product's foundation share; each list stands on the one before. */
const foundation = ['bgp', 'topology', 'kernel', 'state', 'errors'];
const mending = ['reconcile', ...foundation];
const seeing = ['trace', ...mending];
const judging = ['doctor', 'verify', ...seeing];

/** Each room and those it may import from, besides itself. */
const floors: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  'package-file': [],
  state: ['errors'],
  topology: ['state', 'package-file', 'errors'],
  kernel: ['state', 'errors'],
  bgp: ['kernel', 'state', 'errors'],
  reconcile: foundation,
  trace: mending,
  export: ['state', 'errors'],
  graph: mending,
  doctor: seeing,
  verify: seeing,
  report: ['package-file', ...judging],
  watch: mending,
  lab: ['watch', 'report', 'package-file', ...judging],
  commands: ['export', 'graph', 'lab', 'watch', 'report', 'package-file', ...judging],
  cli: ['commands', 'lab', 'watch', 'report', ...judging],
  index: ['watch', 'report', 'verify', ...seeing],
};

/** Files and folders that take values and return values. */
const pure = /^(state\/|kernel\/codec\/|(topology|reconcile)\/(expand|diff|plan|ownership)[^/]*(\.ts$|\/))/;

const impure: readonly [what: string, pattern: RegExp][] = [
  ['awaits', /\b(await|async|Promise)\b/],
  ['reads a clock', /\b(Date|performance|setTimeout|setInterval|setImmediate)\b/],
  ['draws lots', /\bMath\.random\b|\bcrypto\.random/],
  ['uses the process', /\bprocess\s*[.[]/],
  ['prints', /\bconsole\./],
];

describe('source tree', () => {
  it('has only rooms whose floor is known', () => {
    expect(sources.map((source) => roomOf(source.path)).filter((room) => !(room in floors))).toEqual([]);
  });

  it('imports in one direction', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const room = roomOf(path);
      const allowed = [room, ...(floors[room] ?? [])];
      return imports
        .filter((name) => name.endsWith('.ts') && !allowed.includes(roomOf(name)))
        .map((name) => `${path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('imports nothing in circles', () => {
    expect(circles()).toEqual([]);
  });

  it('keeps its values pure', () => {
    const wrong = sources
      .filter(({ path }) => pure.test(path))
      .flatMap(({ path, code, imports }) => [
        ...impure.filter(([, pattern]) => pattern.test(code)).map(([what]) => `${path} ${what}`),
        ...imports
          .filter((name) => /^node:(?!net$|util$|crypto$|buffer$|assert)/.test(name) || name === 'koffi')
          .map((name) => `${path} imports ${name}`),
      ]);
    expect(wrong).toEqual([]);
  });

  it('has no default exports', () => {
    expect(named(({ code }) => /^export\s+default\b|\bas\s+default\b/m.test(code))).toEqual([]);
  });

  it('opens every file with a comment', () => {
    expect(named(({ text }) => !/^(#!.*\n)?(\/\/ |\/\*\*?\s)\S/.test(text))).toEqual([]);
  });

  it('keeps every file under 300 lines', () => {
    expect(named(({ text }) => text.split('\n').length > 300)).toEqual([]);
  });

  it('ends the process only in the command line and the lab', () => {
    const mayEnd = /^(cli\.ts|commands\/|lab\/)/;
    expect(named(({ path, code }) => !mayEnd.test(path) && /\bprocess\.exit\b/.test(code))).toEqual([]);
  });
});

function named(test: (source: SourceText) => boolean): string[] {
  return sources.filter(test).map(({ path }) => path);
}

/** The first folder of a path, or a top file's own name. */
function roomOf(path: string): string {
  return path.split('/')[0]!.replace(/\.ts$/, '');
}

function readSource(path: string): SourceText {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = [...text.matchAll(/^\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]/gm)]
    .concat([...text.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g)])
    .map((match) => match[1]!)
    .map((name) => (name.startsWith('.') ? relative(root, resolve(root, dirname(path), name)) : name));
  return { path, text, code: withoutComments(text), imports };
}

function withoutComments(text: string): string {
  return text.replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, "''");
}

/** Every way that leads from a file back to itself through imports of values, types left out. */
function circles(): string[] {
  const next = new Map(sources.map(({ path, text }) => [path, valueImports(path, text)]));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(' > '));
    else if (!done.has(path)) {
      for (const name of next.get(path) ?? []) visit(name, [...way, path]);
      done.add(path);
    }
  };
  for (const path of next.keys()) visit(path, []);
  return found;
}

function valueImports(path: string, text: string): string[] {
  return [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;'"]*?from\s*['"](\.[^'"]+)['"]/gm)].map(
    (match) => relative(root, resolve(root, dirname(path), match[1]!)),
  );
}
