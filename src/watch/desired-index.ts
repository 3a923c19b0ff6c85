// An index of a desired network, so that an event finds what is wanted where it happened without a walk over all.
import type { DesiredAddress } from '../state/address.ts';
import type { DesiredFdbEntry } from '../state/fdb.ts';
import type { LinkEnd } from '../state/link.ts';
import { type DesiredNeighbour, neighbourKey } from '../state/neighbour.ts';
import { type DesiredNamespace, type DesiredNetwork, emptyNamespace } from '../state/network.ts';
import { type DesiredRoute, isDeviceless, routeKey } from '../state/route.ts';
import { indexOfRoutes } from '../state/route-index.ts';
import { type DesiredSysctl, parseDeviceSysctl } from '../state/sysctl.ts';

export type RouteKey = number | string;

/** What is wanted on one link. */
export interface DeviceIndex {
  readonly addresses: DesiredAddress[];
  readonly neighbours: DesiredNeighbour[];
  readonly fdb: DesiredFdbEntry[];
  readonly routes: DesiredRoute[];
  readonly sysctls: DesiredSysctl[];
}

/** What is wanted of one namespace, by what events name. */
export interface NamespaceIndex {
  readonly desired: DesiredNamespace;
  readonly routeAt: (key: RouteKey) => DesiredRoute | undefined;
  /** IPv6 routes with a preferred source: the kernel takes that away without a word when the address goes. */
  readonly sourced: readonly RouteKey[];
  /** Routes whose device the kernel chooses: they may have been by any link that went. */
  readonly roaming: readonly RouteKey[];
  readonly neighbours: ReadonlySet<string>;
  readonly devices: ReadonlyMap<string, DeviceIndex>;
  /** Sysctls of the namespace itself, and of `all` and `default`. */
  readonly ownSysctls: readonly DesiredSysctl[];
}

/** The parts of a namespace that something happened to. */
export interface Share {
  readonly whole: boolean;
  /** Links by name; `deep` means the routes by them, too. */
  readonly devices: ReadonlyMap<string, { readonly deep: boolean }>;
  readonly routeKeys: Iterable<RouteKey>;
  readonly ownSysctls: boolean;
}

export class DesiredIndex {
  readonly network: DesiredNetwork;
  readonly #namespaces: ReadonlyMap<string, NamespaceIndex>;

  /** Indexes all of it, so that the first event waits for it no longer than others do. */
  constructor(network: DesiredNetwork) {
    this.network = network;
    this.#namespaces = new Map(
      [...network.namespaces.values()].map((desired) => [desired.name, indexNamespace(desired)]),
    );
  }

  /** The index of a namespace; null where the topology wants nothing of it. */
  at(netns: string): NamespaceIndex | null {
    return this.#namespaces.get(netns) ?? null;
  }

  /** Where the far end of a veth should be; null for other links. */
  peerOf(netns: string, dev: string): LinkEnd | null {
    const spec = this.network.namespaces.get(netns)?.links.get(dev)?.spec;
    return spec?.kind === 'veth' ? spec.peer : null;
  }

  /** What is wanted of the parts, in the shape of a whole network. */
  restrict(shares: ReadonlyMap<string, Share>): DesiredNetwork {
    const namespaces = new Map<string, DesiredNamespace>();
    for (const [name, share] of shares) {
      const index = this.at(name);
      if (index !== null) namespaces.set(name, share.whole ? index.desired : restrictNamespace(index, share));
    }
    return { ...this.network, namespaces };
  }
}

function indexNamespace(desired: DesiredNamespace): NamespaceIndex {
  const devices = new Map<string, DeviceIndex>();
  const at = (dev: string): DeviceIndex => {
    let device = devices.get(dev);
    if (device === undefined) {
      device = { addresses: [], neighbours: [], fdb: [], routes: [], sysctls: [] };
      devices.set(dev, device);
    }
    return device;
  };
  for (const address of desired.addresses) at(address.dev).addresses.push(address);
  for (const neighbour of desired.neighbours) at(neighbour.dev).neighbours.push(neighbour);
  for (const entry of desired.fdb) at(entry.dev).fdb.push(entry);
  const sourced: RouteKey[] = [];
  const roaming: RouteKey[] = [];
  for (const route of desired.routes) {
    if (route.src !== null && typeof route.dst === 'string') sourced.push(routeKey(route));
    if (route.nexthops === null && route.dev !== null) {
      at(route.dev).routes.push(route);
      continue;
    }
    const ways = new Set(route.nexthops?.map((hop) => hop.dev) ?? [null]);
    for (const dev of ways) if (dev !== null) at(dev).routes.push(route);
    if (ways.has(null) && !isDeviceless(route.type)) roaming.push(routeKey(route));
  }
  const ownSysctls: DesiredSysctl[] = [];
  for (const sysctl of desired.sysctls.values()) {
    const dev = parseDeviceSysctl(sysctl.key)?.dev ?? 'all';
    if (dev === 'all' || dev === 'default') ownSysctls.push(sysctl);
    else at(dev).sysctls.push(sysctl);
  }
  const neighbours = new Set(desired.neighbours.map(neighbourKey));
  const routeAt = (key: RouteKey): DesiredRoute | undefined => {
    const at = indexOfRoutes(desired.routes).get(key);
    return at === undefined ? undefined : desired.routes[at];
  };
  return { desired, routeAt, sourced, roaming, neighbours, devices, ownSysctls };
}

function restrictNamespace(index: NamespaceIndex, share: Share): DesiredNamespace {
  const { desired } = index;
  const devices = [...share.devices].flatMap(([dev, { deep }]) => {
    const device = index.devices.get(dev);
    return device === undefined ? [] : [{ device, deep }];
  });
  const routes = new Set<DesiredRoute>();
  for (const key of share.routeKeys) {
    const route = index.routeAt(key);
    if (route !== undefined) routes.add(route);
  }
  for (const { device, deep } of devices) if (deep) for (const route of device.routes) routes.add(route);
  // What a link has where the file is silent follows from what is wanted of the namespace.
  const own = share.ownSysctls || share.devices.size > 0 ? index.ownSysctls : [];
  const sysctls = [...own, ...devices.flatMap(({ device }) => device.sysctls)];
  const links = [...share.devices.keys()].map((dev) => desired.links.get(dev));
  return {
    ...emptyNamespace(desired.name),
    manage: desired.manage,
    source: desired.source,
    links: new Map(links.filter((link) => link !== undefined).map((link) => [link.name, link])),
    addresses: devices.flatMap(({ device }) => device.addresses),
    neighbours: devices.flatMap(({ device }) => device.neighbours),
    fdb: devices.flatMap(({ device }) => device.fdb),
    routes: [...routes],
    sysctls: new Map(sysctls.map((sysctl) => [sysctl.key, sysctl])),
  };
}
