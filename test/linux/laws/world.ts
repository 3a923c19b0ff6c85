// A machine for one random case: empty but for what stands there before any topology, with every message that would
// change it counted.
import type fc from 'fast-check';
import { vi } from 'vitest';
import type { NewEnd } from '../../../src/kernel/codec/link.ts';
import { Machine } from '../../../src/kernel/machine.ts';
import { Requests } from '../../../src/kernel/requests.ts';
import { NetlinkSocket } from '../../../src/kernel/socket.ts';
import type { ConvergeResult } from '../../../src/reconcile/pass.ts';
import { converge, inspect } from '../../../src/reconcile/pass.ts';
import { formatSkipped } from '../../../src/report/steps.ts';
import { formatDifferences } from '../../../src/report/text.ts';
import type { DesiredLink } from '../../../src/state/link.ts';
import type { DesiredNetwork } from '../../../src/state/network.ts';
import { NOWHERE } from '../../../src/state/place.ts';
import { parseTopology } from '../../../src/topology/load.ts';
import { expandLoaded } from '../../../src/topology/read.ts';
import { freshMachine } from '../../sandbox/machine.ts';
import { EXISTING } from '../arbitrary/places.ts';

/**
 * How many cases a law is tried on: CALICO_RECONCILE_CASES times as many as usual. CALICO_RECONCILE_SEED repeats a run,
 * and CALICO_RECONCILE_SHRINK=0 shows the first failure as it is.
 */
export function cases(usual: number): fc.Parameters<unknown> {
  const { CALICO_RECONCILE_CASES: times, CALICO_RECONCILE_SEED: seed } = process.env;
  return {
    numRuns: Math.ceil(usual * Number(times ?? '1')),
    endOnFailure: process.env.CALICO_RECONCILE_SHRINK === '0',
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}

/** Milliseconds that a law may take: it is never what ends it. */
export const LAW_TIMEOUT = 24 * 3600 * 1000;

/** The desired network of topology files, given as texts in their order. */
export function read(...texts: readonly string[]): DesiredNetwork {
  const contents = texts.map((text, i) => ({ name: `${i}.yaml`, bytes: Buffer.from(text) }));
  return expandLoaded(parseTopology(contents), { hosts: null, hostname: 'nowhere' });
}

/** A machine with `lo` up, a device of its own, and a namespace `old`; closed when the case is over. */
export function onMachine<T>(act: (machine: Machine) => T): T {
  freshMachine();
  const machine = Machine.open();
  try {
    prepare(machine);
    return act(machine);
  } finally {
    machine.close();
  }
}

function prepare(machine: Machine): void {
  const old = machine.create('old', () => {});
  for (const { socket } of [machine.self, old])
    request(socket, (requests) => requests.linkSet(null, 1, { up: true }));
  request(machine.self.socket, (requests) =>
    requests.linkAdd(null, bridge(EXISTING), { group: 0, peer: null, lower: 0, up: true }),
  );
}

/** Sends requests of the test's own; raises what the kernel refuses. */
export function request(socket: NetlinkSocket, act: (requests: Requests<null>) => void): void {
  const refusals: Error[] = [];
  const requests = new Requests<null>(socket, (_tag, error) => refusals.push(error));
  act(requests);
  requests.flush();
  if (refusals[0] !== undefined) throw refusals[0];
}

/** A portless bridge: the plainest device. */
export function bridge(name: string, ifindex = 0): NewEnd {
  const spec = { kind: 'bridge', stp: false, vlanFiltering: false } as const;
  const link: DesiredLink = {
    name,
    spec,
    up: true,
    mtu: null,
    mac: null,
    master: null,
    adopt: false,
    source: NOWHERE,
  };
  return { link, ifindex };
}

/** Converges, whatever is to be deleted. */
export function settleOn(machine: Machine, desired: DesiredNetwork): ConvergeResult {
  return converge(machine, desired, { adopt: false, pruneAll: true });
}

/** Converges where nothing foreign stands in the way: raises unless every difference is mended. */
export function mend(machine: Machine, desired: DesiredNetwork): void {
  const { outcomes } = settleOn(machine, desired);
  const left = outcomes.filter(({ outcome }) => outcome !== 'done');
  if (left.length > 0) throw new Error(`not everything was mended:\n${formatSkipped(left, desired.files)}`);
}

/** Converges once more: raises unless there is nothing to do and nothing is sent or written. */
export function expectInSync(machine: Machine, desired: DesiredNetwork): void {
  const found = inspect(machine, desired, { adopt: false });
  if (found.differences.length > 0) throw new Error(`not in sync:\n${formatDifferences(desired, found)}`);
  const sent = vi.spyOn(NetlinkSocket.prototype, 'transact');
  try {
    const { outcomes } = settleOn(machine, desired);
    const messages = sent.mock.calls.reduce((sum, [, , count]) => sum + count, 0);
    if (outcomes.length > 0 || messages > 0)
      throw new Error(`a second pass sent ${messages} messages:\n${formatSkipped(outcomes, desired.files)}`);
  } finally {
    sent.mockRestore();
  }
}

/** Fails a case with what it was made of and what went wrong. */
export function explain<T>(parts: Readonly<Record<string, string>>, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const texts = Object.entries(parts).map(([name, text]) => `--- ${name}\n${text}`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${texts.join('\n')}\n--- ${reason}`, { cause: error });
  }
}
