// The marks as the commands write them.
import { createHash } from 'node:crypto';
import type { DesiredNetwork } from '../../state/network.ts';

export function linkGroup(name: string): number {
  return createHash('sha1').update(name).digest().readUInt32BE(0) & 0x7fffffff || 1;
}

export function linkAlias(name: string): string {
  return `calico-reconcile:${name}`;
}

export function claimName(network: DesiredNetwork): string {
  return `calico-reconcile.${network.protocol}.${network.name}`;
}
