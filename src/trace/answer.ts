// Who answers on the wire: whether a device replies to "who has ADDRESS", decided as the kernel's arp_process and
// ndisc_recv_ns decide it, with the kernel's own route lookup in the place where they make one.
import { lookUpRoute } from '../kernel/lookup.ts';
import { familyOf, formatIp, type Ip } from '../state/ip.ts';
import type { LinkEnd } from '../state/link.ts';
import { deviceSysctlKey } from '../state/sysctl.ts';
import { type Fault, type FaultCode, ipRemedy, itemRef, routeTo, sysctlRemedy } from './fault.ts';
import { bestRoute, deleteRoute, refusesReversePath, rpFilterKey } from './refusal.ts';
import type { World } from './world.ts';

/** An answer, how it comes about, or why none does. */
export type Answer =
  | { readonly answers: true; readonly how: 'address'; readonly by: null }
  /** In another's stead; `by` is the device of the route that makes the kernel do it. */
  | { readonly answers: true; readonly how: 'proxy'; readonly by: string }
  | { readonly answers: false; readonly fault: Fault };

/** Whether the device answers who asks, from `asker` (null: from no address), for `target`. */
export function decideAnswer(world: World, at: LinkEnd, target: Ip, asker: Ip | null): Answer {
  return familyOf(target) === 4
    ? decideArp(world, at, target, asker)
    : decideNeighbourDiscovery(world, at, target);
}

const TYPE_UNICAST = 1;
const TYPE_LOCAL = 2;

function decideArp(world: World, at: LinkEnd, target: Ip, asker: Ip | null): Answer {
  const { netns, name: dev } = at;
  const opened = world.open(netns);
  const link = world.link(netns, dev);
  if (opened === null || link === null) return silent(at, 'noAnswer', `${netns} has no link ${dev}`);
  const { answer } = lookUpRoute(opened, { dst: target, src: asker, iif: link.ifindex, oif: 0 });
  if (answer?.type === TYPE_LOCAL) return decideLocal(world, at, target);
  const proxies =
    world.conf(netns, dev, 'ipv4', 'proxy_arp') !== 0 ||
    world.setting(netns, 'net.ipv4.conf.all.proxy_arp') !== 0;
  const entry = world
    .namespace(netns)
    ?.neighbours.some((neighbour) => neighbour.proxy && neighbour.dev === dev && neighbour.dst === target);
  const by = answer === null ? '' : (world.linkByIndex(netns, answer.oif)?.name ?? '');
  if (!proxies && !entry) {
    // Only of a router, or where the topology says so, is it a fault not to answer for others.
    const wanted = world.desired.namespaces.get(netns)?.sysctls.get(proxyArpKey(dev))?.value === '1';
    return wanted || (answer?.type === TYPE_UNICAST && by !== dev)
      ? proxyArpOff(at, target)
      : notHere(at, target);
  }
  if (answer === null) return explainSilence(world, at, target, asker);
  if (answer.type !== TYPE_UNICAST || by === dev) return routeBack(world, at, target);
  return { answers: true, how: 'proxy', by };
}

/** The address is the namespace's own: every device answers for it unless arp_ignore says otherwise. */
function decideLocal(world: World, at: LinkEnd, target: Ip): Answer {
  const ignore = world.conf(at.netns, at.name, 'ipv4', 'arp_ignore');
  const here = world
    .namespace(at.netns)
    ?.addresses.some(({ dev, address }) => dev === at.name && address === target);
  if (ignore === 0 || here) return { answers: true, how: 'address', by: null };
  const key = deviceSysctlKey('ipv4', 'conf', at.name, 'arp_ignore');
  return silent(
    at,
    'arpIgnore',
    `${at.name} in ${at.netns} does not answer for ${formatIp(target)}: ${key} = ${ignore}`,
    {
      items: [itemRef(at.netns, 'sysctl', key)],
      remedy: sysctlRemedy(at.netns, key, '0'),
    },
  );
}

function proxyArpKey(dev: string): string {
  return deviceSysctlKey('ipv4', 'conf', dev, 'proxy_arp');
}

function notHere(at: LinkEnd, target: Ip): Answer {
  const message = `${at.name} in ${at.netns} does not answer for ${formatIp(target)}: ${at.netns} does not have that address`;
  return silent(at, 'noAnswer', message);
}

function proxyArpOff(at: LinkEnd, target: Ip): Answer {
  const key = proxyArpKey(at.name);
  const message = `${at.name} in ${at.netns} does not answer for ${formatIp(target)}: ${key} = 0`;
  return silent(at, 'proxyArpOff', message, {
    items: [itemRef(at.netns, 'sysctl', key)],
    remedy: sysctlRemedy(at.netns, key, '1'),
  });
}

/** The kernel's lookup for the address asked for failed: it stays silent, for one of five reasons. */
function explainSilence(world: World, at: LinkEnd, target: Ip, asker: Ip | null): Answer {
  const { netns, name: dev } = at;
  const who = `${dev} in ${netns} does not answer for ${formatIp(target)}`;
  const routes = world.namespace(netns)?.routes ?? [];
  const route = bestRoute(routes, target);
  if (route !== null && route.type >= 6 && route.type <= 8) {
    const code: FaultCode = route.type === 6 ? 'proxyArpBlackhole' : 'proxyArpUnreachable';
    const word = route.type === 6 ? 'a blackhole' : route.type === 7 ? 'unreachable' : 'prohibited';
    return silent(
      at,
      code,
      `${who}: the host's own route to it is ${word}, and proxy ARP needs one by another device`,
      {
        items: [routeTo(netns, target)],
        remedy: deleteRoute(netns, route),
      },
    );
  }
  if (world.conf(netns, dev, 'ipv4', 'forwarding') === 0) {
    const own = deviceSysctlKey('ipv4', 'conf', dev, 'forwarding');
    const key = world.setting(netns, 'net.ipv4.ip_forward') === 0 ? 'net.ipv4.ip_forward' : own;
    return silent(at, 'proxyArpForwardingOff', `${who}: ${own} = 0`, {
      items: [itemRef(netns, 'sysctl', key), itemRef(netns, 'sysctl', own)],
      remedy: sysctlRemedy(netns, key, '1'),
    });
  }
  if (route === null) {
    return silent(
      at,
      'proxyArpNoRoute',
      `${who}: ${netns} has no route to it, and proxy ARP needs one by another device`,
      {
        items: [routeTo(netns, target)],
        remedy: gatewayRoute(world, at, target),
      },
    );
  }
  const back = asker === null ? null : refusesReversePath(world, netns, dev, asker);
  if (asker !== null && back !== null) {
    const key = rpFilterKey(world, netns, dev);
    return silent(at, 'proxyArpRpFilter', `${who}: rp_filter refuses ${formatIp(asker)}, ${back} (${key})`, {
      items: [routeTo(netns, asker), itemRef(netns, 'sysctl', key)],
      remedy: sysctlRemedy(netns, key, '0'),
    });
  }
  return silent(at, 'noAnswer', `${who}, and its routes do not show why`);
}

function routeBack(world: World, at: LinkEnd, target: Ip): Answer {
  const message = `${at.name} in ${at.netns} does not answer for ${formatIp(target)}: the host's own route to it leads back by ${at.name}, and proxy ARP needs one by another device`;
  return silent(at, 'proxyArpRouteBack', message, {
    items: [routeTo(at.netns, target)],
    remedy: gatewayRoute(world, at, target),
  });
}

/** The route that makes the kernel answer: by any device that is up but the one that is asked. */
function gatewayRoute(world: World, at: LinkEnd, target: Ip): Fault['remedy'] {
  const veths = new Set(world.namespace(at.netns)?.routes.map((route) => route.dev));
  const other = [...(world.namespace(at.netns)?.links.values() ?? [])].find(
    (link) =>
      link.up &&
      link.name !== at.name &&
      link.name !== 'lo' &&
      veths.has(link.name) &&
      !hasProxyArp(link.name),
  );
  if (other === undefined) {
    const text = `give ${at.netns} a route to ${formatIp(target)} by a device other than ${at.name} and lo: a bridge without ports will do`;
    return { kind: 'advice', text };
  }
  return ipRemedy(at.netns, 'route', 'add', `${formatIp(target)}/32`, 'dev', other.name, 'scope', 'link');

  function hasProxyArp(dev: string): boolean {
    return world.conf(at.netns, dev, 'ipv4', 'proxy_arp') !== 0;
  }
}

function decideNeighbourDiscovery(world: World, at: LinkEnd, target: Ip): Answer {
  const { netns, name: dev } = at;
  const namespace = world.namespace(netns);
  if (namespace?.addresses.some((held) => held.dev === dev && held.address === target))
    return { answers: true, how: 'address', by: null };
  const who = `${dev} in ${netns} does not answer for ${formatIp(target)}`;
  const listed = namespace?.neighbours.some(
    (neighbour) => neighbour.proxy && neighbour.dev === dev && neighbour.dst === target,
  );
  const key = deviceSysctlKey('ipv6', 'conf', dev, 'proxy_ndp');
  if (!listed) {
    return silent(at, 'noAnswer', `${who}: it has no such address, and no proxy entry for it`, {
      items: [itemRef(netns, 'neighbour', `${dev} ${formatIp(target)} proxy`), itemRef(netns, 'link', dev)],
      remedy: ipRemedy(netns, '-6', 'neighbour', 'add', 'proxy', formatIp(target), 'dev', dev),
    });
  }
  const off = [key, deviceSysctlKey('ipv6', 'conf', dev, 'forwarding')].find(
    (name) => world.conf(netns, dev, 'ipv6', name.slice(name.lastIndexOf('.') + 1)) === 0,
  );
  if (off === undefined) return { answers: true, how: 'proxy', by: dev };
  const code: FaultCode = off === key ? 'proxyArpOff' : 'proxyArpForwardingOff';
  return silent(at, code, `${who}: ${off} = 0`, {
    items: [itemRef(netns, 'sysctl', off)],
    remedy: sysctlRemedy(netns, off, '1'),
  });
}

function silent(
  at: LinkEnd,
  code: FaultCode,
  message: string,
  mend: Partial<Pick<Fault, 'items' | 'remedy'>> = {},
): Answer {
  const { items = [], remedy = null } = mend;
  return { answers: false, fault: { code, netns: at.netns, dev: at.name, message, items, remedy } };
}
