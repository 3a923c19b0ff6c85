// Puts back what steps took along: what no step meant as it was, with its own owner's mark and not ours; what a step
// changed, as it is to be; what a step deleted, not at all.
import { readLinks } from '../kernel/observe.ts';
import type { DesiredAddress } from '../state/address.ts';
import type { DesiredNeighbour } from '../state/neighbour.ts';
import type { DesiredRoute } from '../state/route.ts';
import { markOf } from './apply-addresses.ts';
import { NO_COLLATERAL } from './collateral.ts';
import type { Step } from './plan.ts';
import type { Site } from './site.ts';

/** `steps` are those carried out since the last time; those of earlier stages are remembered. */
export function putBack(site: Site, steps: readonly Step[]): void {
  for (const { difference } of steps)
    if (difference.observed !== null) site.meant.set(difference.observed, difference.desired);
  if (site.taken === NO_COLLATERAL) return;
  const { requests, taken, indexOf, ownership } = site;
  /** The item as it is to stand and under which mark; null where it is to be gone. */
  const finalOf = <Item extends { readonly protocol: number }, Desired>(
    item: Item,
  ): { readonly item: Item | Desired; readonly protocol: number } | null => {
    const desired = site.meant.get(item) as Desired | null | undefined;
    if (desired === undefined) return { item, protocol: item.protocol };
    return desired === null ? null : { item: desired, protocol: ownership.owner.protocol };
  };
  for (const address of taken.addresses) {
    const final = finalOf<typeof address, DesiredAddress>(address);
    if (final === null || indexOf(address.dev) === 0) continue;
    // A route of ours may prefer it as its source, which it cannot be while its uniqueness is being asked for.
    const nodad = ownership.owns(final) && markOf(site, address.dev).nodad;
    requests.addressAdd(null, final.item, indexOf(address.dev), { protocol: final.protocol, nodad });
  }
  for (const neighbour of taken.neighbours) {
    const final = finalOf<typeof neighbour, DesiredNeighbour>(neighbour);
    if (final === null || indexOf(neighbour.dev) === 0) continue;
    requests.neighbourReplace(null, final.item, indexOf(neighbour.dev), final.protocol);
  }
  const viaDevices = taken.routes.filter((route) => route.via === null);
  const viaGateways = taken.routes.filter((route) => route.via !== null);
  for (const route of [...viaDevices, ...viaGateways]) {
    const final = finalOf<typeof route, DesiredRoute>(route);
    if (final !== null) requests.routeAdd(null, final.item, final.protocol, indexOf, 'exclusive');
  }
  requests.flush();
  site.taken = NO_COLLATERAL;
}

/**
 * Puts back foreign neighbours of bridges whose hardware address changed: one that was never given its own takes that
 * of its ports, as they come and go, and its neighbours are lost. What of ours was lost shows when the kernel is read.
 */
export function putBackOnBridges(site: Site): void {
  const { observed, ownership, requests, meant } = site;
  const onBridges = observed.neighbours.filter(
    (neighbour) =>
      observed.links.get(neighbour.dev)?.kind === 'bridge' &&
      !neighbour.proxy &&
      !ownership.isExtraNeighbour(neighbour) &&
      !meant.has(neighbour),
  );
  if (onBridges.length === 0) return;
  const standing = new Map(readLinks(site.netns).map((link) => [link.name, link]));
  for (const neighbour of onBridges) {
    const link = standing.get(neighbour.dev);
    if (link === undefined || link.mac === observed.links.get(neighbour.dev)?.mac) continue;
    requests.neighbourReplace(null, neighbour, link.ifindex, neighbour.protocol);
  }
  requests.flush();
}
