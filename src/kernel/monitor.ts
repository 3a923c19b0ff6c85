// Monitor: follows the kernel's events in several namespaces, with one socket in each. It tells what happened, never
// what to do about it; it knows the names of links as they come, change and go.
import { withConfValues } from './codec/devconf.ts';
import { eventPort, type KernelEvent, parseEvent } from './codec/event.ts';
import type { LinkMessage } from './codec/link.ts';
import { HEADER_LENGTH, u32 } from './codec/message.ts';
import type { NetconfMessage } from './codec/netconf.ts';
import {
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_NETCONF,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_NETCONF,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
} from './constants.ts';
import { eventFilter } from './event-filter.ts';
import { EventSocket } from './event-socket.ts';
import type { Netns } from './netns.ts';
import { readLinks } from './observe.ts';

const groups: readonly number[] = [
  RTNLGRP_LINK,
  RTNLGRP_NEIGH,
  RTNLGRP_IPV4_IFADDR,
  RTNLGRP_IPV4_ROUTE,
  RTNLGRP_IPV6_IFADDR,
  RTNLGRP_IPV6_ROUTE,
  RTNLGRP_IPV4_NETCONF,
  RTNLGRP_IPV6_NETCONF,
];

/** Datagrams read in one go: in a flood, what is broken is mended between two such bursts. */
const BURST = 2048;

/** What an event means beside itself. */
export interface Told {
  readonly netns: string;
  /** The inode of the namespace, as in /proc/PID/ns/net. */
  readonly inode: number;
  readonly event: KernelEvent;
  /** The link's state before the event, where it was known. */
  readonly before: LinkMessage | null;
  /** The name of the link the event is of; null where it is of none or of one that is not known. */
  readonly dev: string | null;
  /** The port of the socket that made the change; 0 for the kernel itself. */
  readonly port: number;
}

export interface MonitorOptions {
  /** Called for every event, in the order of each namespace. */
  readonly onEvent: (told: Told) => void;
  /** Called where events of a namespace were lost, with their number: it must be read again. */
  readonly onOverflow: (netns: string, lost: number) => void;
  /** Called from the event loop after a burst of events was told. */
  readonly onWake: () => void;
}

export class Monitor {
  readonly #options: MonitorOptions;
  readonly #followed = new Map<string, Followed>();

  constructor(options: MonitorOptions) {
    this.#options = options;
  }

  /** Follows a namespace from now on, in place of one of the same name before; false where it is followed already. */
  follow(name: string, netns: Netns): boolean {
    const known = this.#followed.get(name);
    if (known?.netns === netns) return false;
    this.forget(name);
    const onWake = (datagram: Buffer): void => {
      this.#tell(followed, datagram);
      this.#drain(followed, BURST);
      this.#options.onWake();
    };
    const socket = netns.enter(() => new EventSocket(groups, eventFilter, onWake));
    const { inode } = netns;
    const ownPort = netns.socket.port;
    const followed: Followed = { name, netns, ownPort, inode, socket, links: new Map(), drops: 0 };
    this.#followed.set(name, followed);
    learnLinks(followed);
    return true;
  }

  /** Lets go of a namespace: its socket no longer keeps it alive. */
  forget(name: string): void {
    this.#followed.get(name)?.socket.close();
    this.#followed.delete(name);
  }

  /** The namespaces that are followed. */
  names(): string[] {
    return [...this.#followed.keys()];
  }

  /** Tells what has come by now in some namespaces, or in all, without waiting for the event loop. */
  drain(names: Iterable<string> = this.#followed.keys()): void {
    for (const name of names) {
      const followed = this.#followed.get(name);
      if (followed !== undefined) this.#drain(followed, BURST);
    }
  }

  /** The links of a namespace by ifindex, as last told; none where it is not followed. */
  links(name: string): ReadonlyMap<number, LinkMessage> {
    return this.#followed.get(name)?.links ?? noLinks;
  }

  close(): void {
    for (const name of this.names()) this.forget(name);
  }

  #drain(followed: Followed, most: number): void {
    followed.socket.drain((datagram) => this.#tell(followed, datagram), most);
    const drops = followed.socket.drops();
    if (drops === followed.drops) return;
    const lost = drops - followed.drops;
    followed.drops = drops;
    learnLinks(followed);
    this.#options.onOverflow(followed.name, lost);
  }

  #tell(followed: Followed, datagram: Buffer): void {
    const { name: netns, inode, links, ownPort } = followed;
    const nameOf = (ifindex: number): string | null => links.get(ifindex)?.name ?? null;
    for (let at = 0; at + HEADER_LENGTH <= datagram.length; at += (u32(datagram, at) + 3) & ~3) {
      const port = eventPort(datagram, at);
      const event = parseEvent(datagram, at, nameOf);
      if (event === null) continue;
      // What this process did itself to routes, addresses and neighbours needs no answer; the author of a change to a
      // link is not told.
      if (port === ownPort && event.kind !== 'link' && event.kind !== 'netconf') continue;
      const before = event.kind === 'link' ? (links.get(event.link.ifindex) ?? null) : null;
      if (event.kind === 'link') {
        if (event.gone) links.delete(event.link.ifindex);
        else links.set(event.link.ifindex, event.link);
      }
      if (event.kind === 'netconf') learnConf(links, event);
      this.#options.onEvent({ netns, inode, event, before, dev: deviceOf(event, nameOf), port });
    }
  }
}

const noLinks: ReadonlyMap<number, LinkMessage> = new Map();

interface Followed {
  readonly name: string;
  readonly netns: Netns;
  /** The port of this process's own requests in the namespace. */
  readonly ownPort: number;
  readonly inode: number;
  readonly socket: EventSocket;
  /** Links by ifindex, as last told. */
  readonly links: Map<number, LinkMessage>;
  drops: number;
}

function learnLinks({ netns, links }: Followed): void {
  links.clear();
  for (const link of readLinks(netns)) links.set(link.ifindex, link);
}

/** A link's sysctl that is written through /proc is told alone, not with the link. */
function learnConf(links: Map<number, LinkMessage>, { family, ifindex, values }: NetconfMessage): void {
  const link = links.get(ifindex);
  const conf = family === 'ipv4' ? link?.ipv4Conf : link?.ipv6Conf;
  if (link === undefined || !conf) return;
  const fresh = withConfValues(family, conf, values);
  links.set(ifindex, family === 'ipv4' ? { ...link, ipv4Conf: fresh } : { ...link, ipv6Conf: fresh });
}

function deviceOf(event: KernelEvent, nameOf: (ifindex: number) => string | null): string | null {
  switch (event.kind) {
    case 'link':
      return event.link.name;
    case 'route':
      return event.route.dev;
    case 'neighbour':
      return event.neighbour.dev;
    case 'fdb':
      return event.entry.dev;
    default:
      return nameOf(event.ifindex);
  }
}
