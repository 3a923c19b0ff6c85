// Makes, changes and deletes addresses, so that no other address goes along: secondaries are promoted, not lost.

import { confValue, ipv4ConfNumber } from '../kernel/codec/devconf.ts';
import type { DesiredAddress, ObservedAddress } from '../state/address.ts';
import { secondariesOf, takenByAddress } from './collateral.ts';
import type { Difference } from './difference.ts';
import { canChangeInPlace, type Step } from './plan.ts';
import type { Site } from './site.ts';

const PROMOTE_SECONDARIES = ipv4ConfNumber('promote_secondaries')!;

export function addAddress(site: Site, step: Step, address: DesiredAddress): void {
  site.requests.addressAdd(step, address, site.indexOf(address.dev), markOf(site, address.dev));
}

export function changeAddress(site: Site, step: Step, difference: Difference & { kind: 'address' }): void {
  const { desired, observed } = difference;
  if (desired === null || observed === null) return;
  if (canChangeInPlace(difference)) {
    site.requests.addressReplace(step, desired, site.indexOf(desired.dev), markOf(site, desired.dev));
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
  const conf = site.observed.links.get(address.dev)?.ipv4Conf ?? null;
  const promoting = conf === null ? 1 : (confValue('ipv4', conf, 'promote_secondaries') ?? 1);
  const promote =
    promoting === 0 && (secondariesOf(site.observed, address).length > 0 || hasNewSecondary(site, address));
  if (promote) site.requests.linkSet(step, ifindex, { ipv4Conf: new Map([[PROMOTE_SECONDARIES, 1]]) });
  site.requests.addressDelete(step, address, ifindex);
  if (promote)
    site.requests.linkSet(step, ifindex, { ipv4Conf: new Map([[PROMOTE_SECONDARIES, promoting]]) });
}

/** Whether an address made in this pass may have become a secondary of this one. */
function hasNewSecondary(site: Site, address: ObservedAddress): boolean {
  return site.desired.addresses.some(
    (other) => isIpv4On(other, address.dev) && other.prefixlen === address.prefixlen,
  );
}

export function isIpv4On(address: { readonly dev: string; readonly address: unknown }, dev: string): boolean {
  return address.dev === dev && typeof address.address === 'number';
}

/** On links of ours nobody else can hold the address: IPv6 need not wait for duplicate address detection. */
function markOf(site: Site, dev: string): { protocol: number; nodad: boolean } {
  const kind = site.desired.links.get(dev)?.spec.kind;
  return { protocol: site.ownership.owner.protocol, nodad: kind !== undefined && kind !== 'existing' };
}
