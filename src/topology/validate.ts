// Validate: a loaded tree of values to a topology in which every value is sound and every reference leads somewhere.
// Nothing stops at the first fault: all findings of all parts are collected.
import { kinds, parseIgnore } from '../state/ignore.ts';
import { isTopologyName, TOPOLOGY_NAMES } from '../state/mark.ts';
import { formatProtocol } from '../state/scope.ts';
import type { LoadedTopology } from './load.ts';
import { readBgp } from './model/bgp.ts';
import { checkUplinks, withoutClashes } from './model/clashes.ts';
import { readHosts, thisMachine } from './model/host.ts';
import { readNamespaces } from './model/namespace.ts';
import { readPools } from './model/pool.ts';
import { quote, type Reading, readNumber, readText } from './model/scalars.ts';
import type { Topology } from './model/topology.ts';
import { planTunnels } from './model/tunnel.ts';
import { readUnderlays } from './model/underlay.ts';
import { readWorkloads } from './model/workload.ts';
import { addFinding } from './source/findings.ts';
import { isList, isMap, itemPlace, type MapValue, placeOf, valuePlace } from './source/tree.ts';

const DEFAULT_PROTOCOL = 169;
/** Protocols of /etc/iproute2/rt_protos that formatProtocol does not name. */
const otherDaemons: ReadonlySet<number> = new Set([8, 10, 13, 14, 15, 17, 99]);

/** The topology of loaded files; findings are added to those of the loading. Null where there is no tree to read. */
export function validate(loaded: LoadedTopology): Topology | null {
  const { root } = loaded;
  if (root === null) return null;
  const hosts = readHosts(loaded, root);
  if (hosts.size === 0 && isMap(root.workloads) && root.hosts === undefined) {
    const self = thisMachine(valuePlace(loaded.places, root, 'workloads'));
    hosts.set(self.name, self);
  }
  const pools = readPools(loaded, root, hosts);
  const workloads = readWorkloads(loaded, root, hosts, pools);
  const topology: Topology = {
    name: readTopologyName(loaded, root),
    protocol: readProtocol(loaded, root),
    hosts,
    underlays: readUnderlays(loaded, root, hosts),
    pools,
    tunnels: planTunnels(loaded, hosts, pools, workloads),
    bgp: readBgp(loaded, root, hosts),
    workloads,
    namespaces: readNamespaces(loaded, root),
    ignore: readIgnore(loaded, root),
  };
  checkUplinks(loaded, topology);
  return { ...topology, workloads: withoutClashes(loaded, topology) };
}

function readTopologyName(reading: Reading, root: MapValue): string {
  const name = readText(root, 'name');
  if (root.name === undefined) {
    addFinding(
      reading.findings,
      'missingKey',
      placeOf(reading.places, root),
      'the key `name` is missing: the owner of what is created',
      {
        hint: 'a line such as `name: lab` at the top',
      },
    );
  } else if (name !== null && !isTopologyName(name)) {
    addFinding(
      reading.findings,
      'badName',
      valuePlace(reading.places, root, 'name'),
      `${quote(name)} is no name of a topology`,
      {
        hint: TOPOLOGY_NAMES,
      },
    );
  }
  return name ?? '';
}

function readProtocol(reading: Reading, root: MapValue): number {
  const protocol =
    (isMap(root.ownership) ? readNumber(root.ownership, 'protocol') : null) ?? DEFAULT_PROTOCOL;
  const owner = formatProtocol(protocol);
  if (isMap(root.ownership) && (owner !== String(protocol) || otherDaemons.has(protocol))) {
    const whose = owner === String(protocol) ? 'a routing daemon' : owner;
    const at = valuePlace(reading.places, root.ownership, 'protocol');
    addFinding(reading.findings, 'notAllowed', at, `the protocol number ${protocol} belongs to ${whose}`, {
      hint: 'leave it out for 169',
    });
  }
  return protocol;
}

function readIgnore(reading: Reading, root: MapValue): string[] {
  if (!isList(root.ignore)) return [];
  const patterns: string[] = [];
  for (const [i, pattern] of root.ignore.entries()) {
    if (typeof pattern !== 'string') continue;
    patterns.push(pattern);
    if (parseIgnore(pattern) !== null) continue;
    const at = itemPlace(reading.places, root.ignore, i);
    addFinding(reading.findings, 'badIgnore', at, `the pattern ${quote(pattern)} matches nothing`, {
      hint: `it is NETNS [KIND [KEY]], such as \`host0 route 10.99.*\`; kinds are ${kinds.join(', ')}`,
    });
  }
  return patterns;
}
