// Wires: which ends a frame that leaves by a device can reach, through veths and the bridges they are ports of.
import type { LinkEnd, ObservedLink } from '../state/link.ts';
import { type Fault, ipRemedy, itemRef } from './fault.ts';
import { linkDown } from './refusal.ts';
import type { World } from './world.ts';

/** An end of the wire, with what lies between. */
export interface FarEnd {
  readonly end: LinkEnd;
  /** Bridges on the way. */
  readonly bridges: readonly LinkEnd[];
  /** Bytes: the largest packet that every device on the way takes. */
  readonly mtu: number;
  /** The device that takes no more. */
  readonly narrowest: LinkEnd;
}

/** Every end that a frame sent out by a device reaches; down links end it. */
export function farEnds(world: World, from: LinkEnd): FarEnd[] {
  const start = linkAt(world, from);
  if (start === null) return [];
  const seen = new Set<string>([keyOf(from)]);
  if (start.kind === 'bridge')
    return portsOf(world, from, { mtu: start.mtu, narrowest: from, bridges: [from] }, seen);
  return crossVeth(world, from, { mtu: start.mtu, narrowest: from, bridges: [] }, seen);
}

/** What lies behind so far. */
type Behind = Omit<FarEnd, 'end'>;

function crossVeth(world: World, from: LinkEnd, behind: Behind, seen: Set<string>): FarEnd[] {
  const near = linkAt(world, from);
  const peer = near?.peer ?? null;
  const far = peer === null ? null : linkAt(world, peer);
  if (near === null || peer === null || far === null || !near.up || !far.up || seen.has(keyOf(peer)))
    return [];
  seen.add(keyOf(peer));
  const next = narrower(behind, peer, far);
  if (far.master === null) return [{ end: peer, ...next }];
  const bridge: LinkEnd = { netns: peer.netns, name: far.master };
  const link = linkAt(world, bridge);
  if (link === null || !link.up) return [];
  const through: Behind = { ...next, bridges: [...next.bridges, bridge] };
  return [{ end: bridge, ...through }, ...portsOf(world, bridge, through, seen)];
}

function portsOf(world: World, bridge: LinkEnd, behind: Behind, seen: Set<string>): FarEnd[] {
  const ends: FarEnd[] = [];
  for (const port of world.namespace(bridge.netns)?.links.values() ?? []) {
    const end = { netns: bridge.netns, name: port.name };
    if (port.master !== bridge.name || !port.up || seen.has(keyOf(end))) continue;
    seen.add(keyOf(end));
    ends.push(...crossVeth(world, end, narrower(behind, end, port), seen));
  }
  return ends;
}

function narrower(behind: Behind, end: LinkEnd, link: ObservedLink): Behind {
  return link.mtu < behind.mtu ? { ...behind, mtu: link.mtu, narrowest: end } : behind;
}

/** What keeps a device from sending at all; null where nothing does. */
export function deadWire(world: World, netns: string, dev: string): Fault | null {
  const link = world.link(netns, dev);
  if (link === null || !link.up) return linkDown(netns, dev);
  if (link.carrier) return null;
  const wanted = world.desired.namespaces.get(netns)?.links.get(dev)?.spec;
  const far = link.peer ?? (wanted?.kind === 'veth' ? wanted.peer : null);
  if (far === null) {
    const text =
      link.kind === 'bridge' ? 'bring one of its ports up' : 'look at the cable, or at the far end';
    const message = `${dev} in ${netns} has no carrier`;
    const items = [itemRef(netns, 'link', dev)];
    return { code: 'noCarrier', netns, dev, message, items, remedy: { kind: 'advice', text } };
  }
  return {
    code: 'noCarrier',
    netns,
    dev,
    message: `${dev} in ${netns} has no carrier: its far end, ${far.name} in ${far.netns}, is down`,
    items: [itemRef(far.netns, 'link', far.name), itemRef(netns, 'link', dev)],
    remedy: ipRemedy(far.netns, 'link', 'set', 'dev', far.name, 'up'),
  };
}

/** A veth that leads elsewhere than the topology says; null where it does not. */
export function wrongPeer(world: World, from: LinkEnd): Fault | null {
  const wanted = world.desired.namespaces.get(from.netns)?.links.get(from.name)?.spec;
  const peer = linkAt(world, from)?.peer ?? null;
  if (wanted?.kind !== 'veth' || peer === null || keyOf(peer) === keyOf(wanted.peer)) return null;
  return {
    code: 'wrongPeer',
    netns: from.netns,
    dev: from.name,
    message: `${from.name} in ${from.netns} leads to ${peer.name} in ${peer.netns}; the topology says ${wanted.peer.name} in ${wanted.peer.netns}`,
    items: [itemRef(from.netns, 'link', from.name), itemRef(wanted.peer.netns, 'link', wanted.peer.name)],
    remedy: ipRemedy(from.netns, 'link', 'delete', 'dev', from.name),
  };
}

/** Packets that one end sends and an end or bridge port on the way drops without a word; null where all fit. */
export function mtuHole(world: World, from: LinkEnd, far: FarEnd): Fault | null {
  const near = linkAt(world, from);
  if (near === null || far.mtu >= near.mtu) return null;
  const { netns, name } = far.narrowest;
  const sender = `${from.name} in ${from.netns} sends up to ${near.mtu} bytes`;
  return {
    code: 'mtuHole',
    netns,
    dev: name,
    message: `${sender}, and ${name} in ${netns} takes ${far.mtu}: what is larger is lost without a word`,
    items: [itemRef(netns, 'link', name), itemRef(from.netns, 'link', from.name)],
    remedy: ipRemedy(netns, 'link', 'set', 'dev', name, 'mtu', near.mtu),
  };
}

function linkAt(world: World, end: LinkEnd): ObservedLink | null {
  return world.link(end.netns, end.name);
}

function keyOf(end: LinkEnd): string {
  return `${end.netns} ${end.name}`;
}
