// Sysctls (`sysctl net.…`): identity is the dotted name, which may hold a device's name with dots of its own.
import type { Place } from './place.ts';

export interface DesiredSysctl {
  readonly key: string;
  /** As /proc prints it, with single spaces between several numbers. */
  readonly value: string;
  readonly source: Place;
}

export type SysctlFamily = 'ipv4' | 'ipv6';

/** A sysctl of one device, or of `all` or `default`: `net.FAMILY.TABLE.DEV.LEAF`. */
export interface DeviceSysctl {
  readonly family: SysctlFamily;
  /** `conf` of the device itself, `neigh` of its neighbour table. */
  readonly table: 'conf' | 'neigh';
  readonly dev: string;
  readonly leaf: string;
}

/** Splits a device's sysctl: the device's name is all that stands between the table and the last dot. Null for others. */
export function parseDeviceSysctl(key: string): DeviceSysctl | null {
  const match = /^net\.(ipv4|ipv6)\.(conf|neigh)\.(.+)\.([^.]+)$/.exec(key);
  if (match === null) return null;
  return {
    family: match[1] as SysctlFamily,
    table: match[2] as 'conf' | 'neigh',
    dev: match[3]!,
    leaf: match[4]!,
  };
}

export function deviceSysctlKey(
  family: SysctlFamily,
  table: 'conf' | 'neigh',
  dev: string,
  leaf: string,
): string {
  return `net.${family}.${table}.${dev}.${leaf}`;
}

/** The file below /proc/sys, equivalent to what `sysctl` opens for the name. */
export function sysctlPath(key: string): string {
  const device = parseDeviceSysctl(key);
  if (device === null) return `/proc/sys/${key.replaceAll('.', '/')}`;
  return `/proc/sys/net/${device.family}/${device.table}/${device.dev}/${device.leaf}`;
}

/** A value as /proc prints it: several numbers with one space between. */
export function normalSysctlValue(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}
