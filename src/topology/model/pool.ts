// Pools: which addresses belong to workloads, their MTU, and whether hosts reach each other's workloads directly.
import { containsIp, familyOf, formatPrefix, type Ip, overlaps } from '../../state/ip.ts';
import { addFinding } from '../source/findings.ts';
import { isList, isMap, itemPlace, type MapValue, valuePlace } from '../source/tree.ts';
import type { Host } from './host.ts';
import { type LocatedPrefix, type Reading, readNumber, readText, toPrefix } from './scalars.ts';

export interface Pool {
  readonly cidr: LocatedPrefix;
  /** The prefix length of the blocks that hosts hold. */
  readonly blockSize: number;
  /** Of the workloads, in bytes; null: the kernel's. */
  readonly mtu: number | null;
}

/** Reads `pools`, in the order of the file. */
export function readPools(reading: Reading, root: MapValue, hosts: ReadonlyMap<string, Host>): Pool[] {
  const list = isList(root.pools) ? root.pools : [];
  const uplinks = [...hosts.values()].flatMap((host) => host.uplink?.mtu ?? []);
  const smallest = uplinks.length === 0 ? null : Math.min(...uplinks);
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

function readPool(reading: Reading, map: MapValue, place: number, uplinkMtu: number | null): Pool | null {
  refuse(reading, map, 'encapsulation', 'none');
  refuse(reading, map, 'routing', 'static');
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
  return { cidr, blockSize, mtu: readNumber(map, 'mtu') ?? uplinkMtu };
}

function refuse(reading: Reading, map: MapValue, key: string, supported: string): void {
  const value = readText(map, key);
  if (value === null || value === supported) return;
  addFinding(
    reading.findings,
    'unsupported',
    valuePlace(reading.places, map, key),
    `${key} \`${value}\` is not supported yet`,
    {
      hint: `use \`${supported}\``,
    },
  );
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
