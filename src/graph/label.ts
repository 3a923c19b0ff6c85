// What nodes of a picture say: names and addresses, and ranges of them where many stand in one node.
import { compareIp, formatIp, formatPrefix, type Ip } from '../state/ip.ts';
import type { DesiredNamespace } from '../state/network.ts';

/** The addresses of a namespace, or of one device in it, as a node shows them. */
export function addressesOf({ addresses }: DesiredNamespace, dev: string | null): string[] {
  const isShown = (address: Ip): boolean => typeof address === 'number' || !address.startsWith('fe80:');
  return addresses
    .filter((held) => (dev === null || held.dev === dev) && isShown(held.address))
    .map(({ address, prefixlen }) => formatPrefix(address, prefixlen));
}

/** The first and the last of some names: `web-0 … web-49`. */
export function nameRange(names: readonly string[]): string {
  const sorted = [...names].sort(inNumericOrder);
  return sorted.length === 1 ? sorted[0]! : `${sorted[0]} … ${sorted.at(-1)}`;
}

/** The least and the greatest of some addresses; null for none. */
export function addressRange(addresses: readonly Ip[]): string | null {
  const sorted = [...addresses].sort(compareIp);
  const [first, last] = [sorted[0], sorted.at(-1)];
  return first === undefined || last === undefined ? null : `${formatIp(first)} … ${formatIp(last)}`;
}

/** `web-9` before `web-10`. */
export const inNumericOrder = new Intl.Collator('en', { numeric: true }).compare;
