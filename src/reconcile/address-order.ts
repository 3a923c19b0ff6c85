// The order of addresses in the record of what was applied: which is the first of its subnet, the primary. It tells an
// edit of the order from drift.
import { type Address, addressKey, type DesiredAddress, firstsOf, subnetOf } from '../state/address.ts';
import type { DesiredNamespace } from '../state/network.ts';
import type { Applied } from './applied.ts';
import { beginDigest, digestText, endDigest } from './digest.ts';

/** Stands where the number of a kind does in the digests of items. */
const FIRST = 9;

/** The first of each subnet as two digests; the value is null where an address of the subnet is not settled. */
export function digestFirsts(
  namespace: DesiredNamespace,
  isSettled: (address: DesiredAddress) => boolean,
): { readonly identity: number; readonly value: number | null }[] {
  const firsts = firstsOf(namespace.addresses);
  if (firsts.size === 0) return [];
  const unsettled = new Set(namespace.addresses.filter((address) => !isSettled(address)).map(subnetOf));
  return [...firsts].map(([subnet, first]) => ({
    identity: digestOf(namespace.name, subnet),
    value: unsettled.has(subnet) ? null : digestOf(addressKey(first)),
  }));
}

/** Whether an address was applied as the first of its subnet. */
export function wasFirst(applied: Applied, netns: string, address: Address): boolean {
  const subnet = subnetOf(address);
  return subnet !== null && applied.items.get(digestOf(netns, subnet)) === digestOf(addressKey(address));
}

function digestOf(...words: readonly string[]): number {
  beginDigest(FIRST);
  for (const word of words) digestText(word);
  return endDigest();
}
