// Which hosts a run touches: simulated ones unless it names others, and the real machine it runs on.
import { ReconcileError } from '../../errors.ts';
import { SELF } from '../../state/network.ts';
import type { Host } from '../model/host.ts';
import type { Topology } from '../model/topology.ts';
import { didYouMean } from '../source/suggest.ts';

export interface ReadOptions {
  /** The hosts named with `--host`; null where none is. */
  readonly hosts: readonly string[] | null;
  /** This machine's name: the real host that is meant where none is named. */
  readonly hostname: string;
}

/** The names of the hosts that a run touches; a usage error where they cannot be these. */
export function touchedHosts(topology: Topology, options: ReadOptions): ReadonlySet<string> {
  const { hosts } = topology;
  const unknown = options.hosts?.find((name) => !hosts.has(name));
  if (unknown !== undefined) {
    const names = [...hosts.keys()].filter((name) => name !== SELF);
    const hint =
      didYouMean(unknown, names) ??
      (names.length === 0 ? 'leave --host out' : `the hosts are ${names.slice(0, 20).join(', ')}`);
    throw new ReconcileError('usage', `--host ${unknown}: the topology has no such host`, { hint });
  }
  const touched = [...hosts.values()].filter((host) => isTouched(host, options));
  const real = touched.filter((host) => host.netns === null).map((host) => host.name);
  if (real.length > 1) {
    throw new ReconcileError(
      'usage',
      `--host names ${real.join(' and ')}, and this machine is only one of them`,
      {
        hint: 'name the real host that this machine is',
      },
    );
  }
  if (touched.length === 0 && hosts.size > 0 && topology.namespaces.size === 0) {
    throw new ReconcileError('usage', `none of the topology's hosts is this machine, ${options.hostname}`, {
      hint: `say which one it is, such as --host ${[...hosts.keys()][0]}`,
    });
  }
  return new Set(touched.map((host) => host.name));
}

/** Every choice of hosts that some machine's run would make: the simulated hosts, with each real machine in turn. */
export function allSlices(topology: Topology): ReadonlySet<string>[] {
  const simulated = [...topology.hosts.values()]
    .filter((host) => host.netns !== null)
    .map((host) => host.name);
  const real = [...topology.hosts.values()].filter((host) => host.netns === null).map((host) => host.name);
  if (real.length === 0) return [new Set(simulated)];
  return real.map((name, index) => new Set(index === 0 ? [...simulated, name] : [name]));
}

function isTouched(host: Host, options: ReadOptions): boolean {
  if (host.name === SELF) return true;
  if (options.hosts !== null) return options.hosts.includes(host.name);
  return host.netns !== null || host.name === options.hostname;
}
