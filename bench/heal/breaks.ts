// Ways to break one owned item from outside, and what the kernel tells when it is mended. The time is taken from before
// the breaking request to the event of the last thing mended.
import { writeFileSync } from 'node:fs';
import { ipv4ConfNumber } from '../../src/kernel/codec/devconf.ts';
import type { LinkChange } from '../../src/kernel/codec/link.ts';
import type { Told } from '../../src/kernel/monitor.ts';
import { readAddresses, readLinks } from '../../src/kernel/observe.ts';
import { readLink } from '../../src/kernel/observe-part.ts';
import { readRoutes } from '../../src/kernel/observe-routes.ts';
import { neighbourKey } from '../../src/state/neighbour.ts';
import { SELF } from '../../src/state/network.ts';
import { type DesiredRoute, routeKey } from '../../src/state/route.ts';
import { HOST } from './fabric.ts';
import type { Rival } from './rival.ts';

export interface Break {
  /** Done once this is empty and `isWhole` holds: what the kernel must tell, by keys of tellings. */
  readonly awaited: Set<string>;
  /** Asked again and again where events do not suffice. */
  readonly isWhole?: () => boolean;
}

/** Breaks a random item of one kind. */
export type Breaker = (rival: Rival) => Break;

/** What an event says is right again, in the keys that breaks await. */
export function tellings({ event, dev, netns }: Told): string[] {
  switch (event.kind) {
    case 'route':
      return event.gone ? [] : [`${netns} route ${routeKey(event.route)}`];
    case 'address':
      return event.gone ? [] : [`${netns} address ${dev}`];
    case 'neighbour':
      return event.gone ? [] : [`${netns} neighbour ${neighbourKey(event.neighbour)}`];
    case 'link': {
      if (event.gone) return [];
      const { link } = event;
      const at = `${netns} link ${link.name}`;
      const proxyArp = link.ipv4Conf?.[ipv4ConfNumber('proxy_arp')! - 1];
      return [
        `${at} up ${link.up}`,
        `${at} mtu ${link.mtu}`,
        `${at} mac ${link.mac}`,
        `${at} proxy_arp ${proxyArp}`,
      ];
    }
    default:
      return [];
  }
}

export const breakers: Readonly<Record<string, Breaker>> = {
  // What this machine's noise costs: nobody mends here, the rival only waits for the event of its own doing.
  'nothing (an own change and its event)': (rival) => {
    const mtu = 60_000 + rival.random(5000);
    rival.act(SELF, (requests, indexOf) => requests.linkSet(null, indexOf('lo'), { mtu }));
    return { awaited: new Set([`${SELF} link lo mtu ${mtu}`]) };
  },
  route: (rival) => {
    const route = rival.pick(rival.host.desired.routes.filter((r) => r.dev === 'ens192' && r.via !== null));
    rival.act(HOST, (requests, indexOf) => requests.routeDelete(null, route, rival.protocol, indexOf));
    return { awaited: new Set([routeTelling(HOST, route)]) };
  },
  address: (rival) => {
    const { netns, link } = rival.pickWorkload();
    const address = rival.at(netns).desired.addresses.find(({ dev }) => dev === link)!;
    rival.act(netns, (requests, indexOf) => requests.addressDelete(null, address, indexOf(address.dev)));
    return { awaited: new Set([`${netns} address ${link}`, ...routesBy(rival, netns, link)]) };
  },
  neighbour: (rival) => {
    const neighbour = rival.pick(rival.host.desired.neighbours);
    rival.act(HOST, (requests, indexOf) => requests.neighbourDelete(null, neighbour, indexOf(neighbour.dev)));
    return { awaited: new Set([`${HOST} neighbour ${neighbourKey(neighbour)}`]) };
  },
  'proxy_arp (/proc)': (rival) => {
    const { dev } = rival.pickWorkload();
    rival.netns(HOST).enter(() => writeFileSync(`/proc/sys/net/ipv4/conf/${dev}/proxy_arp`, '0'));
    return { awaited: new Set([`${HOST} link ${dev} proxy_arp 1`]) };
  },
  'proxy_arp (netlink)': (rival) => {
    const { dev } = rival.pickWorkload();
    return setLink(rival, dev, { ipv4Conf: new Map([[ipv4ConfNumber('proxy_arp')!, 0]]) }, 'proxy_arp 1');
  },
  mtu: (rival) => {
    const { dev } = rival.pickWorkload();
    return setLink(rival, dev, { mtu: 1300 + rival.random(100) }, 'mtu 1500');
  },
  mac: (rival) => {
    const { dev } = rival.pickWorkload();
    return setLink(rival, dev, { mac: '02:11:22:33:44:55' }, 'mac ee:ee:ee:ee:ee:ee');
  },
  'link down': (rival) => {
    const { dev } = rival.pickWorkload();
    const { awaited } = setLink(rival, dev, { up: false }, 'up true');
    return { awaited: new Set([...awaited, ...routesBy(rival, HOST, dev)]) };
  },
  'link deleted': (rival) => {
    const { netns, dev, link } = rival.pickWorkload();
    rival.act(HOST, (requests, indexOf) => requests.linkDelete(null, indexOf(dev)));
    const awaited = [`${HOST} link ${dev} proxy_arp 1`, `${netns} address ${link}`];
    return { awaited: new Set([...awaited, ...routesBy(rival, HOST, dev), ...routesBy(rival, netns, link)]) };
  },
  namespace: (rival) => {
    const { netns, dev, link } = rival.pickWorkload();
    rival.remove(netns);
    return { awaited: new Set(), isWhole: () => isWorkloadWhole(rival, netns, link, dev) };
  },
};

function setLink(rival: Rival, dev: string, change: LinkChange, healed: string): Break {
  rival.act(HOST, (requests, indexOf) => requests.linkSet(null, indexOf(dev), change));
  return { awaited: new Set([`${HOST} link ${dev} ${healed}`]) };
}

function routesBy(rival: Rival, netns: string, dev: string): string[] {
  return (rival.at(netns).devices.get(dev)?.routes ?? []).map((route) => routeTelling(netns, route));
}

function routeTelling(netns: string, route: DesiredRoute): string {
  return `${netns} route ${routeKey(route)}`;
}

/** Whether a namespace stands anew with its address and routes, and the host's end of its link with its own. */
function isWorkloadWhole(rival: Rival, name: string, link: string, dev: string): boolean {
  rival.machine.refresh();
  const netns = rival.machine.namespace(name);
  const host = rival.netns(HOST);
  const hostEnd = readLink(host, dev);
  if (netns === null || hostEnd === null) return false;
  const index = readLinks(netns).find((found) => found.name === link)?.ifindex;
  const wanted = rival.at(name).desired;
  return (
    index !== undefined &&
    hostEnd.up &&
    hostEnd.ipv4Conf?.[ipv4ConfNumber('proxy_arp')! - 1] === 1 &&
    readAddresses(netns, () => link, index).filter(({ protocol }) => protocol === rival.protocol).length ===
      wanted.addresses.length &&
    readRoutes(netns, () => link).filter(({ protocol }) => protocol === rival.protocol).length ===
      wanted.routes.length &&
    readRoutes(host, () => dev, hostEnd.ifindex).some(({ protocol }) => protocol === rival.protocol)
  );
}
