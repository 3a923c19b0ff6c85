// Look: the kernel read for a topology, and compared with it. Routes of others are read as far as they matter: in a
// namespace in sync that is hardly ever, so where they are very many they are read only once something differs.
import type { Machine } from '../kernel/machine.ts';
import { observe, readNames, type Scope } from '../kernel/observe.ts';
import {
  type NamespaceMarks,
  type RouteInterest,
  readAllRoutes,
  readRelevantRoutes,
} from '../kernel/observe-routes.ts';
import type { RouteMemory } from '../kernel/route-memory.ts';
import type { DesiredNetwork, ObservedNamespace, ObservedNetwork } from '../state/network.ts';
import { indexOfRoutes } from '../state/route-index.ts';
import type { Applied } from './applied.ts';
import { type Diff, diff } from './diff.ts';
import { heldElsewhere } from './elsewhere.ts';
import { Ownership } from './ownership.ts';

export interface LookOptions {
  readonly adopt: boolean;
  readonly applied: Applied;
  /** Namespaces to look at beside those of the topology and those that bear its mark. */
  readonly alsoIn?: readonly string[] | undefined;
  /** Also what runs in other namespaces, which stand for other machines, hold of the topology. */
  readonly everywhere?: boolean | undefined;
  /** The sessions of the topology's BGP speakers, as they were observed. */
  readonly bgp?: ObservedNetwork['bgp'] | undefined;
  /** Nobody asks how much would be deleted: what is in a namespace of ours that goes whole is not read. */
  readonly pruneAll?: boolean;
  /** What earlier looks have read: what is still so is neither read nor compared again. */
  readonly memory?: RouteMemory | undefined;
}

export interface Look {
  readonly observed: ObservedNetwork;
  readonly found: Diff;
}

/** Reads the kernel and compares. What is returned for a namespace with a difference has all of its routes. */
export function look(machine: Machine, desired: DesiredNetwork, options: LookOptions): Look {
  machine.refresh();
  const interestIn = (marks: NamespaceMarks): RouteInterest => interestOf(desired, marks);
  const reader = options.memory?.reader(interestIn) ?? readRelevantRoutes(interestIn);
  const spared = options.everywhere ? new Set<string>() : heldElsewhere(machine, desired.name);
  const scope = { ...scopeOf(desired, options), spared };
  const read = observe(machine, scope, reader);
  const observed = options.bgp === undefined ? read : { ...read, bgp: options.bgp };
  const found = diff(desired, observed, options);
  const whole = withAllRoutes(machine, observed, new Set(found.differences.map(({ netns }) => netns)));
  return whole === observed ? { observed, found } : { observed: whole, found: diff(desired, whole, options) };
}

/** Ours, and those that stand where we want one of ours. */
function interestOf(desired: DesiredNetwork, marks: NamespaceMarks): RouteInterest {
  const wanted = desired.namespaces.get(marks.name);
  const owner = { topology: desired.name, protocol: desired.protocol };
  const ownership = new Ownership(owner, marks, wanted?.manage ?? null);
  return { protocols: ownership.routeProtocols(), keys: indexOfRoutes(wanted?.routes ?? []) };
}

/** The same observation, with every route of those namespaces of which some were left out. */
function withAllRoutes(
  machine: Machine,
  observed: ObservedNetwork,
  names: ReadonlySet<string>,
): ObservedNetwork {
  const read = new Map<string, ObservedNamespace>();
  for (const name of names) {
    const namespace = observed.namespaces.get(name);
    const netns = namespace?.routesLeftOut ? machine.namespace(name) : null;
    if (namespace === undefined || netns === null) continue;
    const { routesLeftOut: _, ...rest } = namespace;
    read.set(name, { ...rest, ...readAllRoutes(netns, readNames(netns), namespace) });
  }
  if (read.size === 0) return observed;
  return { ...observed, namespaces: new Map([...observed.namespaces, ...read]) };
}

/** What to read for a topology: its namespaces, and the sysctls that it states or that were applied. */
function scopeOf(desired: DesiredNetwork, { applied, alsoIn = [], pruneAll = false }: LookOptions): Scope {
  const dropped = [...applied.sysctls].flatMap(([netns, keys]) =>
    keys.filter((key) => !desired.namespaces.get(netns)?.sysctls.has(key)),
  );
  return {
    topology: desired.name,
    names: new Set([...desired.namespaces.keys(), ...alsoIn]),
    goes: (netns) => pruneAll && !desired.namespaces.has(netns),
    sysctlsOf: (netns) => [
      ...new Set([
        ...(desired.namespaces.get(netns)?.sysctls.keys() ?? []),
        ...(applied.sysctls.get(netns) ?? []),
      ]),
    ],
    fresh: [...new Set(dropped)],
  };
}
