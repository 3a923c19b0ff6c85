// Where the time of one run goes, by phase: a CPU profile of the program as it is, each sample given to the phase whose
// code stands in its stack. Nothing in the program knows of it; its source maps tell which module was bundled where.
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { Cell } from './cell.ts';
import { routeNumbers, topologyOfPods, topologyOfRoutes, write } from './files.ts';

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0. */
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
}

/** The innermost frame that one of these names decides (codecs work for whoever calls them); what none names is `start` or `other`. */
const phases: readonly (readonly [phase: string, frame: RegExp])[] = [
  ['garbage', /^\(garbage collector\)/],
  ['kernel', /^(send|receive|recv|poll|socket|bind|setns|unshare|mount|umount)\b.*kernel\/libc/],
  ['parse', /topology\/(source|load|merge)/],
  ['validate', /topology\/(validate|model|schema)/],
  ['expand', /topology\/expand/],
  ['observe', /kernel\/(observe|walk)/],
  ['diff', /reconcile\/(diff|ownership|applied|digest|ledger|collateral)/],
  ['plan', /reconcile\/(plan|prune)/],
  ['encode', /kernel\/requests|reconcile\/apply/],
  ['report', /report\/|commands\/terminal|^onStep .*commands\//],
  ['record', /reconcile\/run-directory/],
];

/** In the order in which they begin; `garbage` and `other` are spread over all. */
const order: readonly string[] = [
  ...[
    'start',
    'parse',
    'validate',
    'expand',
    'observe',
    'diff',
    'plan',
    'encode',
    'kernel',
    'verify',
    'record',
  ],
  ...['report', 'garbage', 'other'],
];

/** The phases of routes applied onto nothing and reported in sync, as a table of Markdown. */
export function profileRoutes(bench: Bench, size: number): Promise<string> {
  return profile(bench, topologyOfRoutes(routeNumbers(size, null)), ['apply', 'diff']);
}

/** The phases of workloads made, reported in sync and removed, as a table of Markdown. */
export function profileWorkloads(bench: Bench, size: number): Promise<string> {
  return profile(bench, topologyOfPods(size), ['apply', 'diff', 'destroy']);
}

async function profile(bench: Bench, text: string, verbs: readonly string[]): Promise<string> {
  const cell = await Cell.open(bench);
  const topology = write(bench, 'profiled.yaml', text);
  try {
    const runs = verbs.map((verb) => {
      const folder = mkdtempSync(join(bench.directory, `profile-${verb}-`));
      const [node, cli] = bench.tool;
      cell.run(
        node,
        '--cpu-prof',
        `--cpu-prof-dir=${folder}`,
        '--cpu-prof-interval',
        '500',
        cli,
        verb,
        topology,
      );
      return { verb, shares: sharesOf(readProfile(folder)) };
    });
    const names = order.filter((name) => runs.some(({ shares }) => shares.has(name)));
    const rows = names.map((name) => [
      name,
      ...runs.map(({ shares }) => `${(shares.get(name) ?? 0).toFixed(0)} ms`),
    ]);
    const titles = ['phase', ...verbs];
    const lines = [titles, titles.map(() => '---'), ...rows];
    return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
  } finally {
    cell.close();
  }
}

function readProfile(folder: string): CpuProfile {
  return JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')) as CpuProfile;
}

/** Milliseconds by phase; `verify` is all reading and comparing after the last request was sent. */
function sharesOf({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const parentOf = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const moduleOf = modules();
  const phaseOf = (id: number): string => {
    let began = false;
    for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at)) {
      const { callFrame } = byId.get(at)!;
      const { functionName, url } = callFrame;
      const frame = `${functionName} ${moduleOf(callFrame)}`;
      const found = phases.find(([, pattern]) => pattern.test(frame));
      if (found !== undefined) return found[0];
      if (url.includes('/dist/')) began = true;
    }
    return began ? 'other' : 'start';
  };
  const cached = new Map(nodes.map(({ id }) => [id, phaseOf(id)]));
  const lastEncode = samples.findLastIndex((id) => cached.get(id) === 'encode');
  const shares = new Map<string, number>();
  samples.forEach((id, index) => {
    const phase = cached.get(id)!;
    const verifies = lastEncode >= 0 && index > lastEncode && /^(observe|diff|kernel)$/.test(phase);
    const name = verifies ? 'verify' : phase;
    shares.set(name, (shares.get(name) ?? 0) + timeDeltas[index]! / 1000);
  });
  return shares;
}

/** The module that a frame of a bundled file was written in; the file itself where it is not bundled. */
function modules(): (frame: ProfileNode['callFrame']) => string {
  const maps = new Map<string, SourceMap | null>();
  return ({ url, lineNumber, columnNumber }) => {
    let map = maps.get(url);
    if (map === undefined) {
      const path = url.startsWith('file:') ? `${fileURLToPath(url)}.map` : '';
      map = existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : null;
      maps.set(url, map);
    }
    const entry = map?.findEntry(lineNumber, columnNumber);
    return entry !== undefined && 'originalSource' in entry ? entry.originalSource : url;
  };
}
