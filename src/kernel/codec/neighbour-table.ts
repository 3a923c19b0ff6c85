// The per-device settings of the neighbour tables on the wire: struct ndtmsg (linux/neighbour.h), both directions.
// They are the `net.ipv4.neigh.DEV.*` sysctls; in a user namespace /proc does not have them, so netlink it is.
import type { SysctlFamily } from '../../state/sysctl.ts';
import { NDTA_NAME, NDTA_PARMS, NDTPA_IFINDEX } from '../constants.ts';
import { Interned } from './interned.ts';
import {
  attributeEnd,
  attributeText,
  attributeType,
  type MessageWriter,
  nextAttribute,
  u32,
} from './message.ts';

/** sizeof(struct ndtmsg). */
const NDTMSG_LENGTH = 4;

interface Parameter {
  readonly leaf: string;
  /** NDTPA_*. */
  readonly type: number;
  /** What one unit of /proc is in the attribute's; 0 for a plain 32-bit number. */
  readonly milliseconds: number;
}

/** The settings that netlink carries, with /proc's names and units (USER_HZ is 100). */
const parameters: readonly Parameter[] = [
  { leaf: 'base_reachable_time_ms', type: 4, milliseconds: 1 },
  { leaf: 'retrans_time_ms', type: 5, milliseconds: 1 },
  { leaf: 'gc_stale_time', type: 6, milliseconds: 1000 },
  { leaf: 'delay_first_probe_time', type: 7, milliseconds: 1000 },
  { leaf: 'app_solicit', type: 9, milliseconds: 0 },
  { leaf: 'ucast_solicit', type: 10, milliseconds: 0 },
  { leaf: 'mcast_solicit', type: 11, milliseconds: 0 },
  { leaf: 'anycast_delay', type: 12, milliseconds: 10 },
  { leaf: 'proxy_delay', type: 13, milliseconds: 10 },
  { leaf: 'proxy_qlen', type: 14, milliseconds: 0 },
  { leaf: 'locktime', type: 15, milliseconds: 10 },
  { leaf: 'mcast_resolicit', type: 17, milliseconds: 0 },
];
const byLeaf: ReadonlyMap<string, Parameter> = new Map(parameters.map((p) => [p.leaf, p]));
const byType: ReadonlyMap<number, Parameter> = new Map(parameters.map((p) => [p.type, p]));

const tableNames: Readonly<Record<SysctlFamily, string>> = { ipv4: 'arp_cache', ipv6: 'ndisc_cache' };

/** The settings of one device in one table, by /proc's leaf names. */
export interface NeighbourTableMessage {
  readonly family: SysctlFamily;
  /** 0 for what a new device gets. */
  readonly ifindex: number;
  readonly values: ReadonlyMap<string, number>;
}

/** Whether a leaf of `net.*.neigh.DEV` can be read and written by netlink. */
export function isNeighbourTableLeaf(leaf: string): boolean {
  return byLeaf.has(leaf);
}

/** Writes struct ndtmsg of a dump request for both families. */
export function formatNeighbourTableDump(writer: MessageWriter): void {
  writer.zeros(NDTMSG_LENGTH);
}

/** Writes struct ndtmsg and attributes that set one value, in /proc's unit. Equivalent to `ip ntable change`. */
export function formatNeighbourTable(
  writer: MessageWriter,
  family: SysctlFamily,
  ifindex: number,
  leaf: string,
  value: number,
): void {
  const parameter = byLeaf.get(leaf)!;
  writer.zeros(NDTMSG_LENGTH);
  writer.attributeText(NDTA_NAME, tableNames[family]);
  const nest = writer.openNest(NDTA_PARMS);
  writer.attributeU32(NDTPA_IFINDEX, ifindex);
  if (parameter.milliseconds === 0) writer.attributeU32(parameter.type, value);
  else writer.attributeU64(parameter.type, value * parameter.milliseconds);
  writer.closeNest(nest);
}

const tables = new Interned<ReadonlyMap<string, number>>();

/** Reads struct ndtmsg and attributes; null for tables other than those of IP. The values of equal tables are one map. */
export function parseNeighbourTable(
  buffer: Buffer,
  start: number,
  end: number,
): NeighbourTableMessage | null {
  let family: SysctlFamily | null = null;
  let ifindex = 0;
  const values: Array<[leaf: string, value: number]> = [];
  for (let at = start + NDTMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    const type = attributeType(buffer, at);
    if (type === NDTA_NAME) {
      const name = attributeText(buffer, at);
      family = name === tableNames.ipv4 ? 'ipv4' : name === tableNames.ipv6 ? 'ipv6' : null;
    } else if (type === NDTA_PARMS) {
      const nestEnd = attributeEnd(buffer, at);
      for (let in_ = at + 4; in_ + 4 <= nestEnd; in_ = nextAttribute(buffer, in_, nestEnd)) {
        const parameter = byType.get(attributeType(buffer, in_));
        if (attributeType(buffer, in_) === NDTPA_IFINDEX) ifindex = u32(buffer, in_ + 4);
        else if (parameter?.milliseconds === 0) values.push([parameter.leaf, u32(buffer, in_ + 4)]);
        else if (parameter !== undefined) {
          // The kernel counts in ticks and rounds up what it is given: 70 ms are 72 at 250 ticks a second, 7 in /proc.
          values.push([parameter.leaf, Math.floor(u32(buffer, in_ + 4) / parameter.milliseconds)]);
        }
      }
    }
  }
  if (family === null || values.length === 0) return null;
  return { family, ifindex, values: tables.get(values.join(), () => new Map(values)) };
}
