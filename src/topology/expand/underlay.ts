// The wires between simulated hosts: bridges, a veth from them to each host, and the router that joins several.
import { familyOf } from '../../state/ip.ts';
import { type Host, netnsOf } from '../model/host.ts';
import { emptyLink, plainAddress } from '../model/link.ts';
import { type Segment, type Underlay, wireName } from '../model/underlay.ts';
import {
  addAddress,
  addLink,
  addSysctl,
  draftNamespace,
  type NamespaceDraft,
  type NetworkDraft,
} from './draft.ts';
import { withoutDad } from './sysctl.ts';

/** Adds an underlay as far as the wires of the hosts that `touches` says yes to. */
export function expandUnderlay(
  draft: NetworkDraft,
  underlay: Underlay,
  touches: (host: string) => boolean,
): void {
  if (!underlay.hosts.some((host) => touches(host.name))) return;
  const namespace = draftNamespace(draft, underlay.netns, underlay.place);
  // The kernel gives a bridge the smallest MTU of its ports; of all hosts, so that each slice says the same.
  const mtu = underlay.mtu ?? Math.min(...underlay.hosts.map((host) => host.uplink?.mtu ?? 1500));
  for (const segment of underlay.segments) {
    const bridge = { ...emptyLink(segment.bridge, underlay.place), up: true, mtu };
    addLink(draft, namespace, { ...bridge, kind: 'bridge' });
    if (segment.gateway !== null) expandRouter(draft, namespace, segment, segment.gateway);
    for (const host of segment.hosts) {
      if (touches(host.name)) expandWire(draft, namespace, underlay, segment, host);
    }
  }
}

/** The underlay's own address on a segment, by which its hosts reach the others. */
function expandRouter(
  draft: NetworkDraft,
  namespace: NamespaceDraft,
  { bridge }: Segment,
  gateway: NonNullable<Segment['gateway']>,
): void {
  const source = gateway.place;
  addAddress(draft, namespace, plainAddress(bridge, gateway));
  const key = familyOf(gateway.address) === 4 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding';
  addSysctl(draft, namespace, { key, value: '1', source });
  if (familyOf(gateway.address) === 6) addSysctl(draft, namespace, withoutDad(bridge, source));
}

function expandWire(
  draft: NetworkDraft,
  namespace: NamespaceDraft,
  underlay: Underlay,
  { bridge }: Segment,
  host: Host,
): void {
  const uplink = host.uplink!;
  const port = wireName(host.name);
  addLink(draft, namespace, {
    ...emptyLink(port, underlay.place),
    kind: 'veth',
    peer: { netns: netnsOf(host), name: uplink.dev },
    up: true,
    mtu: underlay.mtu ?? uplink.mtu,
    master: bridge,
  });
  addLink(draft, draftNamespace(draft, netnsOf(host), host.place), {
    ...emptyLink(uplink.dev, uplink.place),
    kind: 'veth',
    peer: { netns: underlay.netns, name: port },
    up: true,
  });
}
