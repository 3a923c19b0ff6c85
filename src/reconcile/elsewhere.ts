// Runs of one topology that were started in other named namespaces, which stand for other machines: what they hold bears
// the topology's mark too, and is theirs to prune. A file says what; by its word things are only ever spared.
import type { Machine } from '../kernel/machine.ts';
import { SELF } from '../state/network.ts';
import { lockedIn } from './lock.ts';
import { runDirectories } from './run-directory.ts';

/** The namespaces that such runs hold, with the ones they were started in; none of a run whose own namespace is gone. */
export function heldElsewhere(machine: Machine, topology: string): ReadonlySet<string> {
  const held = new Set<string>();
  const others = runDirectories(topology);
  others.delete(String(machine.self.socket.cookie));
  if (others.size === 0) return held;
  for (const name of machine.names()) {
    const cookie = machine.cookieOf(name);
    const directory = cookie === null ? undefined : others.get(String(cookie));
    if (directory === undefined) continue;
    held.add(name);
    for (const locked of lockedIn(directory)) if (locked !== SELF) held.add(locked);
  }
  return held;
}
