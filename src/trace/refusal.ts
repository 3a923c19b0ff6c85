// Why the kernel has no way for a packet: its errno alone says little (EINVAL is a blackhole, a martian or rp_filter),
// so the namespace's state is asked which of its reasons holds, in the order in which the kernel comes upon them.
import { lookUpRoute, type RouteQuery } from '../kernel/lookup.ts';
import { containsIp, familyOf, formatIp, type Ip } from '../state/ip.ts';
import type { DesiredRoute, ObservedRoute, Route } from '../state/route.ts';
import { formatRouteKey, MAIN_TABLE } from '../state/route.ts';
import { formatProtocol, formatRouteType } from '../state/scope.ts';
import { deviceSysctlKey } from '../state/sysctl.ts';
import { sessionsFor } from './bgp.ts';
import { type Fault, ipRemedy, itemRef, routeTo, sysctlRemedy } from './fault.ts';
import type { World } from './world.ts';

/** Why a namespace drops a packet that came in by `iif` (empty: its own) when the kernel answers an errno. */
export function explainRefusal(world: World, netns: string, iif: string, query: RouteQuery): Fault {
  return (
    unroutable(world, netns, query.dst) ??
    (iif === ''
      ? null
      : (forwardingOff(world, netns, iif, query) ?? reversePath(world, netns, iif, query))) ??
    noRoute(world, netns, query.dst) ?? {
      code: 'refused',
      netns,
      dev: iif === '' ? null : iif,
      message: `the kernel refuses packets to ${formatIp(query.dst)}, and its routes do not show why`,
      items: [],
      remedy: {
        kind: 'advice',
        text: 'look at ip rule, and at nstat -az for a counter that grows',
      },
    }
  );
}

/** The route in force for an address by prefix and metric, tables other than `main` aside. */
export function bestRoute<R extends Route>(routes: readonly R[], dst: Ip): R | null {
  let best: R | null = null;
  for (const route of routes) {
    if (route.table !== MAIN_TABLE || familyOf(route.dst) !== familyOf(dst)) continue;
    if (!containsIp({ address: route.dst, length: route.dstLength }, dst)) continue;
    if (
      best === null ||
      route.dstLength > best.dstLength ||
      (route.dstLength === best.dstLength && route.metric < best.metric)
    )
      best = route;
  }
  return best;
}

/** Words of `ip route delete` for a route. */
export function deleteRoute(netns: string, route: ObservedRoute): ReturnType<typeof ipRemedy> {
  const family = familyOf(route.dst) === 6 ? ['-6'] : [];
  const type = route.type === 1 ? [] : [formatRouteType(route.type)];
  return ipRemedy(netns, ...family, 'route', 'delete', ...type, ...formatRouteKey(route).split(' '));
}

const dropping = { 6: 'blackhole', 7: 'unreachable', 8: 'prohibited' } as const;

function unroutable(world: World, netns: string, dst: Ip): Fault | null {
  const route = bestRoute(world.namespace(netns)?.routes ?? [], dst);
  const code = route === null ? undefined : dropping[route.type as keyof typeof dropping];
  if (route === null || code === undefined) return null;
  const items = [itemRef(netns, 'route', formatRouteKey(route)), routeTo(netns, dst)];
  const message = `the route ${formatRouteType(route.type)} ${formatRouteKey(route)} (proto ${formatProtocol(route.protocol)}) drops it`;
  return { code, netns, dev: null, message, items, remedy: deleteRoute(netns, route) };
}

function forwardingOff(world: World, netns: string, iif: string, query: RouteQuery): Fault | null {
  const family = familyOf(query.dst) === 4 ? 'ipv4' : 'ipv6';
  const own = deviceSysctlKey(family, 'conf', iif, 'forwarding');
  const whole = family === 'ipv4' ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding';
  const off =
    family === 'ipv4'
      ? world.conf(netns, iif, family, 'forwarding') === 0
      : world.setting(netns, 'net.ipv6.conf.all.forwarding') === 0;
  if (!off) return null;
  const router = world.setting(netns, whole) !== 0;
  const key = router ? own : whole;
  return {
    code: 'forwardingOff',
    netns,
    dev: iif,
    message: `${netns} does not forward what comes in by ${iif}: ${key} = 0`,
    items: [itemRef(netns, 'sysctl', key), itemRef(netns, 'sysctl', own)],
    remedy: sysctlRemedy(netns, key, '1'),
  };
}

/** rp_filter, and packets from an address of the receiver's own. */
function reversePath(world: World, netns: string, iif: string, query: RouteQuery): Fault | null {
  const { src } = query;
  if (src === null || typeof src !== 'number') return null;
  if (world.namespace(netns)?.addresses.some(({ address }) => address === src)) {
    return {
      code: 'martian',
      netns,
      dev: iif,
      message: `${netns} has ${formatIp(src)} itself, and drops what comes from there by ${iif}`,
      items: [],
      remedy: { kind: 'advice', text: 'give one of the two another address' },
    };
  }
  const back = refusesReversePath(world, netns, iif, src);
  if (back === null) return null;
  const key = rpFilterKey(world, netns, iif);
  return {
    code: 'rpFilter',
    netns,
    dev: iif,
    message: `rp_filter of ${iif} drops it: ${back} (${key} = ${rpFilter(world, netns, iif)})`,
    items: [routeTo(netns, src), itemRef(netns, 'sysctl', key)],
    remedy: sysctlRemedy(netns, key, '0'),
  };
}

/** Why rp_filter of a device refuses a source, as a clause; null where it does not. */
export function refusesReversePath(world: World, netns: string, iif: string, src: Ip): string | null {
  const mode = rpFilter(world, netns, iif);
  const opened = world.open(netns);
  if (mode === 0 || opened === null) return null;
  const { answer } = lookUpRoute(opened, { dst: src, src: null, iif: 0, oif: 0 });
  if (answer === null) return `there is no route back to ${formatIp(src)}`;
  const dev = world.linkByIndex(netns, answer.oif)?.name ?? '';
  if (mode === 2 || dev === iif) return null;
  return `the way back to ${formatIp(src)} is by ${dev}, not by ${iif}`;
}

/** The value in force: the larger of the device's and that of `all`. */
function rpFilter(world: World, netns: string, iif: string): number {
  return Math.max(
    world.conf(netns, iif, 'ipv4', 'rp_filter'),
    world.setting(netns, 'net.ipv4.conf.all.rp_filter'),
  );
}

/** The sysctl that makes the value in force. */
export function rpFilterKey(world: World, netns: string, iif: string): string {
  const own = world.conf(netns, iif, 'ipv4', 'rp_filter');
  return own >= world.setting(netns, 'net.ipv4.conf.all.rp_filter')
    ? deviceSysctlKey('ipv4', 'conf', iif, 'rp_filter')
    : 'net.ipv4.conf.all.rp_filter';
}

/** No route: and if a link that is down or gone took it, that link. */
function noRoute(world: World, netns: string, dst: Ip): Fault | null {
  if (bestRoute(world.namespace(netns)?.routes ?? [], dst) !== null) return null;
  const wanted = bestRoute<DesiredRoute>(world.desired.namespaces.get(netns)?.routes ?? [], dst);
  const items = wanted === null ? [] : [itemRef(netns, 'route', formatRouteKey(wanted))];
  const dev = wanted?.dev ?? wanted?.nexthops?.[0]?.dev ?? null;
  const link = dev === null ? null : world.link(netns, dev);
  if (dev !== null && link === null) {
    return {
      code: 'linkMissing',
      netns,
      dev,
      message: `${netns} has no link ${dev}, by which ${formatIp(dst)} would be reached`,
      items: [itemRef(netns, 'link', dev), ...items],
      remedy: null,
    };
  }
  if (dev !== null && link !== null && !link.up) return linkDown(netns, dev, items);
  const message = `${netns} has no route to ${formatIp(dst)}`;
  const fault = { code: 'noRoute', netns, dev: null, message, items, remedy: null } as const;
  if (wanted !== null) return fault;
  const sessions = sessionsFor(world, netns, dst);
  return sessions === null
    ? { ...fault, message: `${message}; the topology asks for none` }
    : { ...fault, message: `${message}; BGP has brought none`, items: sessions };
}

/** A link that is down, with the items that went with it. */
export function linkDown(netns: string, dev: string, items: Fault['items'] = []): Fault {
  return {
    code: 'linkDown',
    netns,
    dev,
    message: `${dev} in ${netns} is down, and the kernel took its routes`,
    items: [itemRef(netns, 'link', dev), ...items],
    remedy: ipRemedy(netns, 'link', 'set', 'dev', dev, 'up'),
  };
}
