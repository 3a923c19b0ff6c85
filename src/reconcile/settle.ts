// Settling: the kernel lets packets through a link a moment after its carrier has come, when its link watch has run.
// Who runs `apply` and then sends a packet must not lose it.
import type { Machine } from '../kernel/machine.ts';
import { readLinks } from '../kernel/observe.ts';
import type { DesiredNetwork } from '../state/network.ts';

/** Milliseconds: the kernel's link watch runs at least once a second. */
const LONGEST = 1200;
const STEP = 2;

/** Waits until every link of the given namespaces that should be up and has a carrier lets packets through. */
export function settle(machine: Machine, desired: DesiredNetwork, names: Iterable<string>): void {
  let waiting = [...names];
  for (let waited = 0; waited < LONGEST; waited += STEP) {
    waiting = waiting.filter((name) => isSettling(machine, desired, name));
    if (waiting.length === 0) return;
    Atomics.wait(pause, 0, 0, STEP);
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

function isSettling(machine: Machine, desired: DesiredNetwork, name: string): boolean {
  const netns = machine.namespace(name);
  const links = desired.namespaces.get(name)?.links;
  if (netns === null || links === undefined) return false;
  const found = readLinks(netns);
  const isWanted = (link: { name: string }): boolean => links.get(link.name)?.up === true;
  return found.some((link) => {
    if (link.running || !isWanted(link)) return false;
    // A bridge's carrier follows that of its ports.
    return link.carrier || found.some((port) => port.master === link.ifindex && port.running);
  });
}
