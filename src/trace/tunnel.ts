// Tunnels: to which host a VXLAN or IPIP device wraps a packet, and which device there unwraps it.
import type { NeighbourEntry } from '../kernel/lookup.ts';
import { formatIp, type Ip } from '../state/ip.ts';
import type { LinkEnd, ObservedLink } from '../state/link.ts';
import { type Fault, ipRemedy, itemRef } from './fault.ts';
import type { World } from './world.ts';

export function isTunnel(link: ObservedLink): boolean {
  return link.kind === 'vxlan' || link.kind === 'ipip';
}

/** The address the packet goes to wrapped, or why there is none. */
export function tunnelRemote(
  world: World,
  netns: string,
  link: ObservedLink,
  next: Ip,
  entry: NeighbourEntry | null,
): { readonly address: Ip } | Fault {
  // Without a far end of its own, as tunl0 is, the gateway of an onlink route is the far host.
  if (link.settings?.kind === 'ipip') return { address: link.settings.remote ?? next };
  const mac = entry?.mac ?? null;
  if (mac === null) {
    return {
      code: 'noAnswer',
      netns,
      dev: link.name,
      message: `${link.name} in ${netns} has no neighbour entry for ${formatIp(next)}, so it knows no host to wrap the packet for`,
      items: [itemRef(netns, 'neighbour', `${link.name} ${formatIp(next)}`)],
      remedy: null,
    };
  }
  const forwarding = world
    .namespace(netns)
    ?.fdb.find((held) => held.dev === link.name && held.mac === mac && held.dst !== null);
  if (forwarding?.dst != null) return { address: forwarding.dst };
  const wanted = world.desired.namespaces
    .get(netns)
    ?.fdb.find((entry_) => entry_.dev === link.name && entry_.mac === mac);
  return {
    code: 'noTunnel',
    netns,
    dev: link.name,
    message: `${link.name} in ${netns} has no forwarding entry for ${mac}, so it knows no host to wrap the packet for`,
    items: wanted?.dst == null ? [] : [itemRef(netns, 'fdb', `${link.name} ${mac} ${formatIp(wanted.dst)}`)],
    remedy: null,
  };
}

/** The device of the far host that unwraps the packet. */
export function findTunnelEnd(
  world: World,
  netns: string,
  near: ObservedLink,
  mac: string | null,
): LinkEnd | Fault {
  const same = [...(world.namespace(netns)?.links.values() ?? [])].filter((link) => link.kind === near.kind);
  const found = same.find((link) => link.up && (near.kind !== 'vxlan' || link.mac === mac));
  if (found !== undefined) return { netns, name: found.name };
  const [down] = same;
  const base = { netns, items: [itemRef(netns, 'link', down?.name ?? near.name)] };
  if (down === undefined) {
    const message = `${netns} has no ${near.kind} link to unwrap the packet`;
    return { ...base, code: 'noTunnel', dev: null, message, remedy: null };
  }
  if (!down.up) {
    const remedy = ipRemedy(netns, 'link', 'set', 'dev', down.name, 'up');
    return { ...base, code: 'linkDown', dev: down.name, message: `${down.name} in ${netns} is down`, remedy };
  }
  return {
    ...base,
    code: 'wrongMac',
    dev: down.name,
    message: `the packet is addressed to ${mac ?? 'nobody'}, and ${down.name} in ${netns} has ${down.mac}`,
    remedy: null,
  };
}
