// Items in the words of the topology format: addresses as text, scopes, types and protocols by name. One shape
// for JSON, for the text report's fields and for rendered topologies, so that they never disagree.
import type { SysctlValue } from '../reconcile/difference.ts';
import type { Address } from '../state/address.ts';
import type { FdbEntry } from '../state/fdb.ts';
import { formatIp, formatPrefix, type Ip } from '../state/ip.ts';
import { type DesiredLink, defaultMtu, type LinkEnd, type ObservedLink } from '../state/link.ts';
import { hasSettings, type KindSettings } from '../state/link-kind.ts';
import type { Neighbour } from '../state/neighbour.ts';
import type { DesiredNamespace, ObservedNamespace } from '../state/network.ts';
import { formatDst, type Nexthop, type Route } from '../state/route.ts';
import { formatRouteType, formatScope } from '../state/scope.ts';

export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** An item's fields, in the order people read them; a field the item does not have is null. */
export type Fields = { readonly [field: string]: Value };

/** An address's fields. */
export function addressFields(address: Address): Fields {
  const { peer, address: local, prefixlen } = address;
  return {
    dev: address.dev,
    address: peer === null ? formatPrefix(local, prefixlen) : formatIp(local),
    peer: peer === null ? null : formatPrefix(peer, prefixlen),
    scope: formatScope(address.scope),
    noprefixroute: address.noprefixroute,
  };
}

/** A neighbour's fields. */
export function neighbourFields(neighbour: Neighbour): Fields {
  return { dev: neighbour.dev, dst: formatIp(neighbour.dst), mac: neighbour.mac, proxy: neighbour.proxy };
}

/** A forwarding entry's fields. */
export function fdbFields(entry: FdbEntry): Fields {
  return { dev: entry.dev, mac: entry.mac, dst: ipOrNull(entry.dst) };
}

/** A route's fields. */
export function routeFields(route: Route): Fields {
  return {
    dst: formatDst(route),
    type: formatRouteType(route.type),
    via: ipOrNull(route.via),
    dev: route.dev,
    src: ipOrNull(route.src),
    table: route.table,
    metric: route.metric,
    scope: formatScope(route.scope),
    mtu: route.mtu === 0 ? null : route.mtu,
    onlink: route.onlink,
    nexthops: route.nexthops === null ? null : route.nexthops.map(nexthopFields),
  };
}

/** A nexthop's fields. */
export function nexthopFields(hop: Nexthop): Fields {
  return { via: ipOrNull(hop.via), dev: hop.dev, weight: hop.weight, onlink: hop.onlink };
}

/** A wanted namespace's fields. */
export function desiredNetns(namespace: DesiredNamespace): Fields {
  return { name: namespace.name, manage: namespace.manage };
}

/** A namespace's fields, as it is. */
export function observedNetns(namespace: ObservedNamespace): Fields {
  return {
    name: namespace.name,
    madeBy: namespace.madeBy,
    claims: namespace.claims.map((claim) => ({ topology: claim.topology, protocol: claim.protocol })),
  };
}

/** A wanted link's fields; an MTU that follows from others (a bridge's, of its ports) is null. */
export function desiredLink(link: DesiredLink): Fields {
  const { spec } = link;
  return {
    name: link.name,
    kind: spec.kind,
    peer: spec.kind === 'veth' ? peerFields(spec.peer) : null,
    up: link.up,
    mtu: link.mtu ?? (spec.kind === 'veth' ? defaultMtu(spec.kind) : null),
    mac: link.mac,
    master: link.master,
    stp: spec.kind === 'bridge' ? spec.stp : null,
    vlanFiltering: spec.kind === 'bridge' ? spec.vlanFiltering : null,
    ...settingsFields(hasSettings(spec) ? spec : null),
  };
}

/** A link's fields, as it is. */
export function observedLink(link: ObservedLink): Fields {
  return {
    name: link.name,
    kind: link.kind === '' ? null : link.kind,
    peer: link.peer === null ? null : peerFields(link.peer),
    up: link.up,
    mtu: link.mtu,
    mac: link.mac === '' ? null : link.mac,
    master: link.master,
    stp: link.bridge?.stp ?? null,
    vlanFiltering: link.bridge?.vlanFiltering ?? null,
    ...settingsFields(link.settings),
    carrier: link.carrier,
    group: link.group,
    alias: link.alias === '' ? null : link.alias,
  };
}

/** What only links of a kind have, in the topology format's words; nothing for other kinds. */
export function settingsFields(settings: KindSettings | null): Fields {
  if (settings === null) return {};
  const { kind: _kind, ...own } = settings;
  const addresses = 'local' in own ? { local: ipOrNull(own.local) } : {};
  const ends = 'remote' in own ? { ...addresses, remote: ipOrNull(own.remote) } : addresses;
  return { ...own, ...ends };
}

function peerFields(peer: LinkEnd): Fields {
  return { netns: peer.netns, name: peer.name };
}

/** A sysctl's fields. */
export function sysctlFields(sysctl: SysctlValue): Fields {
  return { name: sysctl.key, value: sysctl.value };
}

function ipOrNull(ip: Ip | null): string | null {
  return ip === null ? null : formatIp(ip);
}
