// Items in the words of the topology format: addresses as text, scopes, types and protocols by name. One shape
// for JSON, for the text report's fields and for rendered topologies, so that they never disagree.
import type { Difference, SysctlValue } from '../reconcile/difference.ts';
import type { Address } from '../state/address.ts';
import type { FdbEntry } from '../state/fdb.ts';
import { familyOf, formatIp, formatPrefix, type Ip } from '../state/ip.ts';
import { type DesiredLink, defaultMtu, type LinkEnd, type ObservedLink } from '../state/link.ts';
import type { Neighbour } from '../state/neighbour.ts';
import type { DesiredNamespace, ObservedNamespace } from '../state/network.ts';
import { formatDst, isDeviceless, type Nexthop, type Route } from '../state/route.ts';
import { formatProtocol, formatRouteType, formatScope } from '../state/scope.ts';

export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** An item's fields, in the order people read them; a field the item does not have is null. */
export type Fields = { readonly [field: string]: Value };

/** The two sides of a difference as fields. */
export function sidesOf(difference: Difference): { desired: Fields | null; observed: Fields | null } {
  switch (difference.kind) {
    case 'netns':
      return {
        desired: both(difference.desired, desiredNetns),
        observed: both(difference.observed, observedNetns),
      };
    case 'link':
      return {
        desired: both(difference.desired, desiredLink),
        observed: both(difference.observed, observedLink),
      };
    case 'address':
      return {
        desired: both(difference.desired, addressFields),
        observed: both(difference.observed, withProtocol(addressFields)),
      };
    case 'neighbour':
      return {
        desired: both(difference.desired, neighbourFields),
        observed: both(difference.observed, withProtocol(neighbourFields)),
      };
    case 'fdb':
      return { desired: both(difference.desired, fdbFields), observed: both(difference.observed, fdbFields) };
    case 'route':
      return {
        desired: both(difference.desired, routeFields),
        observed: both(difference.observed, (route) => ({
          ...withProtocol(routeFields)(route),
          tos: route.tos,
          unstatable: route.unstatable,
        })),
      };
    case 'sysctl':
      return {
        desired: both(difference.desired, sysctlFields),
        observed: both(difference.observed, sysctlFields),
      };
  }
}

/** One field that differs: what is, and what is wanted. */
export interface FieldChange {
  readonly field: string;
  readonly observed: Value;
  readonly desired: Value;
}

/** The fields in which a changed item differs from what is desired; empty for missing and extra items. */
export function changedFields(difference: Difference): FieldChange[] {
  const { desired, observed } = sidesOf(difference);
  if (desired === null || observed === null) return [];
  const changes: FieldChange[] = [];
  for (const [field, value] of Object.entries(desired)) {
    if (isLeftOpen(difference, field)) continue;
    if (JSON.stringify(value) !== JSON.stringify(observed[field] ?? null)) {
      changes.push({ field, observed: observed[field] ?? null, desired: value });
    }
  }
  if (observed.unstatable === true) {
    changes.push({ field: 'other settings', observed: 'some that a topology cannot state', desired: 'none' });
  }
  return changes;
}

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

function desiredNetns(namespace: DesiredNamespace): Fields {
  return { name: namespace.name, manage: namespace.manage };
}

function observedNetns(namespace: ObservedNamespace): Fields {
  return {
    name: namespace.name,
    madeBy: namespace.madeBy,
    claims: namespace.claims.map((claim) => ({ topology: claim.topology, protocol: claim.protocol })),
  };
}

function desiredLink(link: DesiredLink): Fields {
  const { spec } = link;
  return {
    name: link.name,
    kind: spec.kind,
    peer: spec.kind === 'veth' ? peerFields(spec.peer) : null,
    up: link.up,
    mtu: link.mtu ?? (spec.kind === 'existing' ? null : defaultMtu(spec.kind)),
    mac: link.mac,
    master: link.master,
    stp: spec.kind === 'bridge' ? spec.stp : null,
    vlanFiltering: spec.kind === 'bridge' ? spec.vlanFiltering : null,
  };
}

function observedLink(link: ObservedLink): Fields {
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
    carrier: link.carrier,
    group: link.group,
    alias: link.alias === '' ? null : link.alias,
  };
}

function peerFields(peer: LinkEnd): Fields {
  return { netns: peer.netns, name: peer.name };
}

function sysctlFields(sysctl: SysctlValue): Fields {
  return { name: sysctl.key, value: sysctl.value };
}

/** Whether what the desired side says of a field matches anything the kernel has there. */
function isLeftOpen(difference: Difference, field: string): boolean {
  const { kind, desired } = difference;
  if (kind === 'netns') return true;
  if (kind === 'link' && desired !== null) {
    if (field === 'mac') return desired.mac === null;
    if (desired.spec.kind !== 'existing') return false;
    return field === 'kind' || field === 'peer' || desiredLink(desired)[field] === null;
  }
  if (kind === 'route' && desired !== null && field === 'dev') {
    return desired.dev === null && (desired.via !== null || isDeviceless(desired.type));
  }
  if (kind === 'address' && desired !== null && field === 'scope') return familyOf(desired.address) === 6;
  return false;
}

function withProtocol<Item>(
  fields: (item: Item) => Fields,
): (item: Item & { readonly protocol: number }) => Fields {
  return (item) => ({
    ...fields(item),
    protocol: item.protocol === 0 ? null : formatProtocol(item.protocol),
  });
}

function both<Item>(item: Item | null, fields: (item: Item) => Fields): Fields | null {
  return item === null ? null : fields(item);
}

function ipOrNull(ip: Ip | null): string | null {
  return ip === null ? null : formatIp(ip);
}
