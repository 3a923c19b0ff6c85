// The system calls that Node has no function for, through koffi. Every one is synchronous and acts on the calling
// thread. A failure is raised as a SystemError with the errno's name.
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

const library = koffi.load('libc.so.6');

/** struct sock_fprog (linux/filter.h). */
const socketFilter = koffi.struct({ len: 'uint16_t', filter: 'const uint8_t *' });

const calls = {
  attachFilter: library.func('setsockopt', 'int', [
    'int',
    'int',
    'int',
    koffi.pointer(socketFilter),
    'uint32_t',
  ]),
  bind: library.func('int bind(int fd, const void *address, uint32_t length)'),
  connect: library.func('int connect(int fd, const void *address, uint32_t length)'),
  duplicate: library.func('fcntl', 'int', ['int', 'int', 'int']),
  fcntl: library.func('int fcntl(int fd, int command, ...)'),
  flock: library.func('int flock(int fd, int operation)'),
  getsockname: library.func('int getsockname(int fd, void *address, void *length)'),
  getsockopt: library.func('int getsockopt(int fd, int level, int option, void *value, void *length)'),
  mount: library.func('int mount(str source, str target, str type, unsigned long flags, const void *data)'),
  poll: library.func('int poll(void *fds, unsigned long count, int timeout)'),
  recv: library.func('long recv(int fd, void *buffer, size_t length, int flags)'),
  recvfrom: library.func(
    'long recvfrom(int fd, void *buffer, size_t length, int flags, void *address, void *addressLength)',
  ),
  send: library.func('long send(int fd, const void *buffer, size_t length, int flags)'),
  sendto: library.func(
    'long sendto(int fd, const void *buffer, size_t length, int flags, const void *address, uint32_t addressLength)',
  ),
  setns: library.func('int setns(int fd, int type)'),
  setsockopt: library.func(
    'int setsockopt(int fd, int level, int option, const void *value, uint32_t length)',
  ),
  socket: library.func('int socket(int family, int type, int protocol)'),
  umount2: library.func('int umount2(str target, int flags)'),
  unshare: library.func('int unshare(int flags)'),
};

export const CLONE_NEWNET = 0x40000000;
export const CLONE_NEWNS = 0x00020000;
export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_PRIVATE = 0x40000;
export const MS_SHARED = 0x100000;
export const MNT_DETACH = 2;
export const SOL_SOCKET = 1;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const LOCK_EX = 2;
export const LOCK_NB = 4;

/** A system call that failed; `errno` is its name, `EPERM`. */
export class SystemError extends Error {
  readonly errno: string;

  constructor(call: string, errno: string) {
    super(`${call}: ${errno}`);
    this.name = 'SystemError';
    this.errno = errno;
  }
}

function check(call: string, result: number): number {
  if (result < 0) throw new SystemError(call, errnoName(koffi.errno()));
  return result;
}

/** The name of an errno number, as the kernel spells it: 17 → `EEXIST`. */
export function errnoName(errno: number): string {
  return errno === EOPNOTSUPP ? 'EOPNOTSUPP' : getSystemErrorName(-errno);
}

/** Node calls it ENOTSUP, which is the same number. */
const EOPNOTSUPP = 95;

/** Moves the calling thread into the namespace of a descriptor; see setns(2). */
export function setns(fd: number, type: number): void {
  check('setns', calls.setns(fd, type));
}

export function unshare(flags: number): void {
  check('unshare', calls.unshare(flags));
}

export function mount(source: string, target: string, type: string, flags: number): void {
  check('mount', calls.mount(source, target, type, flags, null));
}

export function umount(target: string, flags: number): void {
  check('umount2', calls.umount2(target, flags));
}

/** Gives a descriptor a setting that is one number; see fcntl(2). */
export function setDescriptorFlag(fd: number, command: number, value: number): void {
  check('fcntl', calls.fcntl(fd, command, 'int', value));
}

/** Makes another descriptor of the same, no lower than `least`, in another thread; `done` gets it, or -1. See fcntl(2). */
export function duplicateAside(fd: number, least: number, done: (fd: number) => void): void {
  calls.duplicate.async(fd, F_DUPFD_CLOEXEC, least, (error: unknown, result: number) =>
    done(error === null ? result : -1),
  );
}

/** Takes or tries a lock on an open file; false where another holds it. See flock(2). */
export function flock(fd: number, operation: number): boolean {
  if (calls.flock(fd, operation) === 0) return true;
  const errno = errnoName(koffi.errno());
  if (errno === 'EAGAIN') return false;
  throw new SystemError('flock', errno);
}

/** Opens a socket that no program started by this one gets; `type` is SOCK_STREAM and its like. See socket(2). */
export function socket(family: number, type: number, protocol: number): number {
  return check('socket', calls.socket(family, type | SOCK_CLOEXEC, protocol));
}

export function bind(fd: number, address: Buffer): void {
  check('bind', calls.bind(fd, address, address.length));
}

export function connect(fd: number, address: Buffer): void {
  check('connect', calls.connect(fd, address, address.length));
}

/** Sends one datagram; returns its length. */
export function send(fd: number, data: Buffer, length: number): number {
  return check('send', calls.send(fd, data, length, 0));
}

export function sendto(fd: number, data: Buffer, address: Buffer): number {
  return check('sendto', calls.sendto(fd, data, data.length, 0, address, address.length));
}

/** Receives one datagram without waiting; its length, or -1 where none is there. */
export function receive(fd: number, buffer: Buffer): number {
  const length = calls.recv(fd, buffer, buffer.length, MSG_DONTWAIT);
  if (length >= 0) return length;
  const errno = errnoName(koffi.errno());
  if (errno === 'EAGAIN' || errno === 'EINTR') return -1;
  throw new SystemError('recv', errno);
}

/** Waits until a descriptor can be read; false when the time (ms) is over. */
export function pollReadable(fd: number, timeout: number): boolean {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(POLLIN, 4);
  return calls.poll(entry, 1, timeout) > 0;
}

export function setIntOption(fd: number, level: number, option: number, value: number): void {
  intValue.writeInt32LE(value, 0);
  check('setsockopt', calls.setsockopt(fd, level, option, intValue, 4));
}

/** Gives a socket a classic BPF program, struct sock_filter one after another; see socket(7), SO_ATTACH_FILTER. */
export function attachFilter(fd: number, program: Buffer): void {
  const fprog = { len: program.length / 8, filter: program };
  check(
    'setsockopt',
    calls.attachFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, fprog, koffi.sizeof(socketFilter)),
  );
}

/** Reads a socket option into a buffer of the length expected; see getsockopt(2). */
export function getOption(fd: number, level: number, option: number, length: number): Buffer {
  const value = Buffer.allocUnsafe(length);
  intValue.writeInt32LE(length, 0);
  check('getsockopt', calls.getsockopt(fd, level, option, value, intValue));
  return value;
}

/** The bytes of a socket's own address; null where the descriptor is no socket. */
export function socketName(fd: number): Buffer | null {
  const address = Buffer.alloc(64);
  intValue.writeInt32LE(address.length, 0);
  if (calls.getsockname(fd, address, intValue) < 0) return null;
  return address.subarray(0, intValue.readInt32LE(0));
}

const SOCK_CLOEXEC = 0o2000000;
const SO_ATTACH_FILTER = 26;
const F_DUPFD_CLOEXEC = 1030;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const intValue = Buffer.alloc(4);
