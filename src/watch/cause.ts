// Causes: why something that was right no longer is, as events tell it; a code for counting and a clause for people.
import { readFileSync, readlinkSync } from 'node:fs';
import type { Told } from '../kernel/monitor.ts';
import { formatProtocol } from '../state/scope.ts';

export type CauseCode =
  | 'deleted' // by someone, or by the kernel itself
  | 'changed'
  | 'replaced' // by a route of another protocol
  | 'link-down'
  | 'link-deleted'
  | 'link-changed' // renamed, moved, or its mtu or mac was set
  | 'sysctl-written'
  | 'namespace-deleted'
  | 'events-lost'
  | 'unknown'; // no event told

export interface Cause {
  readonly code: CauseCode;
  /** One clause: `deleted by ip (pid 4711)`. */
  readonly text: string;
  /** Of two causes of one thing the weightier is told: what someone did before what the kernel did in consequence. */
  readonly weight: number;
}

/** A cause that is told by what happened around an item. */
export function causeOf(code: CauseCode, text: string): Cause {
  return { code, text, weight: code === 'namespace-deleted' ? 5 : code === 'link-deleted' ? 4 : 3 };
}

/** Linux's PID_MAX_LIMIT: a port below is, for most programs, the process's own pid. */
const PID_LIMIT = 1 << 22;

/** `deleted by ip (pid 4711)`. */
export function byAuthor(code: 'deleted' | 'changed', told: Told): Cause {
  if (told.port === 0) return { code, text: `${code} by the kernel`, weight: 0 };
  const weight = code === 'deleted' ? 2 : 1;
  return { code, text: `${code} by ${describeAuthor(told.port, told.inode)}`, weight };
}

/** `replaced by proto bird`. */
export function byProtocol(protocol: number): Cause {
  return causeOf('replaced', `replaced by proto ${formatProtocol(protocol)}`);
}

/**
 * Who sent a request, from the port of its socket: libraries use the pid, with a counter above its 22 bits. A process
 * of that pid in another namespace is not the one (`ip netns exec` and `ip -n` are in it); one that has ended is not named.
 */
function describeAuthor(port: number, inode: number): string {
  const pid = port % PID_LIMIT;
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
    if (isIn(pid, inode)) return `${name} (pid ${pid})`;
  } catch {
    // It has ended, or its pid counts in another process namespace.
  }
  return port < PID_LIMIT ? `another process (pid ${pid}, ended)` : `another process (netlink port ${port})`;
}

/** Whether a process is in a network namespace; true where that is not for us to see. */
function isIn(pid: number, inode: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === `net:[${inode}]`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
