// Dirt: what events left to be looked at, per namespace, with what is known of the cause. The kernel announces some
// losses only by their cause (a link that went down takes its IPv4 routes without a word), so an event can widen it.
import type { Told } from '../kernel/monitor.ts';
import { neighbourKey } from '../state/neighbour.ts';
import { type ObservedRoute, type Route, routeKey } from '../state/route.ts';
import { formatProtocol } from '../state/scope.ts';
import type { DesiredIndex, Share } from './desired-index.ts';

/** Who made a change, as far as the event tells. */
export type Author = (port: number) => string;

export interface NamespaceDirt extends Share {
  whole: boolean;
  ownSysctls: boolean;
  readonly devices: Map<string, { deep: boolean }>;
  /** By key: the routes that stand there now by what events told; empty for a key whose route went. */
  readonly routes: Map<number | string, ObservedRoute[]>;
  readonly routeKeys: Iterable<number | string>;
  /** Why, by what: `''` for the namespace, a device's name, or a route's key. */
  readonly causes: Map<number | string, string>;
}

export interface DirtOptions {
  readonly index: DesiredIndex;
  /** Whether what nobody declared is extra in a namespace, too. */
  readonly isFull: (netns: string) => boolean;
  readonly author: Author;
}

export class Dirt {
  readonly #options: DirtOptions;
  readonly #namespaces = new Map<string, NamespaceDirt>();

  constructor(options: DirtOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#namespaces.size === 0;
  }

  entries(): Map<string, NamespaceDirt> {
    return this.#namespaces;
  }

  /** A whole namespace is to be read again, and the far ends of its veths with what hangs on them. */
  whole(netns: string, cause: string | null): void {
    const dirt = this.#at(netns);
    dirt.whole = true;
    if (cause !== null) dirt.causes.set('', cause);
    for (const link of this.#options.index.at(netns)?.desired.links.values() ?? []) {
      if (link.spec.kind === 'veth') this.#device(link.spec.peer.netns, link.spec.peer.name, true, cause);
    }
  }

  /** Takes in one event. */
  note(told: Told): void {
    const { netns, event, dev } = told;
    switch (event.kind) {
      case 'link':
        this.#noteLink(told, event.link, event.gone);
        return;
      case 'address':
        if (dev !== null)
          this.#device(
            netns,
            dev,
            event.gone && event.ipv4,
            this.#by(told, event.gone ? 'deleted' : 'changed'),
          );
        return;
      case 'neighbour': {
        const wanted = this.#options.index.at(netns)?.desired.neighbours ?? [];
        const key = neighbourKey(event.neighbour);
        const ours = event.neighbour.protocol === this.#options.index.network.protocol;
        if (!ours && !wanted.some((neighbour) => neighbourKey(neighbour) === key)) return;
        this.#device(netns, event.neighbour.dev, false, this.#by(told, event.gone ? 'deleted' : 'changed'));
        return;
      }
      case 'route':
        this.#noteRoute(told, event.route, event.gone, event.replaced);
        return;
      case 'netconf':
        if (event.ifindex < 0) this.#at(netns).ownSysctls = true;
        else if (dev !== null) this.#device(netns, dev, false, 'a sysctl was written');
        return;
    }
  }

  #noteLink(told: Told, link: NonNullable<Told['before']>, gone: boolean): void {
    const { netns, before } = told;
    const index = this.#options.index.at(netns);
    if (link.ifindex === 1) {
      const sameMarks = before?.alias === link.alias && String(before.altnames) === String(link.altnames);
      if (!sameMarks) this.whole(netns, "the namespace's marks were changed");
    }
    if (before !== null && before.name !== link.name)
      this.#device(netns, before.name, true, 'the link was renamed');
    if (index?.desired.links.get(link.name)?.spec.kind === 'bridge') {
      this.whole(netns, gone ? `link ${link.name} was deleted` : null);
      return;
    }
    const wentDown = before?.up === true && !link.up;
    const cause = gone
      ? `link ${link.name} was deleted`
      : wentDown
        ? `link ${link.name} went down`
        : before === null
          ? `link ${link.name} came`
          : null;
    const shallow =
      before !== null && before.up === link.up && before.mac === link.mac && before.mtu === link.mtu;
    this.#device(netns, link.name, gone || !shallow, cause);
    const peer = gone ? this.#options.index.peerOf(netns, link.name) : null;
    if (peer !== null) this.#device(peer.netns, peer.name, true, cause);
  }

  #noteRoute(told: Told, route: ObservedRoute, gone: boolean, replaced: boolean): void {
    const { netns } = told;
    const { index, isFull } = this.#options;
    const key = routeKey(route);
    const desired = index.at(netns)?.routes.get(key);
    const ours = route.protocol === index.network.protocol;
    if (desired === undefined && !ours && !(isFull(netns) && isHandMade(route))) return;
    const dirt = this.#at(netns);
    const standing = dirt.routes.get(key);
    if (gone)
      dirt.routes.set(
        key,
        (standing ?? []).filter((other) => !isSamePlace(other, route)),
      );
    else if (replaced || standing === undefined || standing.length === 0) dirt.routes.set(key, [route]);
    else standing.push(route);
    if (gone) dirt.causes.set(key, this.#by(told, 'deleted'));
    else if (!ours) dirt.causes.set(key, `replaced by proto ${formatProtocol(route.protocol)}`);
    else dirt.causes.set(key, this.#by(told, 'changed'));
    // A second route came beside one that no event told of, or one of an IPv6 group went: only the kernel knows all.
    const isUnclear =
      desired !== undefined &&
      ((!gone && !replaced && !ours) || (gone && !ours) || typeof route.dst === 'string');
    if (isUnclear && !(gone && ours)) dirt.whole = true;
  }

  #device(netns: string, dev: string, deep: boolean, cause: string | null): void {
    const dirt = this.#at(netns);
    const known = dirt.devices.get(dev);
    if (known === undefined) dirt.devices.set(dev, { deep });
    else if (deep) known.deep = true;
    if (cause !== null && (deep || !dirt.causes.has(dev))) dirt.causes.set(dev, cause);
  }

  #at(netns: string): NamespaceDirt {
    const known = this.#namespaces.get(netns);
    if (known !== undefined) return known;
    const routes = new Map<number | string, ObservedRoute[]>();
    const dirt: NamespaceDirt = {
      whole: false,
      ownSysctls: false,
      devices: new Map(),
      routes,
      routeKeys: { [Symbol.iterator]: () => routes.keys() },
      causes: new Map(),
    };
    this.#namespaces.set(netns, dirt);
    return dirt;
  }

  #by({ port }: Told, verb: string): string {
    return port === 0 ? `${verb} by the kernel` : `${verb} by ${this.#options.author(port)}`;
  }
}

/** RTPROT_BOOT and RTPROT_STATIC. */
function isHandMade(route: ObservedRoute): boolean {
  return route.protocol === 3 || route.protocol === 4;
}

function isSamePlace(a: Route, b: Route): boolean {
  return a.via === b.via && a.dev === b.dev && a.type === b.type && a.scope === b.scope;
}
