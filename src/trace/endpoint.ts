// Where traces and packets begin and end: workloads, hosts and plain addresses, found in the topology by name.
import { ReconcileError } from '../errors.ts';
import { type Family, familyOf, formatIp, type Ip, parseIp } from '../state/ip.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { type Host, netnsOf } from '../topology/model/host.ts';
import type { TopologyModel } from '../topology/read.ts';
import { nearestOf } from '../topology/source/suggest.ts';

export interface Endpoint {
  /** As the user or the topology calls it. */
  readonly name: string;
  /** Null for an address that is in no namespace of the topology. */
  readonly netns: string | null;
  readonly addresses: readonly Ip[];
}

/** The workload, host, namespace or address of a name; a usage error where it is none. */
export function findEndpoint(model: TopologyModel, name: string): Endpoint {
  const address = parseIp(name);
  if (address !== null) return { name, netns: holderOf(model.network, address), addresses: [address] };
  const all = [...workloads(model), ...hosts(model), ...namespaces(model.network)];
  const found = all.find((endpoint) => endpoint.name === name);
  if (found !== undefined) return found;
  const near = nearestOf(
    name,
    all.map((endpoint) => endpoint.name),
  );
  const some = [...new Set(all.map((endpoint) => endpoint.name))].slice(0, 8).join(', ');
  throw new ReconcileError('usage', `${name} is no workload, host, namespace or address of the topology`, {
    hint: near === null ? `there are ${some}` : `did you mean \`${near}\`?`,
  });
}

/** What packets are sent between: the workloads of the touched hosts, or where there are none every namespace with addresses. */
export function endpointsOf(model: TopologyModel): Endpoint[] {
  const found = workloads(model).filter(({ netns }) => netns !== null && model.network.namespaces.has(netns));
  return found.length > 0 ? found : namespaces(model.network).filter(({ addresses }) => addresses.length > 0);
}

/** The address of an endpoint in a family; null where it has none. */
export function addressIn(endpoint: Endpoint, family: Family): Ip | null {
  return endpoint.addresses.find((address) => familyOf(address) === family) ?? null;
}

/** The first family that two endpoints share; a usage error where they share none. */
export function sharedFamily(from: Endpoint, to: Endpoint): Family {
  const family = ([4, 6] as const).find(
    (one) => addressIn(from, one) !== null && addressIn(to, one) !== null,
  );
  if (family !== undefined) return family;
  const list = (endpoint: Endpoint): string => endpoint.addresses.map(formatIp).join(', ') || 'no address';
  throw new ReconcileError('usage', `${from.name} and ${to.name} have no family of addresses in common`, {
    hint: `${from.name} has ${list(from)}, ${to.name} has ${list(to)}`,
  });
}

function workloads({ topology }: TopologyModel): Endpoint[] {
  return topology.workloads.map(({ name, netns, addresses }) => ({
    name,
    netns,
    addresses: addresses.map(({ address }) => address),
  }));
}

function hosts({ topology }: TopologyModel): Endpoint[] {
  return [...topology.hosts.values()].map((host: Host) => ({
    name: host.name,
    netns: netnsOf(host),
    addresses: host.uplink?.addresses.map(({ address }) => address) ?? [],
  }));
}

function namespaces(network: DesiredNetwork): Endpoint[] {
  return [...network.namespaces.values()].map(({ name, addresses }) => ({
    name,
    netns: name,
    addresses: addresses.map(({ address }) => address).filter((address) => !isLinkLocal(address)),
  }));
}

function isLinkLocal(address: Ip): boolean {
  return typeof address === 'string' && address.startsWith('fe80:');
}

function holderOf(network: DesiredNetwork, address: Ip): string | null {
  for (const { name, addresses } of network.namespaces.values()) {
    if (addresses.some((held) => held.address === address)) return name;
  }
  return null;
}
