// From a fault to the difference it comes from: the item of the topology that the kernel does not have as the file says.
import { type Difference, differenceKey } from '../reconcile/difference.ts';
import { containsIp, familyOf } from '../state/ip.ts';
import type { Fault, ItemRef } from './fault.ts';

/** The difference that explains a fault; null where kernel and file agree about all that it is about. */
export function differenceBehind(fault: Fault, differences: readonly Difference[]): Difference | null {
  for (const item of fault.items) {
    const found = differences.find((difference) => isAbout(difference, item));
    if (found !== undefined) return found;
  }
  return null;
}

function isAbout(difference: Difference, item: ItemRef): boolean {
  if (difference.netns !== item.netns || difference.kind !== item.kind) return false;
  if (item.key !== null) return differenceKey(difference) === item.key;
  if (difference.kind !== 'route' || item.covers === null) return false;
  const route = difference.desired ?? difference.observed;
  return (
    route !== null &&
    familyOf(route.dst) === familyOf(item.covers) &&
    containsIp({ address: route.dst, length: route.dstLength }, item.covers)
  );
}
