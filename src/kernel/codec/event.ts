// Events: what the kernel tells of changes, the same messages as in dumps. A link is named by its ifindex here; who
// follows the events of a namespace knows the names.
import type { ObservedFdbEntry } from '../../state/fdb.ts';
import type { ObservedNeighbour } from '../../state/neighbour.ts';
import type { ObservedRoute } from '../../state/route.ts';
import {
  AF_BRIDGE,
  AF_INET,
  NLM_F_REPLACE,
  RT_TABLE_LOCAL,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_DELROUTE,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNETCONF,
  RTM_NEWROUTE,
} from '../constants.ts';
import { type LinkMessage, parseLink } from './link.ts';
import { HEADER_LENGTH, u16, u32 } from './message.ts';
import { parseFdbEntry, parseNeighbour } from './neighbour.ts';
import { type NetconfMessage, parseNetconf } from './netconf.ts';
import { type LinkNames, parseRoute } from './route.ts';

export type KernelEvent =
  | { readonly kind: 'link'; readonly gone: boolean; readonly link: LinkMessage }
  | { readonly kind: 'address'; readonly gone: boolean; readonly ipv4: boolean; readonly ifindex: number }
  | { readonly kind: 'neighbour'; readonly gone: boolean; readonly neighbour: ObservedNeighbour }
  /** A forwarding entry of a bridge or VXLAN device. */
  | { readonly kind: 'fdb'; readonly gone: boolean; readonly entry: ObservedFdbEntry }
  | {
      readonly kind: 'route';
      readonly gone: boolean;
      readonly replaced: boolean;
      readonly route: ObservedRoute;
    }
  /** A sysctl of a device was written through /proc; -1 is `all`, -2 `default`. */
  | ({ readonly kind: 'netconf' } & NetconfMessage);

/** The port of the socket whose request made the change, which for most programs is their pid; 0 for the kernel itself. */
export function eventPort(buffer: Buffer, at: number): number {
  return u32(buffer, at + 12);
}

/** Reads the event at an offset; null for what nobody here follows. */
export function parseEvent(buffer: Buffer, at: number, nameOf: LinkNames): KernelEvent | null {
  const start = at + HEADER_LENGTH;
  const end = at + u32(buffer, at);
  const type = u16(buffer, at + 4);
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      // A bridge tells of its ports with its own family: a port that leaves is no link that goes.
      if (buffer[start] === AF_BRIDGE) return null;
      return { kind: 'link', gone: type === RTM_DELLINK, link: parseLink(buffer, start, end) };
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
      const ifindex = u32(buffer, start + 4);
      return { kind: 'address', gone: type === RTM_DELADDR, ipv4: buffer[start] === AF_INET, ifindex };
    }
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: {
      if (buffer[start] === AF_BRIDGE) {
        const entry = parseFdbEntry(buffer, start, end, nameOf);
        return entry === null ? null : { kind: 'fdb', gone: type === RTM_DELNEIGH, entry };
      }
      const neighbour = parseNeighbour(buffer, start, end, nameOf);
      return neighbour === null ? null : { kind: 'neighbour', gone: type === RTM_DELNEIGH, neighbour };
    }
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      if (buffer[start + 4] === RT_TABLE_LOCAL) return null;
      const route = parseRoute(buffer, start, end, nameOf);
      if (route === null) return null;
      const replaced = (u16(buffer, at + 6) & NLM_F_REPLACE) !== 0;
      return { kind: 'route', gone: type === RTM_DELROUTE, replaced, route };
    }
    case RTM_NEWNETCONF: {
      const netconf = parseNetconf(buffer, start, end);
      return netconf === null ? null : { kind: 'netconf', ...netconf };
    }
    default:
      return null;
  }
}
