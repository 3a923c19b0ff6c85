// Tells whether a file is still being written: the kernel grants a read lease only on a file that nobody has open for
// writing. The lease is given back at once.
import { closeSync, constants, openSync } from 'node:fs';
import { SystemError, setDescriptorFlag } from './libc.ts';

const F_SETSIG = 10;
const F_SETLEASE = 1024;
const F_RDLCK = 0;
const F_UNLCK = 2;
/** SIGURG, ignored by default: a writer that opens the file while the lease is held must not end us by SIGIO. */
const HARMLESS_SIGNAL = 23;

/** Whether somebody has the file open for writing; false where the kernel or the file system does not tell. */
export function isBeingWritten(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return false; // whoever reads it says why it cannot be read
  }
  try {
    setDescriptorFlag(fd, F_SETSIG, HARMLESS_SIGNAL);
    setDescriptorFlag(fd, F_SETLEASE, F_RDLCK);
    setDescriptorFlag(fd, F_SETLEASE, F_UNLCK);
    return false;
  } catch (error) {
    // Others mean that leases are not for us here: the file is another user's, or the file system has none.
    return error instanceof SystemError && error.errno === 'EAGAIN';
  } finally {
    closeSync(fd);
  }
}
