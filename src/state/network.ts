// A network, desired or observed: namespaces, and in each its links, addresses, neighbours, forwarding entries,
// routes and sysctls.
import type { DesiredAddress, ObservedAddress } from './address.ts';
import type { BgpSpeaker, ObservedBgp } from './bgp.ts';
import type { DesiredFdbEntry, ObservedFdbEntry } from './fdb.ts';
import type { DesiredLink, ObservedLink } from './link.ts';
import type { DesiredNeighbour, ObservedNeighbour } from './neighbour.ts';
import { NOWHERE, type Place, type SourceFile } from './place.ts';
import type { DesiredRoute, ObservedRoute } from './route.ts';
import type { DesiredSysctl } from './sysctl.ts';

/** The name, in topologies and reports, of the namespace the tool was started in. */
export const SELF = 'self';

/** `full`: what nobody declared is extra too. `owned`: only what bears our mark can be. */
export type Manage = 'owned' | 'full';

export interface DesiredNamespace {
  readonly name: string;
  /** Null: `full` if the tool made the namespace, `owned` if it existed. */
  readonly manage: Manage | null;
  readonly source: Place;
  /** By name, in the order of the file. */
  readonly links: ReadonlyMap<string, DesiredLink>;
  /** In the order of the file: of one IPv4 subnet on one link, the first is the primary. */
  readonly addresses: readonly DesiredAddress[];
  readonly neighbours: readonly DesiredNeighbour[];
  readonly fdb: readonly DesiredFdbEntry[];
  readonly routes: readonly DesiredRoute[];
  /** By dotted name. */
  readonly sysctls: ReadonlyMap<string, DesiredSysctl>;
}

/** What a topology wants of the hosts this run touches. */
export interface DesiredNetwork {
  /** The topology's name: the owner of all that is created. */
  readonly name: string;
  /** The mark of routes, addresses and neighbours: rtm_protocol, IFA_PROTO, NDA_PROTOCOL. 1-255. */
  readonly protocol: number;
  readonly namespaces: ReadonlyMap<string, DesiredNamespace>;
  /** The BGP speakers of the hosts this run touches; none where no pool is carried by BGP. */
  readonly bgp: readonly BgpSpeaker[];
  /** Patterns of known differences. */
  readonly ignore: readonly string[];
  /** What every Place of this network counts in. */
  readonly files: readonly SourceFile[];
}

/** A topology's claim of a namespace: the alternative name `calico-reconcile.PROTOCOL.NAME` of its `lo`. */
export interface Claim {
  readonly protocol: number;
  readonly topology: string;
}

export interface ObservedNamespace {
  readonly name: string;
  /** SO_NETNS_COOKIE: unique per boot, unlike the inode number. */
  readonly cookie: bigint;
  /** The topology that made the namespace, from the alias of its `lo`; null if it was made by others. */
  readonly madeBy: string | null;
  readonly claims: readonly Claim[];
  readonly links: ReadonlyMap<string, ObservedLink>;
  /** In the kernel's order: of one IPv4 subnet on one link, the first is the primary. */
  readonly addresses: readonly ObservedAddress[];
  readonly neighbours: readonly ObservedNeighbour[];
  readonly fdb: readonly ObservedFdbEntry[];
  /** In the kernel's order: of routes with one identity, the first is in force. */
  readonly routes: readonly ObservedRoute[];
  /** Routes of others were left out for their number: those at identities that nobody wants. */
  readonly routesLeftOut?: boolean;
  /** The values that were asked for and those of links that differ from a new link's; absent: no such sysctl. */
  readonly sysctls: ReadonlyMap<string, string>;
}

export interface ObservedNetwork {
  /** Namespaces that exist, by name. */
  readonly namespaces: ReadonlyMap<string, ObservedNamespace>;
  /** What the BGP daemons of hosts do, by host; absent where nobody asked them. */
  readonly bgp?: ReadonlyMap<string, ObservedBgp>;
  /** What sysctls that were asked for have in a namespace nobody touched. */
  readonly freshSysctls: ReadonlyMap<string, string>;
}

/** A namespace of which nothing is wanted, as no file says. */
export function emptyNamespace(name: string): DesiredNamespace {
  return {
    name,
    manage: null,
    source: NOWHERE,
    links: new Map(),
    addresses: [],
    neighbours: [],
    fdb: [],
    routes: [],
    sysctls: new Map(),
  };
}

/** Whether nothing is wanted in a namespace. */
export function isEmptyNamespace(namespace: DesiredNamespace): boolean {
  const { links, addresses, neighbours, fdb, routes, sysctls } = namespace;
  return links.size + addresses.length + neighbours.length + fdb.length + routes.length + sysctls.size === 0;
}
