// Questions to the routing tables on the wire: struct rtmsg of RTM_GETROUTE for one packet, and its answer, which is
// not a route but what becomes of the packet (RTM_F_CLONED in IPv4), or with RTM_F_FIB_MATCH the route that decides.
import { familyOf, hostLength, type Ip } from '../../state/ip.ts';
import {
  AF_INET,
  AF_INET6,
  RTA_DST,
  RTA_GATEWAY,
  RTA_IIF,
  RTA_METRICS,
  RTA_OIF,
  RTA_PREFSRC,
  RTA_SRC,
  RTA_VIA,
  RTAX_MTU,
  RTM_F_FIB_MATCH,
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

/** A packet whose way is asked for. */
export interface RouteQuery {
  readonly dst: Ip;
  /** Null: whatever address the kernel would choose. */
  readonly src: Ip | null;
  /** The device it came in by; 0 for a packet of this namespace's own. */
  readonly iif: number;
  /** The device it must leave by; 0 for any. */
  readonly oif: number;
}

/** What the kernel would do with the packet. */
export interface RouteAnswer {
  /** RTN_*: 2 is local, 1 unicast. */
  readonly type: number;
  readonly oif: number;
  readonly via: Ip | null;
  /** The source that the kernel chose or was told; null where it says none. */
  readonly src: Ip | null;
  /** Bytes that the route or a learned path MTU allows; 0 where neither says anything. */
  readonly mtu: number;
}

/** Writes struct rtmsg and attributes of a question; `match` asks for the route that decides. Equivalent to the arguments of `ip route get`. */
export function formatRouteQuery(writer: MessageWriter, query: RouteQuery, match: boolean): void {
  const { dst, src, iif, oif } = query;
  writer.u8(familyOf(dst) === 4 ? AF_INET : AF_INET6);
  writer.u8(hostLength(dst));
  writer.u8(src === null ? 0 : hostLength(src));
  writer.zeros(5);
  writer.u32(match ? RTM_F_FIB_MATCH : 0);
  writer.attributeIp(RTA_DST, dst);
  if (src !== null) writer.attributeIp(RTA_SRC, src);
  if (iif !== 0) writer.attributeU32(RTA_IIF, iif);
  if (oif !== 0) writer.attributeU32(RTA_OIF, oif);
}

/** Reads the answer to a question without `match`. */
export function parseRouteAnswer(buffer: Buffer, start: number, end: number): RouteAnswer {
  let oif = 0;
  let via: Ip | null = null;
  let src: Ip | null = null;
  let mtu = 0;
  for (let at = start + RTMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    switch (attributeType(buffer, at)) {
      case RTA_OIF:
        oif = u32(buffer, at + 4);
        break;
      case RTA_GATEWAY:
        via = attributeIp(buffer, at);
        break;
      case RTA_VIA:
        via = ipAt(buffer, at + 6, u16(buffer, at + 4) === AF_INET6 ? 16 : 4);
        break;
      case RTA_PREFSRC:
        src = attributeIp(buffer, at);
        break;
      case RTA_METRICS:
        mtu = mtuOf(buffer, at);
        break;
    }
  }
  return { type: buffer[start + 7]!, oif, via, src, mtu };
}

function mtuOf(buffer: Buffer, metrics: number): number {
  const end = attributeEnd(buffer, metrics);
  for (let at = metrics + 4; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    if (attributeType(buffer, at) === RTAX_MTU) return u32(buffer, at + 4);
  }
  return 0;
}
