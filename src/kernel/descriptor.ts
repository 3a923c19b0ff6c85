// Descriptors: room for many, and which one is the socket that node-netlink opened (it tells the port only).
import { closeSync, openSync, readdirSync } from 'node:fs';
import { KernelError } from '../errors.ts';
import { AF_NETLINK, NETLINK_ROUTE, SO_PROTOCOL } from './constants.ts';
import { duplicateAside, getOption, SOL_SOCKET, socketName } from './libc.ts';

/** The kernel begins with a table of so many. */
const FEW = 256;
let room = FEW;

/**
 * Has the kernel's table of this process made large enough for so many descriptors. By itself the kernel doubles it again
 * and again, and each time whoever needs it waits some 10 ms until all threads have noticed; so it is asked for once, by
 * another thread, while there is room. Past the limit of this process the table grows as far as it may.
 */
export function makeRoomForDescriptors(count: number): void {
  if (count <= room) return;
  room = count;
  const fd = openSync('/dev/null', 'r');
  duplicateAside(fd, count, (copy) => {
    closeSync(fd);
    if (copy >= 0) closeSync(copy);
  });
}

/** The descriptor that the next socket to be opened will most likely get. */
export function lowestFreeDescriptor(): number {
  const fd = openSync('/dev/null', 'r');
  closeSync(fd);
  return fd;
}

/** The descriptor of the rtnetlink socket with a port; `guess` is looked at first. */
export function findDescriptor(guess: number, port: number): number {
  if (isNetlinkSocket(guess, port)) return guess;
  for (const name of readdirSync('/proc/self/fd')) {
    if (isNetlinkSocket(Number(name), port)) return Number(name);
  }
  throw new KernelError('socket', 'EBADF', 'the netlink socket has no descriptor');
}

function isNetlinkSocket(fd: number, port: number): boolean {
  const name = socketName(fd);
  return (
    name !== null &&
    name.readUInt16LE(0) === AF_NETLINK &&
    name.readUInt32LE(4) === port &&
    getOption(fd, SOL_SOCKET, SO_PROTOCOL, 4).readInt32LE(0) === NETLINK_ROUTE
  );
}
