// Makes, changes and deletes addresses, so that no other address goes along: secondaries are promoted, not lost.

import { ipv4ConfNumber } from '../kernel/codec/devconf.ts';
import { type Address, addressKey, type DesiredAddress, type ObservedAddress } from '../state/address.ts';
import { formatPrefix, maskIp, type Prefix } from '../state/ip.ts';
import { MAIN_TABLE, type Route } from '../state/route.ts';
import { RTN_UNICAST, RTPROT_KERNEL, SCOPE_GLOBAL } from '../state/scope.ts';
import { takenByAddress } from './collateral.ts';
import type { Difference } from './difference.ts';
import { canChangeInPlace, type Step } from './plan.ts';
import type { Site } from './site.ts';

/** IP6_RT_PRIO_ADDRCONF. */
const PREFIX_ROUTE_METRIC = 256;
const PROMOTE_SECONDARIES = ipv4ConfNumber('promote_secondaries')!;

export function addAddress(site: Site, step: Step, address: DesiredAddress): void {
  site.requests.addressAdd(step, address, site.indexOf(address.dev), markOf(site, address.dev));
}

export function changeAddress(site: Site, step: Step, difference: Difference & { kind: 'address' }): void {
  const { desired, observed } = difference;
  if (desired === null || observed === null) return;
  if (canChangeInPlace(difference)) {
    site.requests.addressReplace(step, desired, site.indexOf(desired.dev), markOf(site, desired.dev));
    if (desired.noprefixroute && !observed.noprefixroute) deletePrefixRoute(site, step, observed);
    return;
  }
  const others = site.desired.addresses.some((other) => other !== desired && isIpv4On(other, observed.dev));
  site.take(takenByAddress(site.observed, observed, others));
  deleteAddress(site, step, observed);
  addAddress(site, step, desired);
}

/** Deletes an address; if it is a primary, its secondaries move up instead of going with it. */
export function deleteAddress(site: Site, step: Step, address: ObservedAddress): void {
  const ifindex = site.indexOf(address.dev);
  const promote = sharesSubnet(site, address) && site.promotion(address.dev) === 0;
  if (promote) site.requests.linkSet(step, ifindex, { ipv4Conf: new Map([[PROMOTE_SECONDARIES, 1]]) });
  site.requests.addressDelete(step, address, ifindex);
  if (promote) site.requests.linkSet(step, ifindex, { ipv4Conf: new Map([[PROMOTE_SECONDARIES, 0]]) });
  if (!address.noprefixroute) deletePrefixRoute(site, step, address);
}

/**
 * The kernel keeps the route to an IPv6 address's subnet for any other address in it, even for one that was made with
 * noprefixroute; then nobody would ever delete it.
 */
function deletePrefixRoute(site: Site, step: Step, address: ObservedAddress): void {
  if (typeof address.address !== 'string') return;
  const isBeside = (other: Address): boolean =>
    other.dev === address.dev && other.address !== address.address && subnetOf(other) === subnetOf(address);
  const beside = [
    ...site.desired.addresses.filter(isBeside),
    ...site.observed.addresses.filter((other) => isBeside(other) && !site.ownership.isExtraAddress(other)),
  ];
  const held = [...site.observed.addresses, ...beside].some(
    (other) => isBeside(other) && other.noprefixroute,
  );
  if (!held || beside.some((other) => !other.noprefixroute)) return;
  const subnet = { address: maskIp(address.address, address.prefixlen), length: address.prefixlen };
  site.requests.routeDelete(step, prefixRoute(subnet, address.dev), RTPROT_KERNEL, site.indexOf);
}

/** The route that the kernel makes to an IPv6 address's subnet. */
function prefixRoute({ address, length }: Prefix, dev: string): Route {
  return {
    dst: address,
    dstLength: length,
    table: MAIN_TABLE,
    metric: PREFIX_ROUTE_METRIC,
    type: RTN_UNICAST,
    scope: SCOPE_GLOBAL,
    via: null,
    dev,
    src: null,
    mtu: 0,
    onlink: false,
    nexthops: null,
  };
}

function subnetOf({ address, prefixlen }: Address): string {
  return formatPrefix(maskIp(address, prefixlen), prefixlen);
}

/**
 * Whether another IPv4 address is in its subnet, or was made there in this pass. Even a secondary may have become the
 * primary by now, as those before it were deleted.
 */
function sharesSubnet(site: Site, address: ObservedAddress): boolean {
  if (typeof address.address !== 'number') return false;
  const isBeside = (other: Address): boolean =>
    isIpv4On(other, address.dev) &&
    other.prefixlen === address.prefixlen &&
    addressKey(other) !== addressKey(address) &&
    subnetOf(other) === subnetOf(address);
  return site.observed.addresses.some(isBeside) || site.desired.addresses.some(isBeside);
}

export function isIpv4On(address: { readonly dev: string; readonly address: unknown }, dev: string): boolean {
  return address.dev === dev && typeof address.address === 'number';
}

/** On links of ours nobody else can hold the address: IPv6 need not wait for duplicate address detection. */
export function markOf(site: Site, dev: string): { protocol: number; nodad: boolean } {
  const kind = site.desired.links.get(dev)?.spec.kind;
  return { protocol: site.ownership.owner.protocol, nodad: kind !== undefined && kind !== 'existing' };
}
