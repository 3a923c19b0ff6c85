// A workload's items on its own host, as Calico makes them: its namespace and veth, the gateway inside, and the route to it.
import { familyOf, formatIp, type Ip } from '../../state/ip.ts';
import { deviceSysctlKey } from '../../state/sysctl.ts';
import { netnsOf } from '../model/host.ts';
import { emptyLink, plainAddress } from '../model/link.ts';
import { gatewayOf, hasFamily, type Workload } from '../model/workload.ts';
import {
  addAddress,
  addLink,
  addNeighbour,
  addRoute,
  addSysctl,
  draftNamespace,
  type NamespaceDraft,
  type NetworkDraft,
} from './draft.ts';
import { defaultPrefix, deviceRoute, hostPrefix, routeVia } from './route.ts';
import { withoutDad } from './sysctl.ts';

/** Adds a workload on its own host: the namespace with all that is inside, and the host's end. */
export function expandWorkload(draft: NetworkDraft, workload: Workload): void {
  const inside = draftNamespace(draft, workload.netns, workload.place);
  const outside = draftNamespace(draft, netnsOf(workload.host), workload.host.place);
  const { ifname, dev, mtu, place } = workload;
  const end = { ...emptyLink(dev, place), kind: 'veth', up: true, mtu } as const;
  addLink(draft, inside, { ...emptyLink('lo', place), kind: 'existing', up: true });
  addLink(draft, inside, { ...end, name: ifname, peer: { netns: outside.name, name: dev } });
  addLink(draft, outside, { ...end, mac: workload.mac, peer: { netns: inside.name, name: ifname } });
  for (const address of workload.addresses) {
    addAddress(draft, inside, plainAddress(ifname, { ...address, place }));
    addRoute(draft, outside, deviceRoute(hostPrefix(address.address), dev, place));
  }
  if (hasFamily(workload, 4)) expandIpv4(draft, inside, outside, workload);
  if (hasFamily(workload, 6)) expandIpv6(draft, inside, outside, workload);
}

function expandIpv4(
  draft: NetworkDraft,
  inside: NamespaceDraft,
  outside: NamespaceDraft,
  workload: Workload,
): void {
  const { dev, place, gatewayMode } = workload;
  const gateway = gatewayOf(workload, 4);
  addGatewayInside(draft, inside, workload, gateway);
  if (gatewayMode === 'proxy-arp') {
    addSysctl(draft, outside, {
      key: deviceSysctlKey('ipv4', 'conf', dev, 'proxy_arp'),
      value: '1',
      source: place,
    });
    addSysctl(draft, outside, {
      key: deviceSysctlKey('ipv4', 'neigh', dev, 'proxy_delay'),
      value: '0',
      source: place,
    });
  } else if (gatewayMode === 'address') {
    addAddress(draft, outside, plainAddress(dev, { ...hostPrefix(gateway), place }));
  }
  addSysctl(draft, outside, {
    key: deviceSysctlKey('ipv4', 'conf', dev, 'forwarding'),
    value: '1',
    source: place,
  });
}

/** In IPv6 the host's end has the gateway's address of its own, unless the file names another. */
function expandIpv6(
  draft: NetworkDraft,
  inside: NamespaceDraft,
  outside: NamespaceDraft,
  workload: Workload,
): void {
  const { dev, place, gatewayMode } = workload;
  const gateway = gatewayOf(workload, 6);
  const stated = workload.gateway === gateway;
  addGatewayInside(draft, inside, workload, gateway);
  if (gatewayMode === 'proxy-arp') {
    addSysctl(draft, outside, {
      key: deviceSysctlKey('ipv6', 'conf', dev, 'proxy_ndp'),
      value: '1',
      source: place,
    });
    addSysctl(draft, outside, {
      key: deviceSysctlKey('ipv6', 'neigh', dev, 'proxy_delay'),
      value: '0',
      source: place,
    });
    if (stated) {
      addNeighbour(draft, outside, {
        dev,
        dst: gateway,
        mac: null,
        proxy: true,
        adopt: false,
        source: place,
      });
    }
  } else if (gatewayMode === 'address' && stated) {
    addAddress(draft, outside, plainAddress(dev, { ...hostPrefix(gateway), place }));
  }
  addSysctl(draft, outside, {
    key: deviceSysctlKey('ipv6', 'conf', dev, 'forwarding'),
    value: '1',
    source: place,
  });
  addSysctl(draft, outside, withoutDad(dev, place));
  addSysctl(draft, inside, withoutDad(workload.ifname, place));
}

function addGatewayInside(
  draft: NetworkDraft,
  inside: NamespaceDraft,
  workload: Workload,
  gateway: Ip,
): void {
  const { ifname, mac, place, gatewayMode } = workload;
  const onLink = familyOf(gateway) === 6 && formatIp(gateway).startsWith('fe80:');
  if (!onLink) addRoute(draft, inside, deviceRoute(hostPrefix(gateway), ifname, place));
  addRoute(draft, inside, routeVia(defaultPrefix(gateway), gateway, ifname, place));
  if (gatewayMode === 'neighbour') {
    addNeighbour(draft, inside, {
      dev: ifname,
      dst: gateway,
      mac,
      proxy: false,
      adopt: false,
      source: place,
    });
  }
}
