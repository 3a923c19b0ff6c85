// Requests: the modifying verbs of rtnetlink for one namespace, gathered into batches of one send each. The kernel
// carries out every request whatever becomes of the others; a refusal is told with the tag it was queued under.
import { KernelError } from '../errors.ts';
import type { Address } from '../state/address.ts';
import type { FdbEntry } from '../state/fdb.ts';
import type { Neighbour } from '../state/neighbour.ts';
import type { Route } from '../state/route.ts';
import type { SysctlFamily } from '../state/sysctl.ts';
import { type AddressMark, formatAddress } from './codec/address.ts';
import { formatAltname } from './codec/altname.ts';
import {
  formatGroupDelete,
  formatLinkChange,
  formatLinkDelete,
  formatNewLink,
  type LinkBirth,
  type LinkChange,
  type NewEnd,
} from './codec/link.ts';
import { MessageWriter } from './codec/message.ts';
import { formatFdbEntry, formatNeighbour } from './codec/neighbour.ts';
import { formatNeighbourTable } from './codec/neighbour-table.ts';
import { formatRoute, type LinkIndexes } from './codec/route.ts';
import {
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELLINKPROP,
  RTM_DELNEIGH,
  RTM_DELROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
  RTM_SETNEIGHTBL,
} from './constants.ts';
import type { NetlinkSocket } from './socket.ts';

/** Two ways to make a route: only where its key is free, or in front of what stands at its key. */
export type RouteCreation = 'exclusive' | 'first';

/** Races that the next observation settles: what is to be deleted has gone. */
const gone: ReadonlySet<string> = new Set(['ESRCH', 'ENOENT', 'ENODEV', 'EADDRNOTAVAIL']);
const none: ReadonlySet<string> = new Set();

export class Requests<Tag> {
  readonly #socket: NetlinkSocket;
  readonly #refused: (tag: Tag, error: KernelError) => void;
  readonly #sent: (count: number) => void;
  readonly #writer = new MessageWriter();
  #tags: Tag[] = [];
  #operations: string[] = [];
  #first: number;

  /** `refused` is told of each request that the kernel refused, `sent` how many it has answered. */
  constructor(
    socket: NetlinkSocket,
    refused: (tag: Tag, error: KernelError) => void,
    sent: (count: number) => void = () => {},
  ) {
    this.#socket = socket;
    this.#refused = refused;
    this.#sent = sent;
    this.#first = socket.reserveSequences();
  }

  /** Makes a link; a veth's far end in its own namespace, down. Equivalent to `ip link add`. */
  linkAdd(tag: Tag, end: NewEnd, birth: LinkBirth): void {
    const writer = this.#begin(tag, 'link add', RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    formatNewLink(writer, end, birth);
    this.#end();
  }

  /** Equivalent to `ip link set`. */
  linkSet(tag: Tag, ifindex: number, change: LinkChange): void {
    formatLinkChange(this.#begin(tag, 'link set', RTM_NEWLINK, 0), ifindex, change);
    this.#end();
  }

  /** Equivalent to `ip link delete dev X`. */
  linkDelete(tag: Tag, ifindex: number): void {
    formatLinkDelete(this.#begin(tag, 'link delete', RTM_DELLINK, 0), ifindex);
    this.#end();
  }

  /** Deletes all links of a group at once, which costs what deleting one does. Equivalent to `ip link delete group N`. */
  linkDeleteGroup(tag: Tag, group: number): void {
    formatGroupDelete(this.#begin(tag, 'link delete', RTM_DELLINK, 0), group);
    this.#end();
  }

  /** Equivalent to `ip link property add dev X altname NAME`. */
  altnameAdd(tag: Tag, ifindex: number, altname: string): void {
    formatAltname(
      this.#begin(tag, 'link property add', RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL),
      ifindex,
      altname,
    );
    this.#end();
  }

  /** Equivalent to `ip link property delete dev X altname NAME`. */
  altnameDelete(tag: Tag, ifindex: number, altname: string): void {
    formatAltname(this.#begin(tag, 'link property delete', RTM_DELLINKPROP, 0), ifindex, altname);
    this.#end();
  }

  /** Sets one value of a link's neighbour table, in /proc's unit. Equivalent to `ip ntable change`. */
  neighbourTableSet(tag: Tag, family: SysctlFamily, ifindex: number, leaf: string, value: number): void {
    const writer = this.#begin(tag, 'ntable change', RTM_SETNEIGHTBL, 0);
    formatNeighbourTable(writer, family, ifindex, leaf, value);
    this.#end();
  }

  /** Equivalent to `ip address add`. */
  addressAdd(tag: Tag, address: Address, ifindex: number, mark: AddressMark): void {
    const writer = this.#begin(tag, 'address add', RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
    formatAddress(writer, address, ifindex, mark);
    this.#end();
  }

  /** Changes what the kernel can change in place: the mark, and an IPv6 address's flags. Equivalent to `ip address replace`. */
  addressReplace(tag: Tag, address: Address, ifindex: number, mark: AddressMark): void {
    formatAddress(this.#begin(tag, 'address replace', RTM_NEWADDR, NLM_F_REPLACE), address, ifindex, mark);
    this.#end();
  }

  /** Equivalent to `ip address delete`. */
  addressDelete(tag: Tag, address: Address, ifindex: number): void {
    formatAddress(this.#begin(tag, 'address delete', RTM_DELADDR, 0), address, ifindex, null);
    this.#end();
  }

  /** Equivalent to `ip neighbour replace … nud permanent`, for a proxy `ip neighbour add proxy`. */
  neighbourReplace(tag: Tag, neighbour: Neighbour, ifindex: number, protocol: number): void {
    const writer = this.#begin(tag, 'neighbour replace', RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE);
    formatNeighbour(writer, neighbour, ifindex, protocol);
    this.#end();
  }

  /** Equivalent to `ip neighbour delete`. */
  neighbourDelete(tag: Tag, neighbour: Neighbour, ifindex: number): void {
    formatNeighbour(this.#begin(tag, 'neighbour delete', RTM_DELNEIGH, 0), neighbour, ifindex, null);
    this.#end();
  }

  /** A vxlan keeps one remote for a unicast address, and many for others. Equivalent to `bridge fdb replace`, and `… append`. */
  fdbAdd(tag: Tag, entry: FdbEntry, ifindex: number): void {
    const mode = isUnicast(entry.mac) ? NLM_F_REPLACE : NLM_F_APPEND;
    formatFdbEntry(this.#begin(tag, 'fdb append', RTM_NEWNEIGH, NLM_F_CREATE | mode), entry, ifindex);
    this.#end();
  }

  /** Equivalent to `bridge fdb delete … self`. */
  fdbDelete(tag: Tag, entry: FdbEntry, ifindex: number): void {
    formatFdbEntry(this.#begin(tag, 'fdb delete', RTM_DELNEIGH, 0), entry, ifindex);
    this.#end();
  }

  /** Equivalent to `ip route add`, with `first` to `ip route prepend`. */
  routeAdd(tag: Tag, route: Route, protocol: number, indexOf: LinkIndexes, creation: RouteCreation): void {
    const flags = creation === 'exclusive' ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE;
    formatRoute(this.#begin(tag, 'route add', RTM_NEWROUTE, flags), route, protocol, indexOf);
    this.#end();
  }

  /** Replaces the first route of the key, whoever's it is. Equivalent to `ip route change`. */
  routeReplace(tag: Tag, route: Route, protocol: number, indexOf: LinkIndexes): void {
    formatRoute(this.#begin(tag, 'route change', RTM_NEWROUTE, NLM_F_REPLACE), route, protocol, indexOf);
    this.#end();
  }

  /** Refused by the kernel when the route changed hands. Equivalent to `ip route delete … proto N`. */
  routeDelete(tag: Tag, route: Route, protocol: number, indexOf: LinkIndexes): void {
    formatRoute(this.#begin(tag, 'route delete', RTM_DELROUTE, 0), route, protocol, indexOf);
    this.#end();
  }

  /** Sends what is queued; every refusal is told before it returns. */
  flush(): void {
    const refusals = this.#socket.transact(this.#writer, this.#first, this.#tags.length);
    this.#sent(this.#tags.length);
    const tags = this.#tags;
    const operations = this.#operations;
    this.#tags = [];
    this.#operations = [];
    this.#writer.clear();
    this.#first = this.#socket.reserveSequences();
    for (const { index, errno, message } of refusals) {
      const operation = operations[index]!;
      const benign = operation.endsWith(' delete') ? gone : none;
      if (!benign.has(errno)) this.#refused(tags[index]!, new KernelError(operation, errno, message));
    }
  }

  #begin(tag: Tag, operation: string, type: number, flags: number): MessageWriter {
    if (this.#socket.isFull(this.#writer, this.#tags.length)) this.flush();
    this.#writer.beginMessage(type, flags, this.#first + this.#tags.length);
    this.#tags.push(tag);
    this.#operations.push(operation);
    return this.#writer;
  }

  #end(): void {
    this.#writer.endMessage();
  }
}

function isUnicast(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
}
