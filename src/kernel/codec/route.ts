// Routes on the wire: struct rtmsg (linux/rtnetlink.h), both directions.
import type { Ip } from '../../state/ip.ts';
import { isDeviceless, keyOfRoute, type Nexthop, type ObservedRoute, type Route } from '../../state/route.ts';
import {
  AF_INET,
  AF_INET6,
  RT_TABLE_COMPAT,
  RTA_DST,
  RTA_ENCAP,
  RTA_EXPIRES,
  RTA_FLOW,
  RTA_GATEWAY,
  RTA_METRICS,
  RTA_MULTIPATH,
  RTA_NH_ID,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_PRIORITY,
  RTA_TABLE,
  RTA_VIA,
  RTAX_MTU,
  RTM_F_CLONED,
  RTNH_F_ONLINK,
} from '../constants.ts';
import {
  attributeEnd,
  attributeIp,
  attributeType,
  ipAt,
  type MessageWriter,
  nextAttribute,
  u16,
  u32,
} from './message.ts';

/** sizeof(struct rtmsg). */
const RTMSG_LENGTH = 12;

/** The name of a device by ifindex; null for one that is not known. */
export type LinkNames = (ifindex: number) => string | null;
/** The ifindex of a device by name; 0 for one that does not exist. */
export type LinkIndexes = (name: string) => number;

/** Writes struct rtmsg of a dump request: all tables of a family (0: of both), by one link or all (0), of one protocol or all (0). */
export function formatRouteDump(writer: MessageWriter, family: number, ifindex = 0, protocol = 0): void {
  writer.u8(family);
  writer.zeros(4);
  writer.u8(protocol);
  writer.zeros(RTMSG_LENGTH - 6);
  if (ifindex !== 0) writer.attributeU32(RTA_OIF, ifindex);
}

/**
 * Writes struct rtmsg and attributes of a route, the same for RTM_NEWROUTE and RTM_DELROUTE: a delete then carries
 * protocol, metric, type and scope, so that the kernel refuses it when the route changed hands.
 * Equivalent to the arguments of `ip route add` and `ip route delete`.
 */
export function formatRoute(
  writer: MessageWriter,
  route: Route,
  protocol: number,
  indexOf: LinkIndexes,
): void {
  const ipv6 = typeof route.dst === 'string';
  writer.u8(ipv6 ? AF_INET6 : AF_INET);
  writer.u8(route.dstLength);
  writer.u8(0);
  writer.u8(0);
  writer.u8(route.table < 256 ? route.table : RT_TABLE_COMPAT);
  writer.u8(protocol);
  writer.u8(route.scope);
  writer.u8(route.type);
  writer.u32(route.onlink && route.nexthops === null ? RTNH_F_ONLINK : 0);
  if (route.dstLength > 0) writer.attributeIp(RTA_DST, route.dst);
  if (route.table >= 256) writer.attributeU32(RTA_TABLE, route.table);
  if (route.metric !== 0) writer.attributeU32(RTA_PRIORITY, route.metric);
  if (route.src !== null) writer.attributeIp(RTA_PREFSRC, route.src);
  if (route.mtu !== 0) {
    const metrics = writer.openNest(RTA_METRICS);
    writer.attributeU32(RTAX_MTU, route.mtu);
    writer.closeNest(metrics);
  }
  if (route.nexthops !== null) formatNexthops(writer, route.dst, route.nexthops, indexOf);
  else {
    if (route.via !== null) formatGateway(writer, route.dst, route.via);
    if (route.dev !== null && !isDeviceless(route.type)) writer.attributeU32(RTA_OIF, indexOf(route.dev));
  }
}

function formatGateway(writer: MessageWriter, dst: Ip, via: Ip): void {
  if (typeof dst === typeof via) {
    writer.attributeIp(RTA_GATEWAY, via);
    return;
  }
  const nest = writer.openNest(RTA_VIA); // struct rtvia: family, address
  writer.u16(typeof via === 'string' ? AF_INET6 : AF_INET);
  writer.ip(via);
  writer.closeNest(nest);
}

/** RTA_MULTIPATH: struct rtnexthop and its attributes, one after another. */
function formatNexthops(
  writer: MessageWriter,
  dst: Ip,
  nexthops: readonly Nexthop[],
  indexOf: LinkIndexes,
): void {
  const nest = writer.openNest(RTA_MULTIPATH);
  for (const hop of nexthops) {
    const start = writer.length;
    writer.u16(0);
    writer.u8(hop.onlink ? RTNH_F_ONLINK : 0);
    writer.u8(hop.weight - 1);
    writer.u32(hop.dev === null ? 0 : indexOf(hop.dev));
    if (hop.via !== null) formatGateway(writer, dst, hop.via);
    writer.closeNest(start);
  }
  writer.closeNest(nest);
}

/** Reads struct rtmsg and attributes; null for a cached or cloned route and for families other than IP. */
export function parseRoute(
  buffer: Buffer,
  start: number,
  end: number,
  nameOf: LinkNames,
): ObservedRoute | null {
  const family = buffer[start]!;
  if (family !== AF_INET && family !== AF_INET6) return null;
  const flags = u32(buffer, start + 8);
  if (flags & RTM_F_CLONED) return null;
  const type = buffer[start + 7]!;
  let dst: Ip = family === AF_INET ? 0 : '::';
  let table = buffer[start + 4]!;
  let metric = 0;
  let via: Ip | null = null;
  let dev: string | null = null;
  let src: Ip | null = null;
  let mtu = 0;
  let nexthops: Nexthop[] | null = null;
  let unstatable = buffer[start + 2] !== 0; // a source prefix
  for (let at = start + RTMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    switch (attributeType(buffer, at)) {
      case RTA_DST:
        dst = attributeIp(buffer, at);
        break;
      case RTA_TABLE:
        table = u32(buffer, at + 4);
        break;
      case RTA_PRIORITY:
        metric = u32(buffer, at + 4);
        break;
      case RTA_OIF:
        if (!isDeviceless(type)) dev = nameOf(u32(buffer, at + 4));
        break;
      case RTA_GATEWAY:
        via = attributeIp(buffer, at);
        break;
      case RTA_VIA:
        via = parseVia(buffer, at);
        break;
      case RTA_PREFSRC:
        src = attributeIp(buffer, at);
        break;
      case RTA_METRICS: {
        const nestEnd = attributeEnd(buffer, at);
        for (let in_ = at + 4; in_ + 4 <= nestEnd; in_ = nextAttribute(buffer, in_, nestEnd)) {
          if (attributeType(buffer, in_) === RTAX_MTU) mtu = u32(buffer, in_ + 4);
          else unstatable = true;
        }
        break;
      }
      case RTA_MULTIPATH:
        nexthops = parseNexthops(buffer, at, nameOf);
        break;
      case RTA_NH_ID:
      case RTA_ENCAP:
      case RTA_EXPIRES:
      case RTA_FLOW:
        unstatable = true;
        break;
    }
  }
  return {
    dst,
    dstLength: buffer[start + 1]!,
    table,
    metric,
    type,
    scope: buffer[start + 6]!,
    via,
    dev,
    src,
    mtu,
    onlink: nexthops === null && (flags & RTNH_F_ONLINK) !== 0,
    nexthops,
    protocol: buffer[start + 5]!,
    tos: buffer[start + 3]!,
    unstatable,
  };
}

/** The identity of a route in a message, as routeKey gives it for what parseRoute makes of it. */
export function routeKeyAt(buffer: Buffer, start: number, end: number): number | string {
  let dst: Ip = buffer[start] === AF_INET ? 0 : '::';
  let table = buffer[start + 4]!;
  let metric = 0;
  for (let at = start + RTMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    const type = attributeType(buffer, at);
    if (type === RTA_DST) dst = attributeIp(buffer, at);
    else if (type === RTA_TABLE) table = u32(buffer, at + 4);
    else if (type === RTA_PRIORITY) metric = u32(buffer, at + 4);
  }
  return keyOfRoute(dst, buffer[start + 1]!, table, metric, buffer[start + 3]!);
}

function parseVia(buffer: Buffer, at: number): Ip {
  return ipAt(buffer, at + 6, u16(buffer, at + 4) === AF_INET6 ? 16 : 4);
}

function parseNexthops(buffer: Buffer, multipath: number, nameOf: LinkNames): Nexthop[] {
  const nexthops: Nexthop[] = [];
  const end = attributeEnd(buffer, multipath);
  for (let at = multipath + 4; at + 8 <= end; at += Math.max(8, (u16(buffer, at) + 3) & ~3)) {
    let via: Ip | null = null;
    const hopEnd = at + u16(buffer, at);
    for (let in_ = at + 8; in_ + 4 <= hopEnd; in_ = nextAttribute(buffer, in_, hopEnd)) {
      const type = attributeType(buffer, in_);
      if (type === RTA_GATEWAY) via = attributeIp(buffer, in_);
      else if (type === RTA_VIA) via = parseVia(buffer, in_);
    }
    const onlink = (buffer[at + 2]! & RTNH_F_ONLINK) !== 0;
    nexthops.push({ via, dev: nameOf(u32(buffer, at + 4)), weight: buffer[at + 3]! + 1, onlink });
  }
  return nexthops;
}
