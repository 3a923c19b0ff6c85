// Dirt: what events left to be looked at, per namespace, with what is known of the cause. What an event means for other
// items is told in note.ts.
import type { ObservedRoute, Route } from '../state/route.ts';
import type { Cause } from './cause.ts';
import type { RouteKey, Share } from './desired-index.ts';

export interface NamespaceDirt extends Share {
  whole: boolean;
  ownSysctls: boolean;
  readonly devices: Map<string, { deep: boolean }>;
  /** Routes whose state events told: all that stands at a key now, none where the key's route went. */
  readonly told: Map<RouteKey, ObservedRoute[]>;
  /** Routes that must be read: events did not tell all. */
  readonly unclear: Set<RouteKey>;
  /** By `''` for the namespace, a device's name, causeOfSysctls(device) or causeOfRoute(key). */
  readonly causes: Map<string, Cause>;
}

export class Dirt {
  readonly #namespaces = new Map<string, NamespaceDirt>();

  get isEmpty(): boolean {
    return this.#namespaces.size === 0;
  }

  entries(): ReadonlyMap<string, NamespaceDirt> {
    return this.#namespaces;
  }

  /** A whole namespace is to be read again. */
  whole(netns: string, cause: Cause | null): void {
    const dirt = this.at(netns);
    dirt.whole = true;
    this.explain(netns, '', cause);
  }

  /** A link and what is on it are to be read; `deep` means the routes by it, too. */
  device(netns: string, dev: string, deep: boolean, cause: Cause | null): void {
    const dirt = this.at(netns);
    const known = dirt.devices.get(dev);
    if (known === undefined) dirt.devices.set(dev, { deep });
    else if (deep) known.deep = true;
    this.explain(netns, dev, cause);
  }

  /** What stands at a route's key is to be read. */
  route(netns: string, key: RouteKey, cause: Cause | null): void {
    const dirt = this.at(netns);
    dirt.unclear.add(key);
    this.explain(netns, causeOfRoute(key), cause);
  }

  /** An event told of a route that came, alone at its key or beside those told before. */
  routeCame(netns: string, key: RouteKey, route: ObservedRoute, isAlone: boolean): void {
    const { told } = this.at(netns);
    const standing = told.get(key);
    if (isAlone || standing === undefined) told.set(key, [route]);
    else standing.push(route);
  }

  /** An event told of a route that went; what was not told of before is taken to have been alone. */
  routeWent(netns: string, key: RouteKey, route: ObservedRoute): void {
    const { told } = this.at(netns);
    told.set(
      key,
      (told.get(key) ?? []).filter((other) => !isSamePlace(other, route)),
    );
  }

  /** Whether events told all that stands at a route's key. */
  isTold(netns: string, key: RouteKey): boolean {
    return this.#namespaces.get(netns)?.told.has(key) ?? false;
  }

  ownSysctls(netns: string): void {
    this.at(netns).ownSysctls = true;
  }

  /** Remembers a cause, unless a weightier one of the same is known. */
  explain(netns: string, subject: string, cause: Cause | null): void {
    const { causes } = this.at(netns);
    if (cause !== null && cause.weight > (causes.get(subject)?.weight ?? -1)) causes.set(subject, cause);
  }

  at(netns: string): NamespaceDirt {
    const known = this.#namespaces.get(netns);
    if (known !== undefined) return known;
    const told = new Map<RouteKey, ObservedRoute[]>();
    const unclear = new Set<RouteKey>();
    const routeKeys = {
      *[Symbol.iterator]() {
        yield* told.keys();
        yield* unclear;
      },
    };
    const parts = { devices: new Map(), told, unclear, routeKeys, causes: new Map() };
    const dirt: NamespaceDirt = { whole: false, ownSysctls: false, ...parts };
    this.#namespaces.set(netns, dirt);
    return dirt;
  }
}

/** The subject of a cause that is of a device's sysctls only. */
export function causeOfSysctls(dev: string): string {
  return `sysctls ${dev}`;
}

/** The subject of a cause that is of one route only. */
export function causeOfRoute(key: RouteKey): string {
  return `route ${key}`;
}

function isSamePlace(a: Route, b: Route): boolean {
  return a.via === b.via && a.dev === b.dev && a.type === b.type && a.scope === b.scope;
}
