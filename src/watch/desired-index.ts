// An index of a desired network, so that an event finds what is wanted where it happened without a walk over all.
import { emptyNamespace } from '../reconcile/diff.ts';
import type { LinkEnd } from '../state/link.ts';
import type { DesiredNamespace, DesiredNetwork } from '../state/network.ts';
import { type DesiredRoute, routeKey } from '../state/route.ts';
import { type DesiredSysctl, parseDeviceSysctl } from '../state/sysctl.ts';

/** What is wanted of one namespace, by what events name. */
export interface NamespaceIndex {
  readonly desired: DesiredNamespace;
  readonly routes: ReadonlyMap<number | string, DesiredRoute>;
  readonly routesByDevice: ReadonlyMap<string, readonly DesiredRoute[]>;
  /** Sysctls of links. */
  readonly sysctlsByDevice: ReadonlyMap<string, readonly DesiredSysctl[]>;
  /** Sysctls of the namespace itself, and of `all` and `default`. */
  readonly ownSysctls: readonly DesiredSysctl[];
}

/** The parts of a namespace that something happened to. */
export interface Share {
  readonly whole: boolean;
  readonly devices: ReadonlyMap<string, { readonly deep: boolean }>;
  readonly routeKeys: Iterable<number | string>;
  readonly ownSysctls: boolean;
}

export class DesiredIndex {
  readonly network: DesiredNetwork;
  readonly #namespaces = new Map<string, NamespaceIndex>();

  constructor(network: DesiredNetwork) {
    this.network = network;
  }

  /** The index of a namespace; null where the topology wants nothing of it. */
  at(netns: string): NamespaceIndex | null {
    const known = this.#namespaces.get(netns);
    if (known !== undefined) return known;
    const desired = this.network.namespaces.get(netns);
    if (desired === undefined) return null;
    const index = indexNamespace(desired);
    this.#namespaces.set(netns, index);
    return index;
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
  const routes = new Map<number | string, DesiredRoute>();
  const routesByDevice = new Map<string, DesiredRoute[]>();
  for (const route of desired.routes) {
    routes.set(routeKey(route), route);
    const devices = route.nexthops === null ? [route.dev] : route.nexthops.map((hop) => hop.dev);
    for (const dev of new Set(devices)) if (dev !== null) append(routesByDevice, dev, route);
  }
  const sysctlsByDevice = new Map<string, DesiredSysctl[]>();
  const ownSysctls: DesiredSysctl[] = [];
  for (const sysctl of desired.sysctls.values()) {
    const dev = parseDeviceSysctl(sysctl.key)?.dev ?? 'all';
    if (dev === 'all' || dev === 'default') ownSysctls.push(sysctl);
    else append(sysctlsByDevice, dev, sysctl);
  }
  return { desired, routes, routesByDevice, sysctlsByDevice, ownSysctls };
}

function append<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function restrictNamespace(index: NamespaceIndex, share: Share): DesiredNamespace {
  const { desired } = index;
  const routes = new Set<DesiredRoute>();
  for (const key of share.routeKeys) {
    const route = index.routes.get(key);
    if (route !== undefined) routes.add(route);
  }
  const sysctls = new Map<string, DesiredSysctl>();
  if (share.ownSysctls) for (const sysctl of index.ownSysctls) sysctls.set(sysctl.key, sysctl);
  for (const [dev, { deep }] of share.devices) {
    for (const sysctl of index.sysctlsByDevice.get(dev) ?? []) sysctls.set(sysctl.key, sysctl);
    if (deep) for (const route of index.routesByDevice.get(dev) ?? []) routes.add(route);
  }
  return {
    ...emptyNamespace(desired.name),
    manage: desired.manage,
    source: desired.source,
    links: new Map(
      [...share.devices.keys()].flatMap((dev) => {
        const link = desired.links.get(dev);
        return link === undefined ? [] : [[dev, link] as const];
      }),
    ),
    addresses: desired.addresses.filter((address) => share.devices.has(address.dev)),
    neighbours: desired.neighbours.filter((neighbour) => share.devices.has(neighbour.dev)),
    fdb: [],
    routes: [...routes],
    sysctls,
  };
}
