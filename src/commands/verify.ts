// `verify`: sends packets between the workloads, says who reaches whom, and traces what does not.
import { observeBgp } from '../bgp/observe.ts';
import { Machine } from '../kernel/machine.ts';
import { inspect } from '../reconcile/pass.ts';
import { runDirectory } from '../reconcile/run-directory.ts';
import { formatJson } from '../report/json.ts';
import { formatVerify, type VerifyReport, verifyAsJson } from '../report/verify.ts';
import type { TopologyModel } from '../topology/read.ts';
import { endpointsOf } from '../trace/endpoint.ts';
import { World } from '../trace/world.ts';
import { explainHoles, isHole } from '../verify/holes.ts';
import { ALL_PAIRS_UP_TO, choosePairs, DEFAULT_SAMPLE } from '../verify/pairs.ts';
import { verify as verifyPairs } from '../verify/verify.ts';
import { type HostOptions, readTopologyModel } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface VerifyCommandOptions extends HostOptions {
  readonly format: 'text' | 'json';
  /** Every pair, however many there are. */
  readonly all?: boolean;
  /** Partners of each endpoint. */
  readonly sample?: number;
  /** Milliseconds. */
  readonly timeout: number;
}

export function verify(
  files: readonly string[],
  options: VerifyCommandOptions,
  terminal: Terminal,
): ExitStatus {
  const model = readTopologyModel(files, options);
  const machine = Machine.open();
  try {
    const report = verifyModel(machine, model, options);
    if (options.format === 'json') terminal.out(formatJson(verifyAsJson(report)));
    else terminal.out(formatVerify(report, terminal.outStyle));
    return report.results.some(isHole) ? 1 : 0;
  } finally {
    machine.close();
  }
}

/** Sends the packets and explains the holes. */
export function verifyModel(
  machine: Machine,
  model: TopologyModel,
  options: Pick<VerifyCommandOptions, 'all' | 'sample' | 'timeout'>,
): VerifyReport {
  const endpoints = endpointsOf(model);
  const sample = options.all
    ? null
    : (options.sample ?? (endpoints.length > ALL_PAIRS_UP_TO ? DEFAULT_SAMPLE : null));
  const pairs = choosePairs(endpoints, sample);
  const before = World.read(machine, model.network);
  const results = verifyPairs(before, pairs, { timeout: options.timeout });
  const { network } = model;
  const bgp = observeBgp(network.name, network.bgp, runDirectory(machine, network.name));
  if (!results.some(isHole)) return { network, results, holes: [], sample, bgp };
  // Neighbour entries and learned MTUs are now what the lost packets left behind.
  const world = World.read(machine, model.network);
  const { differences } = inspect(machine, model.network, { adopt: false });
  return { network, results, holes: explainHoles(world, results, differences), sample, bgp };
}
