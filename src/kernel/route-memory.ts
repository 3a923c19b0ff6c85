// The routes of namespaces as last read whole: a namespace whose routes are still the same gives the same list again,
// so that whoever compared it then need not compare it again.
import type { ObservedRoute } from '../state/route.ts';
import { formatRouteDump, type LinkNames } from './codec/route.ts';
import { RTM_GETROUTE } from './constants.ts';
import type { DumpMemory } from './dump-memory.ts';
import type { Netns } from './netns.ts';
import { parseStatedRoute } from './observe-routes.ts';

export class RouteMemory {
  readonly #known = new WeakMap<
    Netns,
    { readonly names: string; readonly memory: DumpMemory<ObservedRoute> }
  >();

  /** All routes of a namespace, whose links have these names by ifindex; the very list of the last time where none differs. */
  read(netns: Netns, links: ReadonlyMap<number, string>): readonly ObservedRoute[] {
    const names = [...links].map(([ifindex, name]) => `${ifindex} ${name}`).join('/');
    let known = this.#known.get(netns);
    if (known?.names !== names) {
      known = { names, memory: netns.socket.newMemory() };
      this.#known.set(netns, known);
    }
    const nameOf: LinkNames = (ifindex) => links.get(ifindex) ?? null;
    return netns.socket.dumpAgain(
      RTM_GETROUTE,
      (writer) => formatRouteDump(writer, 0),
      (buffer, start, end) => parseStatedRoute(buffer, start, end, nameOf),
      known.memory,
    );
  }
}
