// Observe: the live state of namespaces, read over rtnetlink and /proc. Sends dumps and questions only.
import { ReconcileError } from '../errors.ts';
import type { ObservedAddress } from '../state/address.ts';
import type { ObservedFdbEntry } from '../state/fdb.ts';
import type { LinkEnd } from '../state/link.ts';
import { parseClaim, parseOwnerAlias } from '../state/mark.ts';
import type { ObservedNeighbour } from '../state/neighbour.ts';
import { type Claim, type ObservedNamespace, type ObservedNetwork, SELF } from '../state/network.ts';
import { formatAddressDump, parseAddress } from './codec/address.ts';
import {
  formatLinkDump,
  formatLinkQuery,
  type LinkMessage,
  parseLink,
  parseLinkIndex,
} from './codec/link.ts';
import { formatNamespaceIdQuery, parseNamespaceId } from './codec/namespace-id.ts';
import { formatNeighbourDump, isStatedNeighbour, parseFdbEntry, parseNeighbour } from './codec/neighbour.ts';
import type { LinkNames } from './codec/route.ts';
import { RTM_GETADDR, RTM_GETLINK, RTM_GETNEIGH, RTM_GETNSID } from './constants.ts';
import type { Machine } from './machine.ts';
import { nameLink } from './name-link.ts';
import type { Netns } from './netns.ts';
import { type RouteReader, readAllRoutes } from './observe-routes.ts';
import { readFreshSysctls, readSysctls } from './observe-sysctl.ts';

/** What to read. */
export interface Scope {
  /** The topology whose marks are looked for in every namespace that is not named. */
  readonly topology: string;
  readonly names: ReadonlySet<string>;
  /** Namespaces that bear the marks and are others' to read, unless they are named. */
  readonly spared?: ReadonlySet<string>;
  /** Whether a namespace, if the topology made it, goes whole: then only its links are read. */
  goes?(netns: string): boolean;
  /** The sysctls to read in a namespace, beside those of its links that differ from a new link's. */
  sysctlsOf(netns: string): readonly string[];
  /** Sysctls whose value in a namespace nobody touched is asked for. */
  readonly fresh: readonly string[];
}

/** Links of a namespace as read, before the ends of its veths are named. */
export interface Reading {
  readonly name: string;
  readonly netns: Netns;
  readonly links: readonly LinkMessage[];
}

/** Reads the namespaces of a scope and every other one that the topology made or claimed. */
export function observe(machine: Machine, scope: Scope, routeReader?: RouteReader): ObservedNetwork {
  const readings: Reading[] = [];
  for (const name of new Set([SELF, ...scope.names, ...machine.names()])) {
    const netns = openIfWanted(machine, name, scope);
    if (netns !== null) readings.push({ name, netns, links: readLinks(netns) });
  }
  const peers = findPeers(readings);
  const namespaces = new Map<string, ObservedNamespace>();
  for (const reading of readings) {
    const known = observeLinks(reading, peers);
    const goes = known.madeBy === scope.topology && scope.goes?.(reading.name);
    const sysctls = scope.sysctlsOf(reading.name);
    namespaces.set(reading.name, goes ? known : readContents(reading, known, sysctls, routeReader));
  }
  return { namespaces, freshSysctls: readFreshSysctls(scope.fresh) };
}

/** Opens a namespace that is in the scope or bears the topology's mark; null for any other and for one that is gone. */
function openIfWanted(machine: Machine, name: string, scope: Scope): Netns | null {
  const wanted = scope.names.has(name);
  if (!wanted && scope.spared?.has(name)) return null;
  let netns: Netns | null;
  try {
    netns = machine.namespace(name);
  } catch (error) {
    if (wanted || !(error instanceof ReconcileError)) throw error;
    return null; // a namespace of others that cannot be entered cannot be ours either
  }
  if (netns === null || wanted) return netns;
  const lo = netns.socket.get(RTM_GETLINK, (writer) => formatLinkQuery(writer, LOOPBACK_IFINDEX), parseLink);
  const ours =
    lo !== null &&
    (parseOwnerAlias(lo.alias) === scope.topology ||
      claimsOf(lo).some((claim) => claim.topology === scope.topology));
  return ours ? netns : null;
}

/** The `lo` of every namespace. */
export const LOOPBACK_IFINDEX = 1;

/** The claims that stand on the `lo` of a namespace. */
export function claimsOf(lo: LinkMessage): Claim[] {
  return lo.altnames.map(parseClaim).filter((claim) => claim !== null);
}

/** Reads a whole namespace whose links were read already. */
export function observeNamespace(
  reading: Reading,
  peers: Peers,
  sysctlKeys: readonly string[],
  routeReader?: RouteReader,
): ObservedNamespace {
  return readContents(reading, observeLinks(reading, peers), sysctlKeys, routeReader);
}

/** A namespace with its links and what they say of it, and nothing else. */
function observeLinks({ name, netns, links }: Reading, peers: Peers): ObservedNamespace {
  const names = namesOf(links);
  const nameOf: LinkNames = (ifindex) => names.get(ifindex) ?? null;
  const lo = links.find((link) => link.ifindex === LOOPBACK_IFINDEX);
  const named = links.map((link) => nameLink(link, nameOf, peers.get(name)?.get(link.ifindex) ?? null));
  return {
    name,
    cookie: netns.socket.cookie,
    madeBy: parseOwnerAlias(lo?.alias ?? ''),
    claims: lo === undefined ? [] : claimsOf(lo),
    links: new Map(named.map((link) => [link.name, link])),
    addresses: [],
    neighbours: [],
    fdb: [],
    routes: [],
    sysctls: new Map(),
  };
}

function readContents(
  { netns, links }: Reading,
  known: ObservedNamespace,
  sysctlKeys: readonly string[],
  routeReader: RouteReader = readAllRoutes,
): ObservedNamespace {
  const names = namesOf(links);
  const nameOf: LinkNames = (ifindex) => names.get(ifindex) ?? null;
  return {
    ...known,
    addresses: readAddresses(netns, nameOf),
    neighbours: readNeighbours(netns, nameOf),
    fdb: readFdb(netns, nameOf, links),
    ...routeReader(netns, names, known),
    sysctls: readSysctls(netns, links, sysctlKeys),
  };
}

/** The links of a namespace, by ifindex and unresolved. Equivalent to `ip link show`. */
export function readLinks(netns: Netns): LinkMessage[] {
  return netns.socket.dump(RTM_GETLINK, formatLinkDump, parseLink);
}

/** The names of a namespace's links, by ifindex. */
export function readNames(netns: Netns): Map<number, string> {
  return namesOf(readLinks(netns));
}

function namesOf(links: readonly LinkMessage[]): Map<number, string> {
  return new Map(links.map((link) => [link.ifindex, link.name]));
}

/** The ifindexes of a namespace's links by name, and nothing else of them. */
export function readIndexes(netns: Netns): Map<string, number> {
  return new Map(netns.socket.dump(RTM_GETLINK, formatLinkDump, parseLinkIndex));
}

/** The addresses of one link, or with ifindex 0 of all. Equivalent to `ip address show`. */
export function readAddresses(netns: Netns, nameOf: LinkNames, ifindex = 0): ObservedAddress[] {
  return netns.socket.dump(
    RTM_GETADDR,
    (writer) => formatAddressDump(writer, ifindex),
    (buffer, start, end) => parseAddress(buffer, start, end, nameOf),
  );
}

/** Permanent and marked neighbours, and proxies, of one link, or with ifindex 0 of all. Equivalent to `ip neighbour show nud permanent` and `… show proxy`. */
export function readNeighbours(netns: Netns, nameOf: LinkNames, ifindex = 0): ObservedNeighbour[] {
  const read = (table: 'neighbours' | 'proxies'): ObservedNeighbour[] =>
    netns.socket.dump(
      RTM_GETNEIGH,
      (writer) => formatNeighbourDump(writer, table, ifindex),
      (buffer, start, end) =>
        isStatedNeighbour(buffer, start, end) ? parseNeighbour(buffer, start, end, nameOf) : null,
    );
  return [...read('neighbours'), ...read('proxies')];
}

/** The stated forwarding entries of those links that have a table: vxlans and ports of bridges. Equivalent to `bridge fdb show`. */
export function readFdb(netns: Netns, nameOf: LinkNames, links: readonly LinkMessage[]): ObservedFdbEntry[] {
  const having = links.filter((link) => link.kind === 'vxlan' || link.master !== 0);
  if (having.length === 0) return [];
  const indexes = new Set(having.map((link) => link.ifindex));
  return netns.socket.dump(
    RTM_GETNEIGH,
    (writer) => formatNeighbourDump(writer, 'fdb'),
    (buffer, start, end) => {
      const entry = parseFdbEntry(buffer, start, end, nameOf);
      return entry?.stated && indexes.has(entry.ifindex) ? entry : null;
    },
  );
}

/** The far ends of veths, by namespace and ifindex of the near end. */
export type Peers = ReadonlyMap<string, ReadonlyMap<number, LinkEnd>>;

/**
 * Names the far end of every veth. Two ends that give each other's ifindex are a candidate pair; they are one if the
 * namespace of one calls the other's by the id that its end states: the kernel then says that this is the far end.
 */
export function findPeers(readings: readonly Reading[]): Peers {
  const ends = new Map<string, End[]>();
  const peers = new Map<string, Map<number, LinkEnd>>();
  for (const reading of readings) {
    peers.set(reading.name, new Map());
    for (const link of reading.links) {
      if (link.kind !== 'veth') continue;
      const key = `${link.ifindex} ${link.lower}`;
      const same = ends.get(key);
      if (same === undefined) ends.set(key, [{ reading, link }]);
      else same.push({ reading, link });
    }
  }
  const ids = new NamespaceIds();
  for (const { reading, link } of [...ends.values()].flat()) {
    const found = peers.get(reading.name)!;
    if (found.has(link.ifindex)) continue;
    const far = ends
      .get(`${link.lower} ${link.ifindex}`)
      ?.find((end) => ids.calls(reading.netns, end.reading.netns) === link.lowerNsid);
    if (far === undefined) continue;
    found.set(link.ifindex, { netns: far.reading.name, name: far.link.name });
    peers.get(far.reading.name)!.set(far.link.ifindex, { netns: reading.name, name: link.name });
  }
  return peers;
}

/** One end of a veth. */
interface End {
  readonly reading: Reading;
  readonly link: LinkMessage;
}

/** What namespaces call each other, each asked once. */
class NamespaceIds {
  readonly #known = new Map<Netns, Map<Netns, number | null>>();

  /** The id by which one namespace knows another: -1 for itself, null for one it has no id for. */
  calls(from: Netns, to: Netns): number | null {
    if (from === to) return -1;
    const known = this.#known.get(from) ?? new Map<Netns, number | null>();
    this.#known.set(from, known);
    let id = known.get(to);
    if (id === undefined) {
      const told = from.socket.get(
        RTM_GETNSID,
        (writer) => formatNamespaceIdQuery(writer, to.fd),
        parseNamespaceId,
      );
      id = told === null || told < 0 ? null : told;
      known.set(to, id);
    }
    return id;
  }
}
