// A site: one namespace while a plan is carried out in it, with its open handle, the ifindexes of its links as they
// come and go, and the requests that are gathered for it.
import { confValue } from '../kernel/codec/devconf.ts';
import type { LinkMessage } from '../kernel/codec/link.ts';
import type { Machine } from '../kernel/machine.ts';
import type { Netns } from '../kernel/netns.ts';
import { readIndexes, readLinks } from '../kernel/observe.ts';
import { readLink } from '../kernel/observe-part.ts';
import { Requests } from '../kernel/requests.ts';
import type { DesiredLink } from '../state/link.ts';
import {
  type DesiredNamespace,
  type DesiredNetwork,
  emptyNamespace,
  type ObservedNamespace,
  type ObservedNetwork,
} from '../state/network.ts';
import { type Collateral, NO_COLLATERAL } from './collateral.ts';
import type { Outcomes, Tag } from './outcomes.ts';
import { Ownership } from './ownership.ts';
import type { Step } from './plan.ts';

/** The ifindex of a link where it is known without asking the kernel; undefined where it is not. */
export type KnownIndex = (netns: string, dev: string) => number | undefined;

export class Site {
  readonly name: string;
  readonly netns: Netns;
  readonly desired: DesiredNamespace;
  readonly observed: ObservedNamespace;
  readonly ownership: Ownership;
  readonly requests: Requests<Tag>;
  /** Links made by this plan that have still to be named, put in their bridge and brought up. */
  readonly born: Array<{ readonly link: DesiredLink; readonly step: Step }> = [];
  /** What the steps so far meant to change (to what they made of it) or to delete (to null), by what was observed. */
  readonly meant = new Map<unknown, unknown>();
  /** What steps took along and must be put back. */
  taken: Collateral = NO_COLLATERAL;
  #indexes = new Map<string, number>();
  #promotions: ReadonlyMap<string, number> | null = null;
  readonly #known: KnownIndex;
  /** The highest ifindex given out; 0 until it is known. */
  #lastIndex = 0;

  constructor(
    name: string,
    netns: Netns,
    network: DesiredNetwork,
    observed: ObservedNamespace | null,
    outcomes: Outcomes,
    known: KnownIndex,
  ) {
    this.#known = known;
    this.name = name;
    this.netns = netns;
    this.desired = network.namespaces.get(name) ?? emptyNamespace(name);
    this.observed = observed ?? freshNamespace(name, netns.socket.cookie, network.name);
    this.ownership = new Ownership(
      { topology: network.name, protocol: network.protocol },
      this.observed,
      this.desired.manage,
    );
    this.requests = new Requests<Tag>(
      netns.socket,
      (tag, error) => outcomes.refuse(tag, error),
      (count) => outcomes.countSent(count),
    );
    if (observed === null) this.rereadLinks();
    else this.#indexes = new Map([...observed.links.values()].map((link) => [link.name, link.ifindex]));
  }

  /** The ifindex of a link by name; 0 where there is none. What was not observed is asked of the kernel, once. */
  readonly indexOf = (name: string): number => {
    let index = this.#indexes.get(name);
    if (index === undefined) {
      index = this.#known(this.name, name) ?? readLink(this.netns, name)?.ifindex ?? 0;
      this.#indexes.set(name, index);
    }
    return index;
  };

  /** Learns the ifindexes anew, after links were made or deleted. */
  rereadLinks(): void {
    this.#indexes = readIndexes(this.netns);
    this.#lastIndex = Math.max(...this.#indexes.values());
  }

  /** Learns the ifindex that a link was made with. */
  learn(name: string, ifindex: number): void {
    this.#indexes.set(name, ifindex);
  }

  /**
   * An ifindex for a new link, other than the one its far end gets: where the two ends of a veth have equal ones the
   * kernel takes up to a second to notice the carrier. 0, which leaves it to the kernel, in namespaces that are not ours alone.
   */
  reserveIndex(other: number): number {
    if (this.observed.madeBy !== this.ownership.owner.topology) return 0;
    // What was observed may be a part.
    if (this.#lastIndex === 0) this.#lastIndex = Math.max(...readIndexes(this.netns).values());
    this.#lastIndex += this.#lastIndex + 1 === other ? 2 : 1;
    return this.#lastIndex;
  }

  /** A link's promote_secondaries (0 or 1), as it is once the settings of this pass are made. */
  promotion(dev: string): number {
    if (this.#promotions === null) {
      this.requests.flush();
      const promotes = ({ ipv4Conf }: LinkMessage): number =>
        ipv4Conf === null ? 0 : (confValue('ipv4', ipv4Conf, 'promote_secondaries') ?? 0);
      this.#promotions = new Map(readLinks(this.netns).map((link) => [link.name, promotes(link)]));
    }
    return this.#promotions.get(dev) ?? 0;
  }

  take(collateral: Collateral): void {
    this.taken = {
      addresses: [...this.taken.addresses, ...collateral.addresses],
      neighbours: [...this.taken.neighbours, ...collateral.neighbours],
      routes: [...this.taken.routes, ...collateral.routes],
    };
  }
}

/** The sites of a plan, opened as they are needed. */
export class Sites {
  readonly machine: Machine;
  readonly network: DesiredNetwork;
  readonly #observed: ObservedNetwork;
  readonly #outcomes: Outcomes;
  readonly #known: KnownIndex;
  readonly #sites = new Map<string, Site>();

  constructor(
    machine: Machine,
    network: DesiredNetwork,
    observed: ObservedNetwork,
    outcomes: Outcomes,
    known: KnownIndex = () => undefined,
  ) {
    this.#known = known;
    this.machine = machine;
    this.network = network;
    this.#observed = observed;
    this.#outcomes = outcomes;
  }

  /** The site of a namespace; null where the namespace does not exist. */
  at(name: string): Site | null {
    const known = this.#sites.get(name);
    if (known !== undefined) return known;
    const netns = this.machine.namespace(name);
    if (netns === null) return null;
    const site = new Site(
      name,
      netns,
      this.network,
      this.#observed.namespaces.get(name) ?? null,
      this.#outcomes,
      this.#known,
    );
    this.#sites.set(name, site);
    return site;
  }

  opened(): Iterable<Site> {
    return this.#sites.values();
  }
}

/** What a namespace of ours is when it has just been made: nothing but a `lo` that is down. */
function freshNamespace(name: string, cookie: bigint, topology: string): ObservedNamespace {
  const none = { addresses: [], neighbours: [], fdb: [], routes: [] };
  return { name, cookie, madeBy: topology, claims: [], links: new Map(), sysctls: new Map(), ...none };
}
