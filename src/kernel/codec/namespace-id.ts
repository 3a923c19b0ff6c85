// Namespace ids on the wire: struct rtgenmsg (linux/net_namespace.h). An id is what one namespace calls another.
import { NETNSA_FD, NETNSA_NSID } from '../constants.ts';
import { attributeType, i32, type MessageWriter, nextAttribute } from './message.ts';

/** sizeof(struct rtgenmsg), aligned. */
const RTGENMSG_LENGTH = 4;

/** Writes struct rtgenmsg that asks for the id of the namespace of a descriptor. Equivalent to `ip netns list-id`. */
export function formatNamespaceIdQuery(writer: MessageWriter, netnsFd: number): void {
  writer.zeros(RTGENMSG_LENGTH);
  writer.attributeU32(NETNSA_FD, netnsFd);
}

/** Reads the id; -1 where the namespace has none. */
export function parseNamespaceId(buffer: Buffer, start: number, end: number): number {
  for (let at = start + RTGENMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    if (attributeType(buffer, at) === NETNSA_NSID) return i32(buffer, at + 4);
  }
  return -1;
}
