// `doctor`: what on this machine, or in the network of a topology, would stop it, and what to do. Changes nothing.
import { observeBgp } from '../bgp/observe.ts';
import { checkBgp } from '../doctor/check-bgp.ts';
import { checkMachine } from '../doctor/check-machine.ts';
import { checkNetwork, checkShadows } from '../doctor/check-network.ts';
import { checkRivals, type UsedLink } from '../doctor/check-rivals.ts';
import { type Finding, finding } from '../doctor/finding.ts';
import { ReconcileError } from '../errors.ts';
import { Machine } from '../kernel/machine.ts';
import { hasLegacyTables } from '../kernel/netfilter.ts';
import { readLinks } from '../kernel/observe.ts';
import { inspect } from '../reconcile/pass.ts';
import { runDirectory } from '../reconcile/run-directory.ts';
import { type Diagnosis, doctorAsJson, formatDoctor } from '../report/doctor.ts';
import { formatJson } from '../report/json.ts';
import { type DesiredNetwork, SELF } from '../state/network.ts';
import { differenceBehind } from '../trace/mend.ts';
import { World } from '../trace/world.ts';
import { type HostOptions, readDesired } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface DoctorOptions extends HostOptions {
  readonly format: 'text' | 'json';
}

export function doctor(files: readonly string[], options: DoctorOptions, terminal: Terminal): ExitStatus {
  const network = files.length === 0 ? null : readDesired(files, options);
  const machine = Machine.open();
  try {
    const ofMachine = [
      ...checkMachine(),
      ...checkRivals(usedLinks(machine, network), (network?.bgp.length ?? 0) > 0),
      ...checkLegacy(machine),
    ];
    const diagnoses: Diagnosis[] = ofMachine.map((one) => ({ finding: one, difference: null }));
    if (network !== null) diagnoses.push(...examine(machine, network));
    if (options.format === 'json') terminal.out(formatJson(doctorAsJson(network, diagnoses)));
    else terminal.out(formatDoctor(network, diagnoses, terminal.outStyle));
    return diagnoses.some((one) => one.finding.severity === 'failure') ? 1 : 0;
  } finally {
    machine.close();
  }
}

/** The network of a topology; without privileges, a note that it was not looked at. */
function examine(machine: Machine, network: DesiredNetwork): Diagnosis[] {
  try {
    const world = World.read(machine, network);
    const { differences } = inspect(machine, network, { adopt: false });
    const bgp = observeBgp(network.name, network.bgp, runDirectory(machine, network.name));
    return [...checkNetwork(world), ...checkShadows(world), ...checkBgp(network.bgp, bgp)].map((one) => ({
      finding: one,
      difference: one.fault === null ? null : differenceBehind(one.fault, differences),
    }));
  } catch (error) {
    if (!(error instanceof ReconcileError) || error.code !== 'permission') throw error;
    const message = 'the network was not looked at: entering its namespaces takes privileges';
    return [{ finding: finding('note', 'networkUnseen', message), difference: null }];
  }
}

/** The links of this machine that the topology uses: what it states in `self`. */
function usedLinks(machine: Machine, network: DesiredNetwork | null): UsedLink[] {
  const wanted = network?.namespaces.get(SELF)?.links;
  return readLinks(machine.self).filter(({ name }) => wanted?.has(name) ?? false);
}

function checkLegacy(machine: Machine): Finding[] {
  if (!hasLegacyTables(machine.self)) return [];
  const message = 'iptables-legacy holds a filter table here, whose rules this tool cannot read';
  const remedy = { kind: 'shell', words: ['iptables-legacy', '-S', 'FORWARD'] } as const;
  return [{ ...finding('note', 'legacyFirewall', message), remedy }];
}
