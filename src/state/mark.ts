// How the kernel is told what is ours: the texts and numbers that stand on links and namespaces.
import type { Claim } from './network.ts';

/** What a topology may be called, in words. */
export const TOPOLOGY_NAMES = 'it is 1-32 of a-z, 0-9 and `-`';

/** Whether a topology may be called so. */
export function isTopologyName(text: string): boolean {
  return /^[a-z0-9-]{1,32}$/.test(text);
}

/** IFLA_GROUP of every link of a topology: hashed from its name (FNV-1a), out of the range people number groups in. */
export function linkGroup(topology: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < topology.length; i++) hash = Math.imul(hash ^ topology.charCodeAt(i), 0x01000193);
  return 0x40000000 | (hash & 0x3fffffff);
}

/** The alias of every link of a topology, for people, and of the `lo` of every namespace it made. */
export function ownerAlias(topology: string): string {
  return `calico-reconcile:${topology}`;
}

/** The topology that made a namespace, from the alias of its `lo`; null for any other alias. */
export function parseOwnerAlias(alias: string): string | null {
  return /^calico-reconcile:([a-z0-9-]{1,32})$/.exec(alias)?.[1] ?? null;
}

/** The alternative name of `lo` by which a topology claims a namespace. */
export function claimName(claim: Claim): string {
  return `calico-reconcile.${claim.protocol}.${claim.topology}`;
}

/** Reads an alternative name; null for one that is no claim. */
export function parseClaim(altname: string): Claim | null {
  const match = /^calico-reconcile\.([0-9]{1,3})\.([a-z0-9-]{1,32})$/.exec(altname);
  return match === null ? null : { protocol: Number(match[1]), topology: match[2]! };
}
