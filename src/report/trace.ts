// A traced packet for people and as JSON: namespace by namespace, what decides, who answers, what is crossed.
import { formatIp } from '../state/ip.ts';
import type { LinkEnd } from '../state/link.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { formatRouteKey } from '../state/route.ts';
import type { Step, Way } from '../trace/way.ts';
import { describeWay } from './describe.ts';
import { type ExplainedFault, faultAsJson, formatMending } from './fault.ts';
import { type Fields, routeFields, type Value } from './item.ts';
import { displayWidth, printable } from './printable.ts';
import { plain, type Style } from './style.ts';

/** A way with what its faults come from. */
export interface ExplainedWay {
  /** What the two ends are called. */
  readonly title: string;
  readonly way: Way;
  readonly fault: ExplainedFault | null;
  readonly suspects: readonly ExplainedFault[];
}

/** The ways one after another; ends in a newline. */
export function formatTrace(
  network: DesiredNetwork,
  ways: readonly ExplainedWay[],
  style: Style = plain,
): string {
  return `${ways.map((way) => formatWay(network, way, style).join('\n')).join('\n\n')}\n`;
}

function formatWay(
  network: DesiredNetwork,
  { title, way, fault, suspects }: ExplainedWay,
  style: Style,
): string[] {
  const rows = stepRows(way.steps);
  const width = Math.max(...rows.map(([netns]) => displayWidth(netns)), 0);
  const lines = [style('strong', printable(title))];
  for (const [netns, text] of rows)
    lines.push(`  ${netns}${' '.repeat(width - displayWidth(netns))}  ${netns === '' ? `  ${text}` : text}`);
  for (const suspect of suspects) {
    lines.push(`  ${style('changed', 'but:')} ${printable(suspect.fault.message)}`);
    lines.push(...formatMending(network, suspect, style).map((line) => `    ${line}`));
  }
  if (fault !== null) {
    lines.push(
      `  ${style('failed', `dies in ${printable(fault.fault.netns)}:`)} ${printable(fault.fault.message)}`,
    );
    lines.push(...formatMending(network, fault, style).map((line) => `    ${line}`));
  }
  return lines;
}

type Row = readonly [netns: string, text: string];

/** Lines of steps: a namespace's name stands with its decision, what follows from it below. */
function stepRows(steps: readonly Step[]): Row[] {
  const rows: Row[] = [];
  for (const step of steps) {
    switch (step.kind) {
      case 'route':
        rows.push([printable(step.netns), describeRoute(step)]);
        break;
      case 'neighbour':
        rows.push(['', describeNeighbour(step)]);
        break;
      case 'answer':
        rows.push(['', describeAnswer(step)]);
        break;
      case 'wire':
        rows.push(['', [...new Set([step.from, ...step.bridges, step.to].map(describeEnd))].join(' ── ')]);
        break;
      case 'tunnel':
        rows.push([
          '',
          `${printable(step.dev)} (${printable(step.type)}) wraps it for ${formatIp(step.remote)}:`,
        ]);
        rows.push(
          ...stepRows(step.outer).map(
            ([netns, text]): Row => ['', netns === '' ? `    ${text}` : `  ${netns}  ${text}`],
          ),
        );
        break;
      case 'arrive':
        rows.push([printable(step.netns), `has ${formatIp(step.address)}: it arrives`]);
        break;
      case 'leave':
        rows.push([
          '',
          `leaves this machine by ${printable(step.dev)}; its far end cannot be asked from here`,
        ]);
        break;
    }
  }
  return rows;
}

function describeRoute({ route, dev, next }: Step & { kind: 'route' }): string {
  if (route === null) return `sends it to ${formatIp(next)} by ${printable(dev)}`;
  return printable(`${formatRouteKey(route)} ${describeWay(route)}`);
}

function describeNeighbour({ next, state, mac }: Step & { kind: 'neighbour' }): string {
  if (state === 'none') return `${formatIp(next)} has not been asked for yet`;
  if (mac === null) return `nobody has answered for ${formatIp(next)} (${state})`;
  return `${formatIp(next)} is ${mac} (${state})`;
}

function describeAnswer({ netns, dev, next, mac, how, by }: Step & { kind: 'answer' }): string {
  const who = `${printable(dev)} of ${printable(netns)} answers for ${formatIp(next)} with ${mac}`;
  if (how === 'address') return `${who}: ${printable(netns)} has that address`;
  if (typeof next === 'string') return `${who}: proxy NDP`;
  return `${who}: proxy_arp=1, forwarding=1, and a route to it by ${printable(by ?? '')}`;
}

function describeEnd(end: LinkEnd): string {
  return printable(`${end.name} of ${end.netns}`);
}

/** The ways as `--json` prints them. */
export function traceAsJson(network: DesiredNetwork, ways: readonly ExplainedWay[]): Fields {
  return {
    version: 1,
    topology: network.name,
    arrives: ways.every(({ way }) => way.verdict !== 'dies'),
    ways: ways.map((way) => wayAsJson(network, way)),
  };
}

function wayAsJson(network: DesiredNetwork, { way, fault, suspects }: ExplainedWay): Fields {
  const { from, to, verdict } = way;
  return {
    from: { netns: from.netns, address: from.address === null ? null : formatIp(from.address) },
    to: formatIp(to),
    verdict,
    steps: way.steps.map(stepAsJson),
    fault: fault === null ? null : faultAsJson(network, fault),
    suspects: suspects.map((suspect) => faultAsJson(network, suspect)),
  };
}

function stepAsJson(step: Step): Fields {
  switch (step.kind) {
    case 'route': {
      const { route, next, ...rest } = step;
      return { ...rest, next: formatIp(next), route: route === null ? null : routeFields(route) };
    }
    case 'neighbour':
    case 'answer':
      return { ...step, next: formatIp(step.next) };
    case 'wire':
      return {
        ...step,
        from: endAsJson(step.from),
        to: endAsJson(step.to),
        bridges: step.bridges.map(endAsJson),
      };
    case 'tunnel':
      return { ...step, remote: formatIp(step.remote), outer: step.outer.map(stepAsJson) };
    case 'arrive':
      return { ...step, address: formatIp(step.address) };
    case 'leave':
      return { ...step };
  }
}

function endAsJson(end: LinkEnd): { readonly [name: string]: Value } {
  return { netns: end.netns, name: end.name };
}
