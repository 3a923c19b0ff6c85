// Changes a route that stands: in one message where the kernel replaces the very one that is meant, else by making the
// new and deleting the old in one send.
import { type DesiredRoute, type ObservedRoute, sameRoute } from '../state/route.ts';
import type { Step } from './plan.ts';
import type { Site } from './site.ts';

/** `standing` is all that the kernel has at the route's key, in its order; `observed` is the one to change. */
export function changeRoute(
  site: Site,
  step: Step,
  desired: DesiredRoute,
  observed: ObservedRoute,
  standing: readonly ObservedRoute[],
): void {
  const { requests, indexOf, ownership } = site;
  const { protocol } = ownership.owner;
  const sole = standing.length === 1;
  const ipv4 = typeof desired.dst === 'number';
  if (sole && (ipv4 || hasGateway(desired) === hasGateway(observed))) {
    // IPv4 replaces the first of the key, whoever's; IPv6 the gateway or the device route of the key.
    requests.routeReplace(step, desired, protocol, indexOf);
    return;
  }
  if (!ipv4 && hasGateway(desired) && standing.some((other) => other !== observed && hasGateway(other))) {
    // The kernel would merge the new route into another's gateway group: it refuses this instead, and ours stays.
    requests.routeAdd(step, desired, protocol, indexOf, 'exclusive');
    return;
  }
  // Where the delete could match the new route as well, the old one goes first.
  const makeFirst = ipv4 && !sameRoute(desired, observed) && observed.mtu === desired.mtu;
  if (makeFirst) requests.routeAdd(step, desired, protocol, indexOf, 'first');
  requests.routeDelete(step, observed, observed.protocol, indexOf);
  if (!makeFirst) requests.routeAdd(step, desired, protocol, indexOf, 'first');
}

function hasGateway(route: DesiredRoute | ObservedRoute): boolean {
  return route.via !== null || (route.nexthops?.some((hop) => hop.via !== null) ?? false);
}
