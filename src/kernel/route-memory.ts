// The routes of namespaces as last read: a namespace whose routes are still the same gives the same list again, so that
// whoever compared it then need not compare it again. Where others have very many, only ours are asked for from the
// second time on: what others do meanwhile, events tell.
import type { ObservedRoute } from '../state/route.ts';
import { formatRouteDump } from './codec/route.ts';
import { RTM_GETROUTE } from './constants.ts';
import type { DumpMemory } from './dump-memory.ts';
import type { Netns } from './netns.ts';
import { type NamespaceMarks, Relevance, type RouteInterest, type RouteReader } from './observe-routes.ts';

interface Known {
  /** The names of the namespace's links, and whose routes mattered. */
  readonly context: string;
  readonly memory: DumpMemory<ObservedRoute>;
  /** The one protocol to ask for; 0: all. */
  readonly protocol: number;
  /** Routes of others have been left out. */
  readonly leftOut: boolean;
}

export class RouteMemory {
  readonly #known = new WeakMap<Netns, Known>();

  /** A reader as readRelevantRoutes makes it, that gives the very list of the last time where nothing differs. */
  reader(interestIn: (marks: NamespaceMarks) => RouteInterest): RouteReader {
    return (netns, names, marks) => {
      const interest = interestIn(marks);
      const known = this.#recall(netns, [...interest.protocols, ...names].join('/'));
      const relevance = new Relevance(interest);
      const routes = netns.socket.dumpAgain(
        RTM_GETROUTE,
        (writer) => formatRouteDump(writer, 0, 0, known.protocol),
        relevance.parser(names),
        known.memory,
      );
      if (!relevance.leftOut && !known.leftOut) return { routes };
      if (!known.leftOut) this.#askForOurs(netns, known, interest.protocols);
      return { routes, routesLeftOut: true };
    };
  }

  #recall(netns: Netns, context: string): Known {
    const last = this.#known.get(netns);
    if (last?.context === context) return last;
    const known = { context, memory: netns.socket.newMemory<ObservedRoute>(), protocol: 0, leftOut: false };
    this.#known.set(netns, known);
    return known;
  }

  /** From now on the kernel leaves out what others have, where it can: it filters by one protocol. */
  #askForOurs(netns: Netns, known: Known, protocols: ReadonlySet<number>): void {
    const [protocol = 0, ...more] = protocols;
    const next =
      more.length > 0 ? known : { ...known, protocol, memory: netns.socket.newMemory<ObservedRoute>() };
    this.#known.set(netns, { ...next, leftOut: true });
  }
}
