// Random links: their settings, addresses, neighbours and sysctls, valid by construction.
import fc from 'fast-check';
import { addressIn, EXISTING, loopbackSlot, macs, type Slot, type Tree } from './places.ts';

type Form = 'plain' | 'long' | 'noprefixroute' | 'host' | 'peer';

interface AddressSketch {
  readonly family: 4 | 6;
  readonly subnet: number;
  readonly host: number;
  readonly form: Form;
}

interface NeighbourSketch {
  readonly family: 4 | 6;
  readonly host: number;
  readonly mac: string | null;
}

/** What a link is like, whatever it turns out to be. */
export interface LinkSketch {
  readonly up: boolean | null;
  readonly mtu: number | null;
  readonly mac: string | null;
  readonly inBridge: boolean;
  readonly addresses: readonly AddressSketch[];
  /** By subnet. */
  readonly scopes: readonly (string | null)[];
  readonly neighbours: readonly NeighbourSketch[];
  readonly words: Tree;
  readonly sysctls4: Tree;
  readonly sysctls6: Tree;
  readonly stp: boolean | null;
}

/** A link of a topology, with what routes need to know of it. */
export interface BuiltLink {
  readonly slot: Slot;
  readonly tree: Tree;
  readonly up: boolean;
  readonly ipv6: boolean;
  /** Routers that can be reached by it: IPv4 and IPv6 addresses in its subnets. */
  readonly routers: readonly string[];
  /** Its own addresses that a route may prefer as source. */
  readonly sources: readonly string[];
}

const LEAST_IPV6_MTU = 1280;

const family = fc.constantFrom(4 as const, 6 as const);

const address = fc.record<AddressSketch>({
  family,
  subnet: fc.nat({ max: 1 }),
  host: fc.integer({ min: 1, max: 4 }),
  form: fc.constantFrom('plain', 'plain', 'long', 'noprefixroute', 'host', 'peer'),
});

const neighbour = fc.record<NeighbourSketch>({
  family,
  host: fc.integer({ min: 50, max: 52 }),
  mac: fc.option(fc.constantFrom(...macs)),
});

const flag = fc.constantFrom(0, 1);

/** Some of the given keys, each with a value of its own. */
function some(entries: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Tree> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.record(entries, { requiredKeys: [] }) },
  );
}

export const linkSketch = fc.record<LinkSketch>({
  up: fc.constantFrom(null, null, null, true, false),
  mtu: fc.constantFrom(null, null, null, 1280, 1400, 1500, 8980, 1000),
  mac: fc.constantFrom(null, null, ...macs),
  inBridge: fc.boolean(),
  addresses: fc.array(address, { maxLength: 5 }),
  scopes: fc.tuple(...[0, 1].map(() => fc.constantFrom(null, null, null, 'link', 'host'))),
  neighbours: fc.array(neighbour, { maxLength: 3 }),
  words: some({
    proxyArp: fc.boolean(),
    proxyNdp: fc.boolean(),
    forwarding: fc.boolean(),
    rpFilter: fc.nat({ max: 2 }),
    proxyDelay: fc.constantFrom(0, 50, 80),
  }),
  sysctls4: some({
    arp_ignore: fc.nat({ max: 2 }),
    arp_announce: fc.nat({ max: 2 }),
    accept_local: flag,
    promote_secondaries: flag,
    send_redirects: flag,
    proxy_arp_pvlan: flag,
  }),
  sysctls6: some({
    accept_ra: fc.nat({ max: 2 }),
    forwarding: flag,
    accept_dad: flag,
    keep_addr_on_down: flag,
    addr_gen_mode: flag,
    autoconf: flag,
    disable_ipv6: fc.constantFrom(0, 0, 0, 1),
  }),
  stp: fc.constantFrom(null, null, true, false),
});

/**
 * The link of a sketch at a slot; `base` is what makes it a veth, a bridge or an existing device. Where it has a carrier
 * for sure it can have proxy entries: the kernel drops them when it notices, up to a second later, that there is none.
 */
export function buildLink(slot: Slot, sketch: LinkSketch, base: Tree, hasCarrier: boolean): BuiltLink {
  const isLoopback = slot.name === 'lo';
  const isOwn = !isLoopback && base.kind !== 'existing';
  const tree: Tree = { ...base };
  const up = isOwn ? (sketch.up ?? true) : true;
  if (isOwn) {
    if (sketch.up !== null) tree.up = sketch.up;
    if (sketch.mtu !== null) tree.mtu = sketch.mtu;
    if (sketch.mac !== null) tree.mac = sketch.mac;
  } else tree.up = true;
  const ipv6 =
    !isOwn || ((sketch.mtu === null || sketch.mtu >= LEAST_IPV6_MTU) && sketch.sysctls6.disable_ipv6 !== 1);
  const addresses = new Map<string, unknown>();
  const wanted = sketch.addresses.filter((one) => {
    if (one.family === 6 && !ipv6) return false;
    const [key, value] = buildAddress(slot, isLoopback ? { ...one, form: 'host' } : one, sketch.scopes);
    const isNew = !addresses.has(key);
    if (isNew) addresses.set(key, value);
    return isNew;
  });
  if (addresses.size > 0) tree.addresses = [...addresses.values()];
  if (!isLoopback) addNeighbours(tree, slot, sketch, ipv6, hasCarrier);
  if (isOwn) addSysctls(tree, sketch, ipv6);
  // An IPv4 subnet has a route where its first address makes one.
  const seen = new Set<string>();
  const subnets = wanted.filter(({ family, subnet, form }) => {
    const key = `${family} ${subnet} ${form === 'long'}`;
    const isFirst = family === 6 || !seen.has(key);
    if (form !== 'host' && form !== 'peer') seen.add(key);
    return isFirst && (form === 'plain' || form === 'long');
  });
  return {
    slot,
    tree,
    up,
    ipv6,
    routers: [
      ...new Set(subnets.map((one) => addressIn(one.family, slot, one.subnet, 100))),
      ...(ipv6 && isOwn ? ['fe80::99'] : []),
    ],
    // An IPv6 address of a device that is not ours is tentative for a while, and then no source.
    sources: wanted
      .filter((one) => isOwn || one.family === 4)
      .map((one) => addressIn(one.family, slot, one.subnet, one.host)),
  };
}

/** The kernel's identity of an address, and the address as YAML. */
function buildAddress(
  slot: Slot,
  { family, subnet, host, form }: AddressSketch,
  scopes: readonly (string | null)[],
): [string, unknown] {
  const ip = addressIn(family, slot, subnet, host);
  const length = { plain: [24, 64], long: [25, 112], noprefixroute: [24, 64], host: [32, 128], peer: [0, 0] };
  const prefix = `${ip}/${length[form][family === 4 ? 0 : 1]}`;
  // One subnet has one scope, and on the existing device there may be others' addresses in it.
  const isScoped = family === 4 && form !== 'host' && form !== 'peer' && slot.name !== EXISTING;
  const scope = isScoped ? (scopes[subnet] ?? null) : null;
  const key = family === 6 ? ip : prefix;
  if (form === 'peer') {
    const peer = `${addressIn(family, slot, subnet, host + 200)}/${family === 4 ? 32 : 128}`;
    return [family === 6 ? ip : `${ip} ${peer}`, { address: ip, peer }];
  }
  if (form === 'noprefixroute') {
    return [key, { address: prefix, noprefixroute: true, ...(scope === null ? {} : { scope }) }];
  }
  return [key, scope === null ? prefix : { address: prefix, scope }];
}

function addNeighbours(tree: Tree, slot: Slot, sketch: LinkSketch, ipv6: boolean, hasCarrier: boolean): void {
  const neighbours = new Map<string, Tree>();
  for (const { family, host, mac } of sketch.neighbours) {
    if ((family === 6 && !ipv6) || (mac === null && !hasCarrier)) continue;
    const dst = addressIn(family, slot, 0, host);
    neighbours.set(`${dst} ${mac === null}`, mac === null ? { dst, proxy: true } : { dst, mac });
  }
  if (neighbours.size > 0) tree.neighbours = [...neighbours.values()];
}

function addSysctls(tree: Tree, sketch: LinkSketch, ipv6: boolean): void {
  const small = sketch.mtu !== null && sketch.mtu < LEAST_IPV6_MTU; // then net.ipv6.conf.DEV is not there
  const { proxyNdp, ...words } = sketch.words;
  Object.assign(tree, words, proxyNdp === undefined || small ? {} : { proxyNdp });
  const ipv6Leaves = small ? {} : ipv6 ? sketch.sysctls6 : { ...sketch.sysctls6 };
  const sysctls: Tree = {};
  if (Object.keys(sketch.sysctls4).length > 0) sysctls.ipv4 = sketch.sysctls4;
  if (Object.keys(ipv6Leaves).length > 0) sysctls.ipv6 = ipv6Leaves;
  if (Object.keys(sysctls).length > 0) tree.sysctls = sysctls;
}

/** The `lo` of a namespace, up and with the host addresses of a sketch. */
export function buildLoopback(netns: string, sketch: LinkSketch): BuiltLink {
  return buildLink(loopbackSlot(netns), sketch, {}, true);
}
