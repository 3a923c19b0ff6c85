// Descriptors: room for many, and which one is the socket that node-netlink opened (it tells the port only).
import { closeSync, openSync, readdirSync } from 'node:fs';
import { KernelError } from '../errors.ts';
import { AF_NETLINK, NETLINK_ROUTE, SO_PROTOCOL } from './constants.ts';
import { duplicate, getOption, SOL_SOCKET, SystemError, socketName } from './libc.ts';

/** The kernel begins with a table of so many. */
const FEW = 256;
let room = FEW;

/**
 * Makes the kernel's table of this process large enough for so many descriptors at once. By itself it doubles it again
 * and again, and each time a process with threads waits some 10 ms for them to have noticed.
 */
export function makeRoomForDescriptors(count: number): void {
  if (count <= room) return;
  room = count;
  const fd = openSync('/dev/null', 'r');
  try {
    closeSync(duplicate(fd, count));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error; // past the limit of this process: it grows as far as it may
  } finally {
    closeSync(fd);
  }
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
