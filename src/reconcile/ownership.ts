// Ownership: what in an observed namespace is ours, what is foreign, and what of it is extra when nobody declared it.
// Every decision to delete asks here; the answer comes from marks in the kernel, never from a file.
import { ReconcileError } from '../errors.ts';
import type { ObservedAddress } from '../state/address.ts';
import type { ObservedLink } from '../state/link.ts';
import { linkGroup, ownerAlias, parseOwnerAlias } from '../state/mark.ts';
import type { ObservedNeighbour } from '../state/neighbour.ts';
import type { Manage, ObservedNamespace } from '../state/network.ts';
import type { ObservedRoute } from '../state/route.ts';

/** A topology as an owner. */
export interface Owner {
  readonly topology: string;
  readonly protocol: number;
}

/** RTPROT_BOOT and RTPROT_STATIC: what `ip route add` and administrators leave; the rest belongs to daemons and the kernel. */
const handMade: ReadonlySet<number> = new Set([3, 4]);

/** Tunnels that the kernel makes in every namespace and nobody can delete. */
const fallbackTunnels: ReadonlySet<string> = new Set([
  'tunl0',
  'sit0',
  'gre0',
  'gretap0',
  'erspan0',
  'ip_vti0',
  'ip6_vti0',
  'ip6tnl0',
  'ip6gre0',
]);

/** Whether a link is a tunnel that the kernel made by itself and nobody has used: it is there for the taking. */
export function isIdleFallback({ name, up, group, alias }: ObservedLink): boolean {
  return isFallback(name) && !up && group === 0 && alias === '';
}

/** Whether a link of this name may be a tunnel that the kernel made by itself, and does not delete. */
export function isFallback(name: string): boolean {
  return fallbackTunnels.has(name);
}

/** Below this, IFA_PROTO is the kernel's own mark. */
const IFAPROT_KERNEL_LAST = 3;

/** What an owner may call its own in one namespace. */
export class Ownership {
  readonly owner: Owner;
  readonly manage: Manage;
  /** IFLA_GROUP of our links. */
  readonly group: number;
  /** The alias of our links. */
  readonly alias: string;
  /** Our protocol, and the numbers under which this topology claimed the namespace before. */
  readonly #protocols: ReadonlySet<number>;
  /** The numbers of other topologies in this namespace. */
  readonly #others: ReadonlySet<number>;

  constructor(
    owner: Owner,
    netns: Pick<ObservedNamespace, 'name' | 'madeBy' | 'claims'>,
    manage: Manage | null,
  ) {
    this.owner = owner;
    this.manage = manage ?? (netns.madeBy === owner.topology ? 'full' : 'owned');
    this.group = linkGroup(owner.topology);
    this.alias = ownerAlias(owner.topology);
    const own = netns.claims.filter((claim) => claim.topology === owner.topology);
    const rival = netns.claims.find(
      (claim) => claim.topology !== owner.topology && claim.protocol === owner.protocol,
    );
    if (rival !== undefined) {
      throw new ReconcileError(
        'ownership',
        `protocol ${owner.protocol} in namespace ${netns.name} is claimed by the topology ${rival.topology}`,
        { hint: `give this topology a number of its own: ownership: { protocol: N } (1-255)` },
      );
    }
    this.#protocols = new Set([owner.protocol, ...own.map((claim) => claim.protocol)]);
    this.#others = new Set(
      netns.claims.filter((claim) => claim.topology !== owner.topology).map((claim) => claim.protocol),
    );
  }

  /** Whether it decides the same of everything. */
  isSameAs(other: Ownership): boolean {
    return (
      this.owner.topology === other.owner.topology &&
      this.owner.protocol === other.owner.protocol &&
      this.manage === other.manage &&
      areSame(this.#protocols, other.#protocols) &&
      areSame(this.#others, other.#others)
    );
  }

  ownsLink(link: ObservedLink): boolean {
    return link.group === this.group;
  }

  /** Whether a route, address or neighbour bears our mark. */
  owns(item: { readonly protocol: number }): boolean {
    return this.#protocols.has(item.protocol);
  }

  /** Whether the mark is the one of today, not one that this topology bore before. */
  marksNow(item: { readonly protocol: number }): boolean {
    return item.protocol === this.owner.protocol;
  }

  /** RTPROT_* of the routes that could be extra. */
  routeProtocols(): ReadonlySet<number> {
    if (this.manage !== 'full') return this.#protocols;
    return new Set([...this.#protocols, ...handMade].filter((protocol) => !this.#others.has(protocol)));
  }

  isExtraRoute(route: ObservedRoute): boolean {
    return (
      this.owns(route) ||
      (this.manage === 'full' && handMade.has(route.protocol) && !this.#others.has(route.protocol))
    );
  }

  isExtraAddress(address: ObservedAddress): boolean {
    if (this.owns(address)) return true;
    return (
      this.manage === 'full' &&
      address.permanent &&
      !this.#others.has(address.protocol) &&
      !(address.protocol > 0 && address.protocol <= IFAPROT_KERNEL_LAST) &&
      address.dev !== 'lo'
    );
  }

  isExtraNeighbour(neighbour: ObservedNeighbour): boolean {
    if (this.owns(neighbour)) return true;
    return (
      this.manage === 'full' &&
      (neighbour.permanent || neighbour.proxy) &&
      !this.#others.has(neighbour.protocol)
    );
  }

  isExtraLink(link: ObservedLink): boolean {
    if (this.ownsLink(link)) return true;
    const virtual = link.kind !== '' && !fallbackTunnels.has(link.name);
    return this.manage === 'full' && virtual && parseOwnerAlias(link.alias) === null;
  }
}

function areSame(one: ReadonlySet<number>, other: ReadonlySet<number>): boolean {
  return one.size === other.size && [...one].every((number) => other.has(number));
}
