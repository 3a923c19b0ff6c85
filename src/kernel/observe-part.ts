// Observes parts of namespaces: single links with what is on them, single routes, or a namespace's own sysctls. What it
// returns has the shape of a whole observation, so that the same diff and plan work on it.
import type { LinkEnd, ObservedLink } from '../state/link.ts';
import { parseOwnerAlias } from '../state/mark.ts';
import type { ObservedNamespace, ObservedNetwork } from '../state/network.ts';
import { type ObservedRoute, routeKey } from '../state/route.ts';
import { formatLinkQuery, type LinkMessage, parseLink } from './codec/link.ts';
import { RTM_GETLINK } from './constants.ts';
import type { Machine } from './machine.ts';
import { nameLink } from './name-link.ts';
import type { Netns } from './netns.ts';
import {
  claimsOf,
  findPeers,
  LOOPBACK_IFINDEX,
  observeNamespace,
  type Peers,
  type Reading,
  readAddresses,
  readFdb,
  readLinks,
  readNeighbours,
} from './observe.ts';
import { type LinkDirectory, readRoutesOf } from './observe-routes.ts';
import { readSysctls } from './observe-sysctl.ts';

/** What to read of one namespace. */
export interface Part {
  /** All of it; the rest is then moot. */
  readonly whole: boolean;
  /** Links by name; `deep` reads the routes by them, too. */
  readonly devices: ReadonlyMap<string, { readonly deep: boolean }>;
  /** Routes as events told them, taken as they are. */
  readonly told: readonly ObservedRoute[];
  /** Identities of routes to read, by routeKey. */
  readonly routeKeys: ReadonlySet<number | string>;
  readonly sysctls: readonly string[];
}

/** What is known without asking. */
export interface Knowledge {
  /** Where a veth's far end should be; null for other links. */
  readonly peerOf: (netns: string, dev: string) => LinkEnd | null;
  /** The links of a namespace by ifindex, as events last told them: taken as they are. None: all are read. */
  readonly linksOf: (netns: string) => ReadonlyMap<number, LinkMessage>;
}

/** Reads parts of namespaces; those that do not exist are left out. */
export function observeParts(
  machine: Machine,
  parts: ReadonlyMap<string, Part>,
  { peerOf, linksOf }: Knowledge,
): ObservedNetwork {
  const readings = new Map<string, Reading>();
  for (const [name, part] of parts) {
    const netns = machine.namespace(name);
    if (netns !== null) readings.set(name, { name, netns, links: readPart(netns, part, linksOf(name)) });
  }
  const peers = findPeers(withFarEnds(machine, readings, { peerOf, linksOf }));
  const namespaces = new Map<string, ObservedNamespace>();
  for (const [name, reading] of readings) {
    const part = parts.get(name)!;
    namespaces.set(
      name,
      part.whole
        ? observeNamespace(reading, peers, part.sysctls)
        : observePart(reading, part, peers, linksOf(name)),
    );
  }
  return { namespaces, freshSysctls: new Map() };
}

/** The links to read, with `lo`, whose marks tell whose the namespace is. */
function readPart(netns: Netns, part: Part, told: ReadonlyMap<number, LinkMessage>): LinkMessage[] {
  if (part.whole) return readLinks(netns);
  const ask = (): LinkMessage | null =>
    netns.socket.get(RTM_GETLINK, (writer) => formatLinkQuery(writer, LOOPBACK_IFINDEX), parseLink);
  const lo = told.get(LOOPBACK_IFINDEX) ?? ask();
  const named = [...part.devices.keys()]
    .filter((name) => name !== 'lo')
    .map((name) => toldLink(told, name) ?? readLink(netns, name));
  return [lo, ...named].filter((link) => link !== null);
}

function toldLink(told: ReadonlyMap<number, LinkMessage>, name: string): LinkMessage | undefined {
  for (const link of told.values()) if (link.name === name) return link;
  return undefined;
}

/** One link by name; null where there is none. Equivalent to `ip link show dev X`. */
export function readLink(netns: Netns, name: string): LinkMessage | null {
  return netns.socket.get(RTM_GETLINK, (writer) => formatLinkQuery(writer, 0, name), parseLink);
}

/** The readings, and where a veth's far end should be in a namespace that is not read, that one link of it. */
function withFarEnds(
  machine: Machine,
  readings: ReadonlyMap<string, Reading>,
  { peerOf, linksOf }: Knowledge,
): Reading[] {
  const far = new Map<string, { readonly netns: Netns; readonly links: Map<string, LinkMessage> }>();
  for (const reading of readings.values()) {
    const known = new Map(reading.links.map((link) => [link.name, link]));
    far.set(reading.name, { netns: reading.netns, links: known });
  }
  for (const { name, links } of readings.values()) {
    for (const link of links) {
      const peer = link.kind === 'veth' ? peerOf(name, link.name) : null;
      const netns = peer === null ? null : machine.namespace(peer.netns);
      if (peer === null || netns === null) continue;
      const place = far.get(peer.netns) ?? { netns, links: new Map<string, LinkMessage>() };
      far.set(peer.netns, place);
      const told = place.links.get(peer.name) ?? toldLink(linksOf(peer.netns), peer.name);
      const end = told ?? readLink(netns, peer.name);
      if (end !== null) place.links.set(peer.name, end);
    }
  }
  return [...far].map(([name, { netns, links }]) => ({ name, netns, links: [...links.values()] }));
}

function observePart(
  reading: Reading,
  part: Part,
  peers: Peers,
  told: ReadonlyMap<number, LinkMessage>,
): ObservedNamespace {
  const { netns, name } = reading;
  const known = new Map([...told.values(), ...reading.links].map((link) => [link.ifindex, link.name]));
  const names: LinkDirectory = { known, read: (ifindex) => readName(netns, ifindex) };
  const nameOf = (ifindex: number): string | null => known.get(ifindex) ?? null;
  const nameOrAsk = (ifindex: number): string | null =>
    ifindex === 0 ? null : (nameOf(ifindex) ?? readName(netns, ifindex));
  const lo = reading.links.find((link) => link.ifindex === LOOPBACK_IFINDEX);
  const messages = reading.links.filter((link) => part.devices.has(link.name));
  const links = new Map<string, ObservedLink>();
  for (const link of messages) {
    const peer = peers.get(name)?.get(link.ifindex) ?? null;
    links.set(link.name, nameLink(link, nameOrAsk, peer));
  }
  const deep = messages.filter((link) => part.devices.get(link.name)!.deep).map((link) => link.ifindex);
  const read = readRoutesOf(netns, names, { links: deep, keys: part.routeKeys });
  const keys = new Set(read.map(routeKey));
  const toldRoutes = part.told.filter((route) => {
    const key = routeKey(route);
    return !part.routeKeys.has(key) && !keys.has(key);
  });
  return {
    name,
    cookie: netns.socket.cookie,
    madeBy: parseOwnerAlias(lo?.alias ?? ''),
    claims: lo === undefined ? [] : claimsOf(lo),
    links,
    addresses: messages.flatMap((link) => readAddresses(netns, nameOf, link.ifindex)),
    neighbours: messages.flatMap((link) => readNeighbours(netns, nameOf, link.ifindex)),
    fdb: readFdb(netns, nameOf, messages),
    routes: [...read, ...toldRoutes],
    sysctls: readSysctls(netns, messages, part.sysctls, 'conf'),
  };
}

function readName(netns: Netns, ifindex: number): string | null {
  return netns.socket.get(RTM_GETLINK, (writer) => formatLinkQuery(writer, ifindex), parseLink)?.name ?? null;
}
