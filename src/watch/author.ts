// Who made a change: a netlink port is, for most programs, the process's own pid.
import { readFileSync } from 'node:fs';

/** `ip (pid 4711)` where the process is still there, else `another process (port 4711)`. */
export function describeAuthor(port: number): string {
  try {
    return `${readFileSync(`/proc/${port}/comm`, 'utf8').trim()} (pid ${port})`;
  } catch {
    return `another process (netlink port ${port})`;
  }
}
