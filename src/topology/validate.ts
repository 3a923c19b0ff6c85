// Validate: a loaded tree of values to a topology in which every value is sound and every reference leads somewhere.
// Nothing stops at the first fault: all findings of all parts are collected.
import { formatIp, type Ip } from '../state/ip.ts';
import { NOWHERE, type Place } from '../state/place.ts';
import { formatProtocol } from '../state/scope.ts';
import type { LoadedTopology } from './load.ts';
import { type Host, readHosts, thisMachine } from './model/host.ts';
import { readNamespaces, type WrittenNamespace } from './model/namespace.ts';
import { type Pool, readPools } from './model/pool.ts';
import { quote, type Reading, readNumber, readText } from './model/scalars.ts';
import { readUnderlays, type Underlay } from './model/underlay.ts';
import { readWorkloads, type Workload } from './model/workload.ts';
import { addFinding } from './source/findings.ts';
import { isList, isMap, type MapValue, placeOf, valuePlace } from './source/tree.ts';

/** A topology as its files say it, every default filled in. */
export interface Topology {
  readonly name: string;
  /** The mark of routes, addresses and neighbours: 1-255. */
  readonly protocol: number;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly underlays: readonly Underlay[];
  readonly pools: readonly Pool[];
  /** In the order of their names. */
  readonly workloads: readonly Workload[];
  readonly namespaces: ReadonlyMap<string, WrittenNamespace>;
  readonly ignore: readonly string[];
}

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
  const topology: Topology = {
    name: readTopologyName(loaded, root),
    protocol: readProtocol(loaded, root),
    hosts,
    underlays: readUnderlays(loaded, root, hosts),
    pools,
    workloads: readWorkloads(loaded, root, hosts, pools),
    namespaces: readNamespaces(loaded, root),
    ignore: isList(root.ignore) ? root.ignore.filter((item) => typeof item === 'string') : [],
  };
  checkNamespaces(loaded, topology);
  checkAddresses(loaded, topology);
  checkDevices(loaded, topology);
  checkUplinks(loaded, topology);
  return topology;
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
  } else if (name !== null && !/^[a-z0-9-]{1,32}$/.test(name)) {
    addFinding(
      reading.findings,
      'badName',
      valuePlace(reading.places, root, 'name'),
      `${quote(name)} is no name of a topology`,
      {
        hint: 'it is 1-32 of a-z, 0-9 and `-`',
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

/** Namespaces of hosts, underlays and workloads differ, except among workloads that all name theirs. */
function checkNamespaces(reading: Reading, { hosts, underlays, workloads }: Topology): void {
  const seen = new Map<string, { readonly place: Place; readonly shared: boolean }>();
  const claim = (netns: string, place: Place, shared: boolean): void => {
    const first = seen.get(netns);
    if (first === undefined) seen.set(netns, { place, shared });
    else if (!first.shared || !shared) {
      addFinding(
        reading.findings,
        'duplicateNetns',
        place,
        `the namespace ${netns} is someone else's already`,
        {
          hint: 'give one of them another `netns`',
          other: first.place,
        },
      );
    }
  };
  for (const { netns, place } of hosts.values()) if (netns !== null) claim(netns, place, false);
  for (const { netns, place } of underlays) claim(netns, place, false);
  for (const { netns, place, netnsStated } of workloads) claim(netns, place, netnsStated);
}

function checkAddresses(reading: Reading, { hosts, workloads }: Topology): void {
  const seen = new Map<Ip, Place>();
  for (const host of hosts.values())
    for (const { address, place } of host.uplink?.addresses ?? []) seen.set(address, place);
  for (const workload of workloads) {
    for (const { address, place } of workload.addresses) {
      const first = seen.get(address);
      if (first === undefined) seen.set(address, place);
      else {
        const message = `${formatIp(address)} is the address of two workloads or hosts`;
        addFinding(reading.findings, 'duplicateAddress', place, message, { other: first });
      }
    }
  }
}

function checkDevices(reading: Reading, { hosts, workloads }: Topology): void {
  const seen = new Map<string, Place>();
  for (const { name, uplink } of hosts.values())
    if (uplink !== null) seen.set(`${name}/${uplink.dev}`, uplink.place);
  for (const { name, host, dev, place } of workloads) {
    const key = `${host.name}/${dev}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, place);
    else {
      const message = `${name}'s \`dev\` ${dev} is the name of another link of ${host.name}`;
      addFinding(reading.findings, 'duplicateDev', place, message, { other: first });
    }
  }
}

/** A simulated host's uplink ends somewhere: in an underlay, or where `netns` says. */
function checkUplinks(reading: Reading, { hosts, underlays, namespaces }: Topology): void {
  const wired = new Set(underlays.flatMap((underlay) => underlay.hosts.map((host) => host.name)));
  for (const { name, netns, uplink } of hosts.values()) {
    if (netns === null || uplink === null || wired.has(name)) continue;
    const written = namespaces.get(netns)?.links.some((link) => link.name === uplink.dev);
    if (written === true || uplink.place === NOWHERE) continue;
    addFinding(reading.findings, 'noWay', uplink.place, `the uplink of ${name} is wired to nothing`, {
      hint: `name ${name} in an \`underlay\`, or write the link under \`netns\``,
    });
  }
}
