// A host's own items: its uplink, forwarding, and the route by which the kernel answers ARP for the gateway.
import { familyOf, type Ip } from '../../state/ip.ts';
import type { Place } from '../../state/place.ts';
import { DEFAULT_GATEWAY, GATEWAY_BRIDGE } from '../model/calico.ts';
import { type Host, netnsOf, type Uplink } from '../model/host.ts';
import { emptyLink, plainAddress } from '../model/link.ts';
import { gatewayOf, hasFamily, type Workload } from '../model/workload.ts';
import {
  addAddress,
  addLink,
  addRoute,
  addSysctl,
  draftNamespace,
  type NamespaceDraft,
  type NetworkDraft,
} from './draft.ts';
import { blackholeRoute, defaultPrefix, deviceRoute, hostPrefix, routeVia } from './route.ts';
import { withoutDad } from './sysctl.ts';

/** Adds a host with the gateways of the workloads that run there. */
export function expandHost(draft: NetworkDraft, host: Host, workloads: readonly Workload[]): void {
  const namespace = draftNamespace(draft, netnsOf(host), host.place);
  namespace.manage = host.manage;
  if (host.netns !== null)
    addLink(draft, namespace, { ...emptyLink('lo', host.place), kind: 'existing', up: true });
  if (host.uplink !== null) expandUplink(draft, namespace, host, host.uplink);
  addSysctl(draft, namespace, { key: 'net.ipv4.ip_forward', value: '1', source: host.place });
  if (workloads.some((workload) => hasFamily(workload, 6)))
    addSysctl(draft, namespace, { key: 'net.ipv6.conf.all.forwarding', value: '1', source: host.place });
  expandGateways(draft, namespace, host, workloads);
  for (const block of host.blocks) addRoute(draft, namespace, blackholeRoute(block, block.place));
}

/** On a simulated host the uplink is configured; on a real machine it is only referred to. */
function expandUplink(draft: NetworkDraft, namespace: NamespaceDraft, host: Host, uplink: Uplink): void {
  const link = emptyLink(uplink.dev, uplink.place);
  if (host.netns === null) {
    addLink(draft, namespace, { ...link, kind: 'existing' });
    return;
  }
  addLink(draft, namespace, { ...link, mtu: uplink.mtu });
  for (const address of uplink.addresses) addAddress(draft, namespace, plainAddress(uplink.dev, address));
  // A router asks for neighbours from its link-local address, which must not be tentative then.
  if (uplink.addresses.some(({ address }) => familyOf(address) === 6))
    addSysctl(draft, namespace, withoutDad(uplink.dev, uplink.place));
  if (uplink.gateway === null) return;
  const dst = defaultPrefix(uplink.gateway);
  addRoute(draft, namespace, routeVia(dst, uplink.gateway, uplink.dev, uplink.place));
}

/** A unicast route to each gateway by another device than the veths, without which proxy ARP stays silent. */
function expandGateways(
  draft: NetworkDraft,
  namespace: NamespaceDraft,
  host: Host,
  workloads: readonly Workload[],
): void {
  const gateways = new Map<Ip, Place>();
  if (workloads.length === 0) gateways.set(DEFAULT_GATEWAY, host.uplink?.place ?? host.place);
  for (const workload of workloads) {
    if (workload.gatewayMode !== 'proxy-arp' || !hasFamily(workload, 4)) continue;
    const gateway = gatewayOf(workload, 4);
    if (!gateways.has(gateway)) gateways.set(gateway, host.uplink?.place ?? workload.place);
  }
  for (const [gateway, place] of gateways) {
    if (familyOf(gateway) === 6) continue;
    const dev = host.uplink?.dev ?? GATEWAY_BRIDGE;
    if (host.uplink === null)
      addLink(draft, namespace, { ...emptyLink(dev, place), kind: 'bridge', up: true });
    addRoute(draft, namespace, deviceRoute(hostPrefix(gateway), dev, place));
  }
}
