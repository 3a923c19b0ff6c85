// Who reaches whom: a matrix of latencies, the holes with their causes, and the same as JSON.
import { ESTABLISHED, type ObservedBgp } from '../state/bgp.ts';
import { type Family, formatIp } from '../state/ip.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { addressIn } from '../trace/endpoint.ts';
import { type Hole, isHole } from '../verify/holes.ts';
import type { PairResult } from '../verify/verify.ts';
import { faultAsJson, formatMending } from './fault.ts';
import type { Fields } from './item.ts';
import { displayWidth, printable } from './printable.ts';
import { plain, type Style } from './style.ts';
import { counted } from './text.ts';
import { formatTrace } from './trace.ts';

/** Endpoints up to which a matrix is drawn; beyond that the holes alone are told. */
const MATRIX_UP_TO = 12;
/** Pairs of one cause that are named. */
const NAMED = 6;

export interface VerifyReport {
  readonly network: DesiredNetwork;
  readonly results: readonly PairResult[];
  readonly holes: readonly Hole[];
  /** Partners of each endpoint where not every pair was tried; null for all. */
  readonly sample: number | null;
  /** What the daemons that carry the routes say, by host; empty without BGP. */
  readonly bgp: ReadonlyMap<string, ObservedBgp>;
}

/** Matrix, holes and summary; ends in a newline. */
export function formatVerify(report: VerifyReport, style: Style = plain): string {
  const { network, results, holes, sample } = report;
  const blocks: string[] = [];
  if (network.bgp.length > 0) blocks.push(formatBgp(report, style));
  for (const family of [4, 6] as const) {
    const ofFamily = results.filter((result) => result.family === family);
    if (ofFamily.length > 0 && sample === null) blocks.push(...formatMatrix(family, ofFamily, style));
  }
  for (const hole of holes) blocks.push(formatHole(network, hole, style));
  return `${[...blocks, formatSummary(report, style)].join('\n\n')}\n`;
}

/** A line a host: how many of its sessions are up, and what came over them; then what keeps the others down. */
function formatBgp({ network, bgp }: VerifyReport, style: Style): string {
  return network.bgp
    .flatMap(({ host, peers }) => {
      const observed = bgp.get(host);
      const sessions = observed?.sessions ?? [];
      const up = sessions.filter(({ state }) => state === ESTABLISHED);
      const received = up.reduce((sum, session) => sum + session.received, 0);
      const line = `BGP ${printable(host)}: ${up.length} of ${counted(peers.length, 'session')} up, ${counted(received, 'route')} received`;
      const trouble =
        sessions.length === 0
          ? [observed?.trouble ?? '']
          : sessions.filter((s) => s.state !== ESTABLISHED).map((s) => `${s.peer}: ${s.state} ${s.trouble}`);
      const isDown = up.length < peers.length;
      return [
        isDown ? style('failed', line) : line,
        ...(isDown ? trouble.map((text) => `  ${printable(text.trim())}`) : []),
      ];
    })
    .join('\n');
}

function formatMatrix(family: Family, results: readonly PairResult[], style: Style): string[] {
  const names = [...new Set(results.flatMap(({ from, to }) => [from.name, to.name]))];
  if (names.length > MATRIX_UP_TO) return [];
  const found = new Map(results.map((result) => [`${result.from.name}\n${result.to.name}`, result]));
  const rows = names.map((from) => [
    printable(from),
    ...names.map((to) => (from === to ? '-' : cellOf(found.get(`${from}\n${to}`)))),
  ]);
  const table = [[`IPv${family} ms`, ...names.map(printable)], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => displayWidth(row[column]!))));
  const lines = table.map((row, y) =>
    row
      .map((cell, x) => paint(cell, x, y))
      .join('  ')
      .trimEnd(),
  );
  return [lines.join('\n')];

  function paint(cell: string, x: number, y: number): string {
    const padded = cell + ' '.repeat(widths[x]! - displayWidth(cell));
    if (x === 0 || y === 0) return style('strong', padded);
    return /^(hole|one way|mtu)/.test(cell) ? style('failed', padded) : padded;
  }
}

function cellOf(result: PairResult | undefined): string {
  if (result === undefined) return '';
  if (result.outcome === 'unanswered') return 'one way';
  if (result.outcome !== 'reached') return 'hole';
  return result.full?.reached === false ? `mtu<${result.full.size}` : (result.rtt ?? 0).toFixed(2);
}

function formatHole(network: DesiredNetwork, hole: Hole, style: Style): string {
  const { pairs, fault, difference, way } = hole;
  const named = pairs.slice(0, NAMED).map(({ from, to, outcome, full }) => {
    const what = outcome === 'reached' ? ` (packets of ${full?.size ?? 0} bytes)` : '';
    return `${printable(from.name)} > ${printable(to.name)}${what}`;
  });
  const more = pairs.length > NAMED ? `, and ${counted(pairs.length - NAMED, 'more pair')}` : '';
  const lines = [
    `${style('failed', `${counted(pairs.length, 'hole')}:`)} ${named.join(', ')}${more}`,
    `  ${style('strong', `in ${printable(fault.netns)}:`)} ${printable(fault.message)}`,
    ...formatMending(network, { fault, difference }, style).map((line) => `    ${line}`),
  ];
  if (way === null) return lines.join('\n');
  const { from, to } = pairs[0]!;
  const isBack = way.from.netns !== from.netns;
  const title = isBack ? `the answer of ${to.name} to ${from.name}` : `the way of ${from.name} to ${to.name}`;
  const trace = formatTrace(
    network,
    [{ title, way: { ...way, suspects: [] }, fault: null, suspects: [] }],
    style,
  );
  return [
    ...lines,
    ...trace
      .trimEnd()
      .split('\n')
      .map((line) => `    ${line}`),
  ].join('\n');
}

function formatSummary({ network, results, sample }: VerifyReport, style: Style): string {
  const parts = ([4, 6] as const).flatMap((family) => {
    const ofFamily = results.filter((result) => result.family === family);
    if (ofFamily.length === 0) return [];
    const reached = ofFamily.filter((result) => !isHole(result));
    return [
      `${reached.length} of ${counted(ofFamily.length, 'pair')} reach each other over IPv${family}${sizesOf(reached)}`,
    ];
  });
  const sampled =
    sample === null ? '' : `; a sample, ${counted(sample, 'partner')} each: --all tries every pair`;
  const text = parts.length === 0 ? 'there are no two endpoints to send packets between' : parts.join('; ');
  return style('strong', `${printable(network.name)}: ${text}${sampled}`);
}

/** `, with packets up to 1500 bytes`: the sizes that came through. */
function sizesOf(results: readonly PairResult[]): string {
  const sizes = results.flatMap(({ full }) => (full === null ? [] : [full.size]));
  if (sizes.length === 0) return '';
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return `, with packets of up to ${least === most ? most : `${least} to ${most}`} bytes`;
}

/** What `--format json` prints. */
export function verifyAsJson({ network, results, holes, sample, bgp }: VerifyReport): Fields {
  return {
    version: 1,
    topology: network.name,
    reached: results.length > 0 && !results.some(isHole),
    sample,
    pairs: results.map((result) => ({
      from: result.from.name,
      to: result.to.name,
      family: result.family,
      fromAddress: textOf(result, 'from'),
      toAddress: textOf(result, 'to'),
      outcome: result.outcome,
      rttMs: result.rtt,
      refused: result.refused,
      full: result.full === null ? null : { ...result.full },
    })),
    holes: holes.map(({ pairs, fault, difference }) => ({
      pairs: pairs.map(({ from, to, family }) => ({ from: from.name, to: to.name, family })),
      fault: faultAsJson(network, { fault, difference }),
    })),
    bgp: [...bgp].map(([host, { sessions, trouble }]) => ({
      host,
      trouble: trouble === '' ? null : trouble,
      sessions: (sessions ?? []).map((session) => ({
        ...session,
        trouble: session.trouble === '' ? null : session.trouble,
      })),
    })),
  };
}

function textOf(result: PairResult, end: 'from' | 'to'): string {
  return formatIp(addressIn(result[end], result.family)!);
}
