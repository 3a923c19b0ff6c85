// Random topologies, valid by construction: independent sketches of every part, put together so that each route has
// a router, each wire two ends, and nothing is said twice. Shrinking a sketch leaves a valid topology.
import fc from 'fast-check';
import { stringify } from 'yaml';
import { buildFabric, type FabricSketch, fabricSketch } from './fabric.ts';
import { type BuiltLink, buildLink, buildLoopback, type LinkSketch, linkSketch } from './link.ts';
import { existingSlot, foundNames, type Slot, slots, type Tree, writtenNames } from './places.ts';
import { buildRoutes, type RouteSketch, routeSketch } from './route.ts';

interface CableSketch {
  readonly near: number;
  readonly far: number;
  /** Which ends are written out; the other is implied. */
  readonly written: 'near' | 'both';
}

export interface Sketch {
  readonly protocol: number | null;
  readonly cables: readonly CableSketch[];
  readonly bridges: readonly boolean[];
  readonly links: readonly LinkSketch[];
  readonly existing: LinkSketch | null;
  readonly loopbacks: readonly (LinkSketch | null)[];
  readonly routes: readonly (readonly RouteSketch[])[];
  readonly sysctls: readonly Tree[];
  readonly manage: readonly (string | null)[];
  readonly empty: readonly boolean[];
  readonly fabric: FabricSketch | null;
}

const sysctls = fc.oneof(
  { weight: 2, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        'net.ipv4.ip_forward': fc.constantFrom(0, 1),
        'net.ipv6.conf.all.forwarding': fc.constantFrom(0, 1),
        'net.ipv4.conf.all.rp_filter': fc.nat({ max: 2 }),
        'net.ipv4.conf.default.rp_filter': fc.nat({ max: 2 }),
        'net.ipv4.conf.default.arp_ignore': fc.nat({ max: 1 }),
        'net.ipv6.conf.default.accept_ra': fc.nat({ max: 2 }),
        'net.ipv4.fib_multipath_hash_policy': fc.nat({ max: 1 }),
        'net.ipv4.tcp_ecn': fc.nat({ max: 2 }),
      },
      { requiredKeys: [] },
    ),
  },
);

const slotIndex = fc.nat({ max: slots.length - 1 });

export const topologySketch = fc.record<Sketch>({
  protocol: fc.constantFrom(null, null, 170, 171),
  cables: fc.array(
    fc.record<CableSketch>({ near: slotIndex, far: slotIndex, written: fc.constantFrom('near', 'both') }),
    { maxLength: 5 },
  ),
  bridges: fc.tuple(...writtenNames.map(() => fc.boolean())),
  links: fc.array(linkSketch, { minLength: slots.length, maxLength: slots.length }),
  existing: fc.option(linkSketch, { freq: 2 }),
  loopbacks: fc.tuple(...writtenNames.map(() => fc.option(linkSketch, { freq: 2 }))),
  routes: fc.tuple(...writtenNames.map(() => fc.array(routeSketch, { maxLength: 5 }))),
  sysctls: fc.tuple(...writtenNames.map(() => sysctls)),
  manage: fc.tuple(...writtenNames.map(() => fc.constantFrom(null, null, null, 'owned', 'full'))),
  empty: fc.tuple(...writtenNames.map(() => fc.boolean())),
  fabric: fc.option(fabricSketch, { freq: 2 }),
});

/** A topology as a tree of values, keys in no particular order. */
export const topologyTree: fc.Arbitrary<Tree> = topologySketch.map(buildTopology);

/** A topology as YAML. */
export const topologyText: fc.Arbitrary<string> = topologyTree.map((tree) => stringify(tree));

/** The topology of a sketch. */
export function buildTopology(from: Sketch): Tree {
  const tree: Tree = { name: 'laws' };
  if (from.protocol !== null) tree.ownership = { protocol: from.protocol };
  if (from.fabric !== null) Object.assign(tree, buildFabric(from.fabric));
  const links = buildLinks(from);
  const netns: Tree = {};
  for (const [n, name] of writtenNames.entries()) {
    const here = links.filter((link) => link.slot.netns === name);
    const written: Tree = {};
    const found = foundNames.has(name);
    if (here.length > 0) written.links = Object.fromEntries(here.map(({ slot, tree }) => [slot.name, tree]));
    const routes = buildRoutes(from.routes[n]!, here);
    if (routes.length > 0) written.routes = routes;
    // In a namespace that is not ours a sysctl that leaves the file stays.
    if (!found && Object.keys(from.sysctls[n]!).length > 0) written.sysctls = from.sysctls[n];
    if (!found && from.manage[n] !== null) written.manage = from.manage[n];
    if (Object.keys(written).length > 0 || from.empty[n]) netns[name] = written;
  }
  for (const { tree: link } of links) {
    const peer = (link as { peer?: { netns?: string } }).peer?.netns;
    if (peer !== undefined && peer !== 'self') netns[peer] ??= {};
  }
  if (Object.keys(netns).length > 0) tree.netns = netns;
  return tree;
}

function buildLinks(from: Sketch): BuiltLink[] {
  const bases = new Map<number, Tree>();
  const withCarrier = new Set<number>();
  const taken = new Set<number>();
  const bridged = new Set<string>();
  for (const [n, has] of from.bridges.entries()) {
    const slot = slots.find(({ netns, name }) => netns === writtenNames[n] && name === 'br')!;
    if (!has) continue;
    const { stp } = from.links[slot.index]!;
    bases.set(slot.index, { kind: 'bridge', ...(stp === null ? {} : { stp }) });
    taken.add(slot.index);
    bridged.add(slot.netns);
  }
  for (const { near, far, written } of from.cables) {
    if (near === far || taken.has(near) || taken.has(far)) continue;
    taken.add(near).add(far);
    const [nearSlot, farSlot] = [slots[near]!, slots[far]!];
    const base: Tree = { kind: 'veth', peer: peerOf(nearSlot, farSlot) };
    // Only near ends are put in bridges: a wire between two bridges could close a circle.
    if (from.links[near]!.inBridge && bridged.has(nearSlot.netns)) base.master = 'br';
    bases.set(near, base);
    const isDown = (index: number): boolean => from.links[index]!.up === false;
    if (!isDown(near) && (written === 'near' || !isDown(far))) withCarrier.add(near).add(far);
    if (written === 'both') bases.set(far, { kind: 'veth', peer: peerOf(farSlot, nearSlot) });
  }
  const built = [...bases].map(([index, base]) =>
    buildLink(slots[index]!, from.links[index]!, base, withCarrier.has(index)),
  );
  if (from.existing !== null) built.push(buildLink(existingSlot, from.existing, { kind: 'existing' }, false));
  for (const [n, loopback] of from.loopbacks.entries()) {
    if (loopback !== null) built.push(buildLoopback(writtenNames[n]!, loopback));
  }
  return limitBridges(built);
}

/** A bridge that says no MTU has the least of its ports', and below 1280 no IPv6: then it says one. */
function limitBridges(links: readonly BuiltLink[]): BuiltLink[] {
  return links.map((link) => {
    if (link.tree.kind !== 'bridge' || link.tree.mtu !== undefined) return link;
    const ports = links.filter(({ slot, tree }) => slot.netns === link.slot.netns && tree.master === 'br');
    const isSmall = ports.some(({ tree }) => typeof tree.mtu === 'number' && tree.mtu < 1280);
    return isSmall ? { ...link, tree: { ...link.tree, mtu: 1500 } } : link;
  });
}

function peerOf(near: Slot, far: Slot): Tree {
  return near.netns === far.netns ? { name: far.name } : { netns: far.netns, name: far.name };
}
