// Routes (`ip route`). Identity is the kernel's own FIB key: family, table, destination, tos and metric.
// A route in a topology and one read from the kernel have the same normal form, so equality is by field.
import { formatPrefix, type Ip } from './ip.ts';
import type { Place } from './place.ts';

export interface Nexthop {
  readonly via: Ip | null;
  readonly dev: string | null;
  /** 1-256. */
  readonly weight: number;
  readonly onlink: boolean;
}

/** RTN_*: 1 unicast, 6 blackhole, 7 unreachable, 8 prohibit, 9 throw. */
export type RouteType = number;

export interface Route {
  readonly dst: Ip;
  readonly dstLength: number;
  /** 254 is `main`. */
  readonly table: number;
  /** 0 is IPv4's default, 1024 IPv6's. */
  readonly metric: number;
  readonly type: RouteType;
  /** RT_SCOPE_*; 0 (global) for every IPv6 route. */
  readonly scope: number;
  readonly via: Ip | null;
  /** Null for a multipath route, for types without a device, and where a topology leaves it to the kernel. */
  readonly dev: string | null;
  /** The preferred source address. */
  readonly src: Ip | null;
  /** Bytes; 0 for none. */
  readonly mtu: number;
  readonly onlink: boolean;
  /** Two or more ways, sorted by sortNexthops; null for a route with one. */
  readonly nexthops: readonly Nexthop[] | null;
}

export interface DesiredRoute extends Route {
  readonly adopt: boolean;
  readonly source: Place;
}

export interface ObservedRoute extends Route {
  /** RTPROT_*: who made it. */
  readonly protocol: number;
  /** Not in the topology format: a desired route always has 0. */
  readonly tos: number;
  /** It carries what a topology cannot state (other metrics, an encapsulation, a nexthop object…). */
  readonly unstatable: boolean;
}

export const MAIN_TABLE = 254;

/** The metric that the kernel gives a route that states none. */
export function defaultMetric(dst: Ip): number {
  return typeof dst === 'number' ? 0 : 1024;
}

/** Above all 32-bit integers, which V8 keeps without an object of their own: those are for hosts. */
const BEYOND_INTEGERS = 2 ** 33;

/** The identity for a map: a number for IPv4's main table and default metric, so that most routes cost no string. */
export function routeKey(route: Route & { readonly tos?: number }): number | string {
  return keyOfRoute(route.dst, route.dstLength, route.table, route.metric, route.tos ?? 0);
}

/** The same of its parts. */
export function keyOfRoute(
  dst: Ip,
  dstLength: number,
  table: number,
  metric: number,
  tos: number,
): number | string {
  if (typeof dst === 'number' && table === MAIN_TABLE && metric === 0 && tos === 0) {
    return dstLength === 32 ? dst | 0 : dst * 64 + dstLength + BEYOND_INTEGERS;
  }
  return `${dst}/${dstLength} ${table} ${metric} ${tos}`;
}

/** The identity as reports print it: `10.20.1.3/32`, `default table 100 metric 50`. */
export function formatRouteKey(route: Route): string {
  const table = route.table === MAIN_TABLE ? '' : ` table ${route.table}`;
  const metric = route.metric === defaultMetric(route.dst) ? '' : ` metric ${route.metric}`;
  return `${formatDst(route)}${table}${metric}`;
}

/** `default`, `10.20.1.3/32` or `::/0` (IPv6's default, which would else read like IPv4's). */
export function formatDst(route: Route): string {
  if (route.dstLength === 0 && route.dst === 0) return 'default';
  return formatPrefix(route.dst, route.dstLength);
}

/** Whether two routes of one identity say the same: all but who said it. */
export function sameWords(a: Route, b: Route): boolean {
  return (
    a.type === b.type &&
    a.scope === b.scope &&
    a.via === b.via &&
    a.dev === b.dev &&
    a.src === b.src &&
    a.mtu === b.mtu &&
    a.onlink === b.onlink &&
    (a.nexthops === b.nexthops || JSON.stringify(a.nexthops) === JSON.stringify(b.nexthops))
  );
}

/** Whether the kernel's route is the desired one, in everything a topology can state; a device left open matches any. */
export function sameRoute(desired: Route, observed: ObservedRoute): boolean {
  return (
    desired.type === observed.type &&
    desired.scope === observed.scope &&
    desired.via === observed.via &&
    (desired.dev === observed.dev ||
      (desired.dev === null && (desired.via !== null || isDeviceless(desired.type)))) &&
    desired.src === observed.src &&
    desired.mtu === observed.mtu &&
    desired.onlink === observed.onlink &&
    !observed.unstatable &&
    sameNexthops(desired.nexthops, observed.nexthops)
  );
}

/** Whether a route of this type has no device of its own: blackhole, unreachable, prohibit, throw. */
export function isDeviceless(type: RouteType): boolean {
  return type >= 6 && type <= 9;
}

/** Nexthops in the one order that makes two lists of the same ways equal. */
export function sortNexthops(nexthops: readonly Nexthop[]): Nexthop[] {
  const text = (hop: Nexthop): string => `${hop.dev ?? ''} ${hop.via ?? ''} ${hop.weight} ${hop.onlink}`;
  return [...nexthops].sort((a, b) => (text(a) < text(b) ? -1 : text(a) > text(b) ? 1 : 0));
}

function sameNexthops(desired: readonly Nexthop[] | null, observed: readonly Nexthop[] | null): boolean {
  if (desired === null || observed === null) return desired === observed;
  if (desired.length !== observed.length) return false;
  const left = [...observed];
  return desired.every((hop) => {
    const at = left.findIndex((other) => sameNexthop(hop, other));
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

function sameNexthop(desired: Nexthop, observed: Nexthop): boolean {
  return (
    desired.via === observed.via &&
    (desired.dev === observed.dev || (desired.dev === null && desired.via !== null)) &&
    desired.weight === observed.weight &&
    desired.onlink === observed.onlink
  );
}
