// What the kernel says instead of objects: struct nlmsgerr (linux/netlink.h) with its extended acknowledgement.
import { attributeText, findAttribute, HEADER_LENGTH, i32, u16, u32 } from './codec/message.ts';
import { NLM_F_ACK_TLVS, NLMSG_DONE, NLMSGERR_ATTR_MSG } from './constants.ts';
import { errnoName } from './libc.ts';

/** A request of a batch that the kernel refused. */
export interface Refusal {
  /** The request's place in the batch, from 0. */
  readonly index: number;
  readonly errno: string;
  readonly message: string | null;
}

/** What the kernel says of an object that does not exist; a dump of a table that does not exist is ENOENT. */
const absent: ReadonlySet<string> = new Set(['ENOENT', 'ENODEV', 'ESRCH']);

/** Whether an errno says that an object does not exist. */
export function isAbsent(errno: string): boolean {
  return absent.has(errno);
}

/** Reads struct nlmsgerr and its extended acknowledgement; null for a plain acknowledgement. */
export function parseError(buffer: Buffer, at: number): { errno: string; message: string | null } | null {
  const code = -i32(buffer, at + HEADER_LENGTH);
  if (code === 0) return null;
  const end = at + u32(buffer, at);
  let message: string | null = null;
  if (u16(buffer, at + 6) & NLM_F_ACK_TLVS) {
    // struct nlmsgerr is the error and the header of the request; with NETLINK_CAP_ACK no more of the request follows.
    // The end of a dump has the error alone.
    const request = u16(buffer, at + 4) === NLMSG_DONE ? 0 : HEADER_LENGTH;
    const text = findAttribute(buffer, at + HEADER_LENGTH + 4 + request, end, NLMSGERR_ATTR_MSG);
    if (text >= 0) message = attributeText(buffer, text);
  }
  return { errno: errnoName(code), message };
}
