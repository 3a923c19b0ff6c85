// What every rtnetlink socket of ours is set to, and what the kernel says of one.
import {
  NETLINK_CAP_ACK,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_NO_ENOBUFS,
  SO_MEMINFO,
  SO_RCVBUFFORCE,
  SO_SNDBUFFORCE,
  SOL_NETLINK,
} from './constants.ts';
import { getOption, SOL_SOCKET, SystemError, setIntOption } from './libc.ts';

/** Bytes of each buffer, where the kernel lets us say: in a user namespace it does not. */
export const BUFFER_BYTES = 32 << 20;

/** Sets a socket so that answers come whole and explained, and an overflow shows in droppedBy() and nowhere else. */
export function setSocketOptions(fd: number): void {
  for (const option of [NETLINK_NO_ENOBUFS, NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) {
    setIntOption(fd, SOL_NETLINK, option, 1);
  }
  for (const option of [SO_SNDBUFFORCE, SO_RCVBUFFORCE]) tryBuffer(fd, option);
}

/** Messages the kernel dropped because the socket's buffer was full, since it was opened. */
export function droppedBy(fd: number): number {
  return getOption(fd, SOL_SOCKET, SO_MEMINFO, 36).readUInt32LE(32);
}

function tryBuffer(fd: number, option: number): void {
  try {
    setIntOption(fd, SOL_SOCKET, option, BUFFER_BYTES);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error; // EPERM in a user namespace
  }
}
