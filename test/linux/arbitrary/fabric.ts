// Random hosts, their wire and their workloads: the Calico model's part of a topology.
import fc from 'fast-check';
import { macs, type Tree } from './places.ts';

interface WorkloadSketch {
  readonly host: number;
  readonly ipv4: number | null;
  readonly ipv6: number | null;
  readonly onNetwork: boolean;
  readonly gatewayMode: string | null;
  readonly gateway: boolean;
  readonly mtu: number | null;
  readonly dev: string | null;
  readonly mac: string | null;
  readonly replicas: number | null;
  readonly netns: string | null;
}

export interface FabricSketch {
  readonly hosts: 'none' | 'one' | 'oneAlone' | 'two';
  readonly uplinks: readonly number[];
  readonly uplinkMtu: number | null;
  readonly gateway: boolean;
  readonly blocks: boolean;
  readonly pool: boolean;
  readonly workloads: readonly (WorkloadSketch | null)[];
}

const workload = fc.record<WorkloadSketch>({
  host: fc.nat({ max: 1 }),
  ipv4: fc.option(fc.nat({ max: 5 }), { freq: 4 }),
  ipv6: fc.option(fc.nat({ max: 5 }), { freq: 2 }),
  onNetwork: fc.boolean(),
  gatewayMode: fc.constantFrom(null, 'proxy-arp', 'neighbour', 'address'),
  gateway: fc.boolean(),
  mtu: fc.constantFrom(null, null, 1400, 8980),
  dev: fc.constantFrom(null, null, 'v0', 'v1'),
  mac: fc.constantFrom(null, null, ...macs),
  replicas: fc.constantFrom(null, null, null, 1, 2),
  netns: fc.constantFrom(null, null, null, 'n0', 'n1'),
});

export const fabricSketch = fc.record<FabricSketch>({
  hosts: fc.constantFrom('none', 'one', 'oneAlone', 'two', 'two'),
  uplinks: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 6 })),
  uplinkMtu: fc.constantFrom(null, null, 1400, 8980),
  gateway: fc.boolean(),
  blocks: fc.boolean(),
  pool: fc.boolean(),
  workloads: fc.tuple(...[0, 1, 2].map(() => fc.option(workload, { freq: 2 }))),
});

/** The top-level keys of a fabric; none for one without workloads and hosts. */
export function buildFabric(sketch: FabricSketch): Tree {
  const names = { none: [], one: ['h0'], oneAlone: ['h0'], two: ['h0', 'h1'] }[sketch.hosts];
  const tree: Tree = {};
  const wired = sketch.hosts !== 'oneAlone';
  if (names.length > 0) {
    tree.hosts = Object.fromEntries(names.map((name, i) => [name, buildHost(sketch, name, i, wired)]));
    if (wired) tree.underlay = { lan: { hosts: names } };
  }
  if (sketch.pool || sketch.blocks) tree.pools = [{ cidr: '10.200.0.0/16' }, { cidr: 'fd20::/64' }];
  const workloads: Tree = {};
  const taken = new Set<string>();
  for (const [i, one] of sketch.workloads.entries()) {
    if (one !== null) workloads[`w${i}`] = buildWorkload(one, i, names, taken);
  }
  if (Object.keys(workloads).length > 0) tree.workloads = workloads;
  return tree;
}

function buildHost(sketch: FabricSketch, name: string, index: number, wired: boolean): Tree {
  const host: Tree = { netns: name };
  if (wired) {
    const own = sketch.uplinks[index]!;
    const uplink: Tree = { dev: 'up0', addresses: [`192.168.7.${own}/24`, `fd07::${own}/64`] };
    if (sketch.gateway) uplink.gateway = '192.168.7.254';
    if (sketch.uplinkMtu !== null) uplink.mtu = sketch.uplinkMtu + index * 20;
    host.uplink = uplink;
  }
  if (sketch.blocks) host.blocks = [`10.200.${index}.0/26`];
  return host;
}

function buildWorkload(
  sketch: WorkloadSketch,
  index: number,
  hosts: readonly string[],
  taken: Set<string>,
): Tree {
  const tree: Tree = {};
  const host = hosts[sketch.host % Math.max(1, hosts.length)];
  if (host !== undefined) tree.host = host;
  const claim = (key: string): boolean => !taken.has(key) && taken.add(key) !== undefined;
  const several = sketch.replicas !== null;
  // Replicas count up; each workload has a range of its own.
  const addresses: string[] = [];
  const ipv6 = sketch.ipv6 !== null;
  if (sketch.ipv4 !== null || !ipv6) {
    const ip = `10.200.${sketch.host}.${index * 16 + (sketch.ipv4 ?? 0) + 1}`;
    addresses.push(sketch.onNetwork ? `${ip}/24` : ip);
  }
  if (ipv6) addresses.push(`fd20::${(index * 16 + sketch.ipv6 + 1).toString(16)}`);
  if (addresses.length === 1) tree.address = addresses[0];
  else tree.addresses = addresses;
  if (sketch.gatewayMode !== null) tree.gatewayMode = sketch.gatewayMode;
  if (sketch.gateway && (sketch.ipv4 !== null || !ipv6)) tree.gateway = '169.254.7.7';
  if (sketch.mtu !== null) tree.mtu = sketch.mtu;
  if (sketch.mac !== null) tree.mac = sketch.mac;
  if (several) tree.replicas = sketch.replicas;
  if (!several && sketch.dev !== null && claim(`${host} ${sketch.dev}`)) tree.dev = sketch.dev;
  if (!several && sketch.netns !== null && claim(sketch.netns)) tree.netns = sketch.netns;
  return tree;
}
