// The wires between simulated hosts: a bridge, and a veth from it to each host.
import { netnsOf } from '../model/host.ts';
import { emptyLink } from '../model/link.ts';
import { UNDERLAY_BRIDGE, type Underlay, wireName } from '../model/underlay.ts';
import { addLink, draftNamespace, type NetworkDraft } from './draft.ts';

/** Adds an underlay as far as the wires of the hosts that `touches` says yes to. */
export function expandUnderlay(
  draft: NetworkDraft,
  underlay: Underlay,
  touches: (host: string) => boolean,
): void {
  const wires = underlay.hosts.filter((host) => touches(host.name));
  if (wires.length === 0) return;
  const namespace = draftNamespace(draft, underlay.netns, underlay.place);
  // The kernel gives a bridge the smallest MTU of its ports; of all hosts, so that each slice says the same.
  const mtu = underlay.mtu ?? Math.min(...underlay.hosts.map((host) => host.uplink?.mtu ?? 1500));
  addLink(draft, namespace, { ...emptyLink(UNDERLAY_BRIDGE, underlay.place), kind: 'bridge', up: true, mtu });
  for (const host of wires) {
    const uplink = host.uplink!;
    const port = wireName(host.name);
    addLink(draft, namespace, {
      ...emptyLink(port, underlay.place),
      kind: 'veth',
      peer: { netns: netnsOf(host), name: uplink.dev },
      up: true,
      mtu: underlay.mtu ?? uplink.mtu,
      master: UNDERLAY_BRIDGE,
    });
    addLink(draft, draftNamespace(draft, netnsOf(host), host.place), {
      ...emptyLink(uplink.dev, uplink.place),
      kind: 'veth',
      peer: { netns: underlay.netns, name: port },
      up: true,
    });
  }
}
