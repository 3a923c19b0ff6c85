// The kernel's own decision for one packet: its route in a namespace, as sent there or come in by a device, and the
// neighbour it goes to. Sends questions only.
import { KernelError } from '../errors.ts';
import type { Ip } from '../state/ip.ts';
import type { ObservedRoute } from '../state/route.ts';
import { formatNeighbourQuery, type NeighbourEntry, parseNeighbourEntry } from './codec/neighbour-state.ts';
import { type LinkNames, parseRoute } from './codec/route.ts';
import {
  formatRouteQuery,
  parseRouteAnswer,
  type RouteAnswer,
  type RouteQuery,
} from './codec/route-query.ts';
import { RTM_GETNEIGH, RTM_GETROUTE } from './constants.ts';
import type { Netns } from './netns.ts';

export type { NeighbourEntry, RouteAnswer, RouteQuery };

/** The answer, or the errno with which the kernel would drop the packet (`ENETUNREACH`, `EHOSTUNREACH`, `EINVAL`…). */
export type Lookup =
  | { readonly errno: null; readonly answer: RouteAnswer }
  | { readonly errno: string; readonly answer: null };

/** What a namespace does with a packet. Equivalent to `ip route get DST from SRC iif DEV`. */
export function lookUpRoute(netns: Netns, query: RouteQuery): Lookup {
  try {
    const answer = netns.socket.get(
      RTM_GETROUTE,
      (writer) => formatRouteQuery(writer, query, false),
      parseRouteAnswer,
    );
    return answer === null ? { errno: 'ENODEV', answer: null } : { errno: null, answer };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return { errno: error.errno, answer: null };
  }
}

/** The route that decides; null where none does. Equivalent to `ip route get fibmatch DST from SRC iif DEV`. */
export function matchRoute(netns: Netns, query: RouteQuery, nameOf: LinkNames): ObservedRoute | null {
  try {
    return netns.socket.get(
      RTM_GETROUTE,
      (writer) => formatRouteQuery(writer, query, true),
      (buffer, start, end) => parseRoute(buffer, start, end, nameOf),
    );
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return null;
  }
}

/** A neighbour with its state; null where the kernel has none. Equivalent to `ip neighbour get DST dev DEV`. */
export function lookUpNeighbour(netns: Netns, dst: Ip, ifindex: number): NeighbourEntry | null {
  return netns.socket.get(
    RTM_GETNEIGH,
    (writer) => formatNeighbourQuery(writer, dst, ifindex, false),
    parseNeighbourEntry,
  );
}
