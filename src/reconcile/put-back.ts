// Puts back what steps took along, as it was: with its own owner's mark, not ours.
import { NO_COLLATERAL } from './collateral.ts';
import type { Step } from './plan.ts';
import type { Site } from './site.ts';

/** What the steps themselves changed or deleted is not put back. */
export function putBack(site: Site, steps: readonly Step[]): void {
  if (site.taken === NO_COLLATERAL) return;
  const { requests, taken, indexOf } = site;
  const meant = new Set<unknown>(steps.map((step) => step.difference.observed));
  for (const address of taken.addresses) {
    if (meant.has(address) || indexOf(address.dev) === 0) continue;
    requests.addressAdd(null, address, indexOf(address.dev), { protocol: address.protocol, nodad: false });
  }
  for (const neighbour of taken.neighbours) {
    if (meant.has(neighbour) || indexOf(neighbour.dev) === 0) continue;
    requests.neighbourReplace(null, neighbour, indexOf(neighbour.dev), neighbour.protocol);
  }
  const viaDevices = taken.routes.filter((route) => route.via === null);
  const viaGateways = taken.routes.filter((route) => route.via !== null);
  for (const route of [...viaDevices, ...viaGateways]) {
    if (!meant.has(route)) requests.routeAdd(null, route, route.protocol, indexOf, 'exclusive');
  }
  requests.flush();
  site.taken = NO_COLLATERAL;
}
