// `trace`: the way of a packet and of its answer, from the kernel's own lookups. It sends questions only.
import { ReconcileError } from '../errors.ts';
import { Machine } from '../kernel/machine.ts';
import type { Difference } from '../reconcile/difference.ts';
import { inspect } from '../reconcile/pass.ts';
import { formatJson } from '../report/json.ts';
import { type ExplainedWay, formatTrace, traceAsJson } from '../report/trace.ts';
import { type Family, formatIp, type Ip } from '../state/ip.ts';
import { addressIn, type Endpoint, findEndpoint, sharedFamily } from '../trace/endpoint.ts';
import { differenceBehind } from '../trace/mend.ts';
import { walk } from '../trace/walk.ts';
import type { Way } from '../trace/way.ts';
import { World } from '../trace/world.ts';
import { type HostOptions, readTopologyModel } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface TraceOptions extends HostOptions {
  readonly json?: boolean;
  readonly family?: Family;
}

export function trace(
  file: string,
  from: string,
  to: string,
  options: TraceOptions,
  terminal: Terminal,
): ExitStatus {
  const model = readTopologyModel([file], options);
  const ends = [findEndpoint(model, from), findEndpoint(model, to)] as const;
  const machine = Machine.open();
  try {
    const { differences } = inspect(machine, model.network, { adopt: false });
    const world = World.read(machine, model.network);
    const ways = traceBothWays(world, ends[0], ends[1], options.family ?? null).map(({ title, way }) =>
      explainWay(title, way, differences),
    );
    if (options.json) terminal.out(formatJson(traceAsJson(model.network, ways)));
    else terminal.out(formatTrace(model.network, ways, terminal.outStyle));
    return ways.every(({ way }) => way.verdict !== 'dies') ? 0 : 1;
  } finally {
    machine.close();
  }
}

/** There, and where the other end is on this machine, back. */
export function traceBothWays(
  world: World,
  from: Endpoint,
  to: Endpoint,
  wanted: Family | null,
): { readonly title: string; readonly way: Way }[] {
  if (from.netns === null)
    throw new ReconcileError('usage', `${from.name} is in no namespace of the topology`, {
      hint: 'trace from a workload, a host, or an address of one',
    });
  const family = wanted ?? sharedFamily(from, to);
  const [src, dst] = [addressIn(from, family), addressIn(to, family)];
  if (src === null || dst === null)
    throw new ReconcileError('usage', `${src === null ? from.name : to.name} has no IPv${family} address`);
  const there = walk(world, { netns: from.netns, src, dst });
  const ways = [{ title: title(from, src, to, dst), way: there }];
  if (to.netns === null || there.verdict === 'leaves') return ways;
  const back = walk(world, { netns: to.netns, src: dst, dst: src });
  return [...ways, { title: `${title(to, dst, from, src)}, the answer`, way: back }];
}

/** Finds what the faults of a way come from. */
export function explainWay(title: string, way: Way, differences: readonly Difference[]): ExplainedWay {
  const { fault, suspects } = way;
  return {
    title,
    way,
    fault: fault === null ? null : { fault, difference: differenceBehind(fault, differences) },
    suspects: suspects.map((suspect) => ({
      fault: suspect,
      difference: differenceBehind(suspect, differences),
    })),
  };
}

function title(from: Endpoint, src: Ip, to: Endpoint, dst: Ip): string {
  return `${named(from.name, src)} to ${named(to.name, dst)}`;
}

function named(name: string, address: Ip): string {
  return name === formatIp(address) ? name : `${name} (${formatIp(address)})`;
}
