// Addresses: what differs, and which must be made anew because another is to be the primary of its subnet.
import { addressKey, type DesiredAddress, type ObservedAddress, sameAddress } from '../state/address.ts';
import { maskIp } from '../state/ip.ts';
import type { Comparison, Finding } from './diff.ts';

export function* diffAddresses(comparison: Comparison): Generator<Finding> {
  const { desired, observed, ownership } = comparison;
  const found = new Map(observed.addresses.map((address) => [addressKey(address), address]));
  const wanted = new Map(desired.addresses.map((address) => [addressKey(address), address]));
  const misplaced = findMisplaced(comparison, found);
  for (const [key, address] of wanted) {
    const standing = found.get(key);
    if (standing === undefined) {
      yield {
        kind: 'address',
        desired: address,
        observed: null,
        change: 'missing',
        foreign: false,
        cause: null,
      };
      continue;
    }
    const ours = ownership.owns(standing);
    const same = sameAddress(address, standing);
    const cause = misplaced.get(standing) ?? null;
    if (same && cause === null && (!ours || ownership.marksNow(standing))) continue;
    yield { kind: 'address', desired: address, observed: standing, change: 'changed', foreign: !ours, cause };
  }
  for (const [key, address] of found) {
    if (wanted.has(key) || !ownership.isExtraAddress(address)) continue;
    yield { kind: 'address', desired: null, observed: address, change: 'extra', foreign: false, cause: null };
  }
}

/**
 * Our addresses that stand before the one the file has first in their subnet, with the reason. They go behind it by
 * being made anew; secondaries that the file does not order among themselves stay where they are.
 */
function findMisplaced(
  comparison: Comparison,
  found: ReadonlyMap<string, ObservedAddress>,
): ReadonlyMap<ObservedAddress, string> {
  const misplaced = new Map<ObservedAddress, string>();
  const firsts = new Map<string, DesiredAddress>();
  for (const address of comparison.desired.addresses) {
    const subnet = subnetOf(address);
    if (subnet !== null && !firsts.has(subnet)) firsts.set(subnet, address);
  }
  const wanted = new Set(comparison.desired.addresses.map(addressKey));
  const reached = new Set<string>();
  for (const address of found.values()) {
    const subnet = subnetOf(address);
    const first = subnet === null ? undefined : firsts.get(subnet);
    if (subnet === null || first === undefined || reached.has(subnet)) continue;
    const key = addressKey(address);
    if (key === addressKey(first)) reached.add(subnet);
    else if (wanted.has(key) && comparison.ownership.owns(address)) {
      misplaced.set(address, 'it is the primary of its subnet, and the file has another first');
    }
  }
  return misplaced;
}

/** The device and subnet of an IPv4 address; null where no order matters. */
function subnetOf(address: DesiredAddress | ObservedAddress): string | null {
  if (typeof address.address !== 'number' || address.peer !== null || address.prefixlen === 32) return null;
  return `${address.dev} ${maskIp(address.address, address.prefixlen)}/${address.prefixlen}`;
}
