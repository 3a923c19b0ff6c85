// Addresses: what differs, and which must be made anew because another is to be the primary of its subnet.
import {
  addressKey,
  type DesiredAddress,
  firstsOf,
  type ObservedAddress,
  sameAddress,
  subnetOf,
} from '../state/address.ts';
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
    const behind = misplaced.get(standing);
    if (same && behind === undefined && (!ours || ownership.marksNow(standing))) continue;
    const order =
      behind === undefined
        ? { cause: null }
        : { behind, cause: 'it is the primary of its subnet, and the file has another first' };
    yield {
      kind: 'address',
      desired: address,
      observed: standing,
      change: 'changed',
      foreign: !ours,
      ...order,
    };
  }
  for (const [key, address] of found) {
    if (wanted.has(key) || !ownership.isExtraAddress(address)) continue;
    yield { kind: 'address', desired: null, observed: address, change: 'extra', foreign: false, cause: null };
  }
}

/**
 * Our addresses that stand before the one the file has first in their subnet, with that one. They go behind it by
 * being made anew; secondaries that the file does not order among themselves stay where they are.
 */
function findMisplaced(
  comparison: Comparison,
  found: ReadonlyMap<string, ObservedAddress>,
): ReadonlyMap<ObservedAddress, DesiredAddress> {
  const misplaced = new Map<ObservedAddress, DesiredAddress>();
  const firsts = firstsOf(comparison.desired.addresses);
  if (firsts.size === 0) return misplaced;
  const wanted = new Set(comparison.desired.addresses.map(addressKey));
  const reached = new Set<string>();
  for (const address of found.values()) {
    const subnet = subnetOf(address);
    const first = subnet === null ? undefined : firsts.get(subnet);
    if (subnet === null || first === undefined || reached.has(subnet)) continue;
    const key = addressKey(address);
    if (key === addressKey(first)) reached.add(subnet);
    else if (wanted.has(key) && comparison.ownership.owns(address)) misplaced.set(address, first);
  }
  return misplaced;
}
