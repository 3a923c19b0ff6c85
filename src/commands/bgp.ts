// BGP beside what the kernel holds: a watch keeps a BIRD in every simulated host; an apply leaves configurations behind.
import { setTimeout } from 'node:timers/promises';
import { Birds } from '../bgp/birds.ts';
import { observeBgp } from '../bgp/observe.ts';
import { findBird } from '../bgp/program.ts';
import { publish, takeBack } from '../bgp/publish.ts';
import { ReconcileError } from '../errors.ts';
import type { Machine } from '../kernel/machine.ts';
import { runDirectory } from '../reconcile/run-directory.ts';
import type { EventLog } from '../report/log.ts';
import { printable } from '../report/printable.ts';
import { counted } from '../report/text.ts';
import type { WatchMetrics } from '../report/watch-metrics.ts';
import { type BgpSpeaker, ESTABLISHED } from '../state/bgp.ts';
import type { DesiredNetwork } from '../state/network.ts';
import type { Terminal } from './terminal.ts';

/** The daemons of a watch. */
export interface WatchedBirds {
  /** Brings them to what a topology wants; what is wrong is said, and said once. */
  keep(network: DesiredNetwork): void;
  /** Asks them how their sessions are, for the metrics. */
  measure(metrics: WatchMetrics): void;
  /** Stops them; the network stays as it is. */
  close(): Promise<void>;
}

export function watchBirds(machine: Machine, log: EventLog): WatchedBirds {
  let last = '';
  const say = (message: string): void => {
    if (message !== last) log.say('bgp', printable(message));
    last = message;
  };
  const birds = new Birds({ machine, directoryOf: (topology) => runDirectory(machine, topology), say });
  let inForce: DesiredNetwork | null = null;
  return {
    keep: (network) => {
      inForce = network;
      try {
        birds.keep(network.name, network.bgp);
      } catch (error) {
        if (!(error instanceof ReconcileError)) throw error;
        say(error.inOneLine);
      }
    },
    measure: (metrics) => {
      if (inForce === null) return;
      const { name, bgp } = inForce;
      metrics.bgp(bgp, observeBgp(name, bgp, runDirectory(machine, name)));
    },
    close: () => birds.close(),
  };
}

/** Milliseconds: sessions come up within a few seconds, and routes a moment later. */
const LONGEST_WAIT = 15_000;
const LOOK_EVERY = 200;
const ROUTES_AFTER = 500;

/** Waits until every session is established, and the routes it brings have had time to reach the kernel; not for ever. */
export async function awaitSessions(machine: Machine, { name, bgp }: DesiredNetwork): Promise<void> {
  const directory = runDirectory(machine, name);
  for (let waited = 0; waited < LONGEST_WAIT; waited += LOOK_EVERY) {
    const observed = observeBgp(name, bgp, directory);
    const isUp = bgp.every(({ host, peers }) => {
      const up = observed.get(host)?.sessions?.filter(({ state }) => state === ESTABLISHED) ?? [];
      return up.length === peers.length;
    });
    if (isUp) break;
    await setTimeout(LOOK_EVERY);
  }
  await setTimeout(ROUTES_AFTER);
}

/**
 * Writes the configurations of a topology, takes back what no host wants any more, and has daemons that run read it.
 * False, and the reason said, where that fails.
 */
export function publishOnce(machine: Machine, network: DesiredNetwork, terminal: Terminal): boolean {
  const directory = runDirectory(machine, network.name);
  const complain = (error: unknown): false => {
    if (!(error instanceof ReconcileError)) throw error;
    terminal.err(`${terminal.errStyle('failed', 'error:')} ${printable(error.inOneLine)}\n`);
    return false;
  };
  let program = '';
  try {
    takeBack(network.name, directory, network.bgp);
    if (network.bgp.length > 0) program = findBird();
  } catch (error) {
    return complain(error);
  }
  const idle: BgpSpeaker[] = [];
  let sound = true;
  for (const speaker of network.bgp) {
    try {
      if (publish(speaker, network.name, directory, program) === 'written') idle.push(speaker);
    } catch (error) {
      sound = complain(error);
    }
  }
  if (idle.length > 0) terminal.err(`${describeIdle(idle)}\n`);
  return sound;
}

function describeIdle(idle: readonly BgpSpeaker[]): string {
  const written = `BGP: ${counted(idle.length, 'configuration')} of BIRD written`;
  const real = idle.find(({ simulated }) => !simulated);
  if (real === undefined) return `${written}; in simulated hosts BIRD runs only under \`watch\` and \`lab\``;
  return `${written}; no BIRD listens on ${printable(real.controlSocket)} to read ${printable(real.configFile)}`;
}
