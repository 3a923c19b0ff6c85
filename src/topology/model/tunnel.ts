// The tunnels of a fabric: which device wraps a host's packets, and the address and the hardware address it has. All of it
// follows from the file, so that every host computes the same of every other.
import { createHash } from 'node:crypto';
import {
  addToIp,
  containsIp,
  type Family,
  familyOf,
  formatPrefix,
  hostLength,
  type Ip,
  lastIp,
  maskIp,
} from '../../state/ip.ts';
import { addFinding } from '../source/findings.ts';
import type { Host } from './host.ts';
import { type Encapsulation, overheadOf, type Pool, smallestUplink } from './pool.ts';
import type { LocatedPrefix, Reading } from './scalars.ts';
import type { Workload } from './workload.ts';

/** A host's end of the tunnels of one encapsulation and family. */
export interface Tunnel {
  readonly encapsulation: Exclude<Encapsulation, 'none'>;
  readonly family: Family;
  readonly dev: string;
  /** Its own, out of the first pool that uses it: the source of packets that the host itself sends. */
  readonly address: Ip;
  /** The uplink's, by which other hosts reach it. */
  readonly outer: Ip;
  /** Null: the device has none. */
  readonly mac: string | null;
  /** Bytes. */
  readonly mtu: number;
  /** The pool it stands for. */
  readonly pool: LocatedPrefix;
}

/** By host name. */
export type Tunnels = ReadonlyMap<string, readonly Tunnel[]>;

/** Tunnel addresses of hosts without blocks are the last 4096 of the pool. */
const WINDOW_BITS = 12;

/** The tunnels that pools need on every host; findings where one has no address to give. */
export function planTunnels(
  reading: Reading,
  hosts: ReadonlyMap<string, Host>,
  pools: readonly Pool[],
  workloads: readonly Workload[],
): Tunnels {
  const firsts = firstPools(pools);
  const mtu = smallestUplink(hosts)?.mtu ?? null;
  if (firsts.length === 0 || mtu === null || hosts.size < 2) return new Map();
  const taken = new Set(workloads.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const tunnels = new Map<string, Tunnel[]>();
  for (const pool of firsts) {
    for (const host of hosts.values()) {
      const tunnel = planTunnel(reading, host, hosts, pool, mtu, taken);
      if (tunnel === null) continue;
      const list = tunnels.get(host.name);
      if (list === undefined) tunnels.set(host.name, [tunnel]);
      else list.push(tunnel);
    }
  }
  return tunnels;
}

/** The tunnel by which a host wraps packets for a pool; null for none. */
export function tunnelOf(tunnels: Tunnels, host: Host, pool: Pool): Tunnel | null {
  const family = familyOf(pool.cidr.address);
  const own = tunnels.get(host.name);
  return own?.find((one) => one.encapsulation === pool.encapsulation && one.family === family) ?? null;
}

/** The first pool of each encapsulation and family, in the order of the file. */
function firstPools(pools: readonly Pool[]): Pool[] {
  const wrapping = pools.filter(({ encapsulation }) => encapsulation !== 'none');
  const kindOf = ({ encapsulation, cidr }: Pool): string => `${encapsulation} ${familyOf(cidr.address)}`;
  return wrapping.filter(
    (pool, index) => wrapping.findIndex((one) => kindOf(one) === kindOf(pool)) === index,
  );
}

function planTunnel(
  reading: Reading,
  host: Host,
  hosts: ReadonlyMap<string, Host>,
  { cidr, encapsulation }: Pool,
  uplinkMtu: number,
  taken: Set<Ip>,
): Tunnel | null {
  const family = familyOf(cidr.address);
  if (encapsulation === 'none' || (encapsulation === 'ipip' && family === 6)) return null;
  const outer = host.uplink?.addresses.find(({ address }) => familyOf(address) === family)?.address;
  if (outer === undefined) {
    const message = `${host.name} has no IPv${family} uplink address, which ${encapsulation} of ${formatPrefix(cidr.address, cidr.length)} goes by`;
    addFinding(reading.findings, 'noWay', host.uplink?.place ?? host.place, message, { other: cidr.place });
    return null;
  }
  const address = pickAddress(host, hosts, cidr, taken);
  if (address === null) {
    const message = `the pool has no address left for the tunnel of ${host.name}`;
    addFinding(reading.findings, 'outsidePool', cidr.place, message, { other: host.place });
    return null;
  }
  taken.add(address);
  const isVxlan = encapsulation === 'vxlan';
  return {
    encapsulation,
    family,
    dev: isVxlan ? (family === 4 ? 'vxlan.calico' : 'vxlan-v6.calico') : 'tunl0',
    address,
    outer,
    mac: isVxlan ? macOf(family === 4 ? host.name : `${host.name}-v6`) : null,
    mtu: uplinkMtu - overheadOf(encapsulation, family),
    pool: cidr,
  };
}

/** The first free address of the host's first block in the pool; without one, a free address that its name leads to. */
function pickAddress(
  host: Host,
  hosts: ReadonlyMap<string, Host>,
  cidr: LocatedPrefix,
  taken: ReadonlySet<Ip>,
): Ip | null {
  const block = host.blocks.find(({ address }) => containsIp(cidr, address));
  const blocks = [...hosts.values()].flatMap((other) => other.blocks);
  const length = Math.max(cidr.length, hostLength(cidr.address) - WINDOW_BITS);
  const window = block ?? { address: maskIp(lastIp(cidr), length), length };
  const size = 2 ** Math.min(WINDOW_BITS, hostLength(cidr.address) - window.length);
  const start = block === undefined ? digest(host.name).readUInt32BE(0) % size : 0;
  for (let step = 0; step < size; step++) {
    const address = addToIp(window.address, (start + step) % size)!;
    if (taken.has(address)) continue;
    if (block !== undefined || !blocks.some((other) => containsIp(other, address))) return address;
  }
  return null;
}

/** `66:` and the first five octets of the sha1 of the name, as Calico has it. */
function macOf(name: string): string {
  return ['66', ...[...digest(name).subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(
    ':',
  );
}

function digest(text: string): Buffer {
  return createHash('sha1').update(text).digest();
}
