// Pools: which addresses belong to workloads, their MTU, and how packets to them cross hosts.
import { containsIp, type Family, familyOf, formatPrefix, type Ip, overlaps } from '../../state/ip.ts';
import { IPIP_OVERHEAD, vxlanOverhead } from '../../state/link-kind.ts';
import { addFinding } from '../source/findings.ts';
import { isList, isMap, itemPlace, type MapValue, valuePlace } from '../source/tree.ts';
import type { Host, Uplink } from './host.ts';
import { type LocatedPrefix, type Reading, readNumber, readText, toPrefix } from './scalars.ts';

/** How packets between hosts are wrapped. */
export type Encapsulation = 'none' | 'ipip' | 'vxlan';

export interface Pool {
  readonly cidr: LocatedPrefix;
  /** The prefix length of the blocks that hosts hold. */
  readonly blockSize: number;
  readonly encapsulation: Encapsulation;
  /** Wrapped only between hosts whose uplinks share no subnet. */
  readonly crossSubnet: boolean;
  /** Who tells hosts of each other's workloads: this tool, or BGP. */
  readonly routing: 'static' | 'bgp';
  /** Of the workloads, in bytes; null: the kernel's. */
  readonly mtu: number | null;
}

/** Bytes that a pool's encapsulation adds to a packet, wherever it is wrapped at all. */
export function overheadOf(encapsulation: Encapsulation, family: Family): number {
  if (encapsulation === 'none') return 0;
  return encapsulation === 'ipip' ? IPIP_OVERHEAD : vxlanOverhead(family);
}

/** The uplink of the least MTU, in the order of the file; null where no host has one. */
export function smallestUplink(hosts: ReadonlyMap<string, Host>): Uplink | null {
  const uplinks = [...hosts.values()].flatMap((host) => host.uplink ?? []);
  return uplinks.reduce<Uplink | null>((least, one) => (least && least.mtu <= one.mtu ? least : one), null);
}

/** Reads `pools`, in the order of the file. */
export function readPools(reading: Reading, root: MapValue, hosts: ReadonlyMap<string, Host>): Pool[] {
  const list = isList(root.pools) ? root.pools : [];
  const smallest = smallestUplink(hosts);
  const pools = list.flatMap((item, index) => {
    return isMap(item)
      ? (readPool(reading, item, itemPlace(reading.places, list, index), smallest) ?? [])
      : [];
  });
  for (const [index, pool] of pools.entries()) {
    const first = pools.slice(0, index).find((other) => overlaps(other.cidr, pool.cidr));
    if (first === undefined) continue;
    addFinding(reading.findings, 'overlap', pool.cidr.place, 'this pool overlaps another', {
      other: first.cidr.place,
    });
  }
  checkBlocksInPools(reading, pools, hosts);
  return pools;
}

export function poolOf(pools: readonly Pool[], ip: Ip): Pool | null {
  return pools.find((pool) => containsIp(pool.cidr, ip)) ?? null;
}

function readPool(reading: Reading, map: MapValue, place: number, smallest: Uplink | null): Pool | null {
  const text = readText(map, 'cidr');
  const cidr = text === null ? null : toPrefix(reading, text, valuePlace(reading.places, map, 'cidr'));
  if (cidr === null) return null;
  const blockSize =
    readNumber(map, 'blockSize') ?? Math.max(cidr.length, familyOf(cidr.address) === 4 ? 26 : 122);
  if (blockSize < cidr.length || blockSize > (familyOf(cidr.address) === 4 ? 32 : 128)) {
    const at = map.blockSize === undefined ? place : valuePlace(reading.places, map, 'blockSize');
    addFinding(
      reading.findings,
      'outOfRange',
      at,
      `blocks of /${blockSize} do not fit into a pool of /${cidr.length}`,
    );
  }
  const { encapsulation, crossSubnet } = readEncapsulation(map);
  const family = familyOf(cidr.address);
  if (encapsulation === 'ipip' && family === 6) {
    const at = valuePlace(reading.places, map, 'encapsulation');
    addFinding(reading.findings, 'notAllowed', at, 'ipip carries IPv4 only', {
      hint: 'use `vxlan` or `none`',
    });
  }
  const routing = readText(map, 'routing') === 'bgp' ? 'bgp' : 'static';
  const overhead = overheadOf(encapsulation, family);
  const room = smallest === null ? null : smallest.mtu - overhead;
  const mtu = readNumber(map, 'mtu') ?? room;
  if (smallest !== null && mtu !== null && mtu > smallest.mtu - overhead) {
    const wrapped = overhead === 0 ? '' : `, with ${overhead} that ${encapsulation} adds,`;
    const message = `packets of ${mtu} bytes${wrapped} do not fit into the uplink ${smallest.dev}, whose MTU is ${smallest.mtu}`;
    addFinding(reading.findings, 'outOfRange', valuePlace(reading.places, map, 'mtu'), message, {
      hint: `${smallest.mtu - overhead} is the most, or the uplinks say \`mtu: ${mtu + overhead}\``,
      other: smallest.place,
    });
  }
  return { cidr, blockSize, encapsulation, crossSubnet, routing, mtu };
}

function readEncapsulation(map: MapValue): Pick<Pool, 'encapsulation' | 'crossSubnet'> {
  const text = readText(map, 'encapsulation') ?? 'none';
  const crossSubnet = text.endsWith('-cross-subnet');
  const name = crossSubnet ? text.slice(0, -'-cross-subnet'.length) : text;
  return { encapsulation: name === 'ipip' || name === 'vxlan' ? name : 'none', crossSubnet };
}

function checkBlocksInPools(
  reading: Reading,
  pools: readonly Pool[],
  hosts: ReadonlyMap<string, Host>,
): void {
  for (const block of [...hosts.values()].flatMap((host) => host.blocks)) {
    const pool = poolOf(pools, block.address);
    const name = formatPrefix(block.address, block.length);
    if (pool === null || block.length < pool.cidr.length) {
      addFinding(reading.findings, 'outsidePool', block.place, `the block ${name} is in none of the pools`);
    } else if (block.length !== pool.blockSize) {
      const hint = `the pool's blocks are /${pool.blockSize}; its \`blockSize\` says so`;
      addFinding(reading.findings, 'outsidePool', block.place, `the block ${name} is not one of its pool's`, {
        hint,
      });
    }
  }
}
