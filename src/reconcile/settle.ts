// Settling: the kernel lets packets through a link a moment after its carrier has come, when its link watch has run.
// Who runs `apply` and then sends a packet must not lose it.
import type { Machine } from '../kernel/machine.ts';
import type { Netns } from '../kernel/netns.ts';
import { readLinks } from '../kernel/observe.ts';
import type { ObservedLink } from '../state/link.ts';
import type { DesiredNetwork, ObservedNetwork } from '../state/network.ts';

/** Milliseconds: the kernel's link watch runs at least once a second. */
const LONGEST = 1200;
const STEP = 2;

/** Waits until every link of the given namespaces that should be up and has a carrier lets packets through. */
export function settle(
  machine: Machine,
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  names: Iterable<string>,
): void {
  const isWanted = (netns: string, name: string): boolean =>
    desired.namespaces.get(netns)?.links.get(name)?.up === true;
  let waiting = [...names].filter((name) => {
    const links = observed.namespaces.get(name)?.links;
    return links !== undefined && isSettling([...links.values()], (dev) => isWanted(name, dev));
  });
  for (let waited = 0; waiting.length > 0 && waited < LONGEST; waited += STEP) {
    Atomics.wait(pause, 0, 0, STEP);
    waiting = waiting.filter((name) => {
      const netns = machine.namespace(name);
      return netns !== null && isSettling(readStanding(netns), (dev) => isWanted(name, dev));
    });
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** What of a link tells whether it lets packets through. */
type Standing = Pick<ObservedLink, 'name' | 'carrier' | 'running' | 'master'>;

function readStanding(netns: Netns): Standing[] {
  const links = readLinks(netns);
  const names = new Map(links.map((link) => [link.ifindex, link.name]));
  return links.map((link) => ({ ...link, master: names.get(link.master) ?? null }));
}

function isSettling(found: readonly Standing[], isWanted: (dev: string) => boolean): boolean {
  return found.some((link) => {
    if (link.running || !isWanted(link.name)) return false;
    // A bridge's carrier follows that of its ports.
    return link.carrier || found.some((port) => port.master === link.name && port.running);
  });
}
