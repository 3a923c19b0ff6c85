// The sysctls of a namespace: those asked for, and those of its virtual links that a new link would not have. Most come
// from the link and neighbour-table dumps; /proc is opened only for what no message tells.
import { readdirSync } from 'node:fs';
import { deviceSysctlKey, parseDeviceSysctl, type SysctlFamily } from '../state/sysctl.ts';
import { hasCapability } from './capabilities.ts';
import { confValue, unusualConf } from './codec/devconf.ts';
import type { LinkMessage } from './codec/link.ts';
import { formatNeighbourTableDump, parseNeighbourTable } from './codec/neighbour-table.ts';
import { RTM_GETNEIGHTBL } from './constants.ts';
import { inFreshNamespace, type Netns } from './netns.ts';
import { readSysctl } from './sysctl.ts';

/**
 * Values by dotted name. Beside the keys asked for: what differs, on a virtual link, from an untouched kernel's new
 * link, and for each of these leaves the `default` device's value; and what each has where `default` is asked for.
 */
export function readSysctls(
  netns: Netns,
  links: readonly LinkMessage[],
  keys: readonly string[],
  unstated: 'all' | 'conf' = 'all',
): Map<string, string> {
  const values = new Map<string, string>();
  const virtual = links.filter((link) => link.kind !== '');
  const tables = virtual.length > 0 && unstated === 'all' ? readNeighbourTables(netns) : noTables;
  const byName = new Map(links.map((link) => [link.name, link]));
  const inProc = new Set<string>();

  for (const link of virtual) addUnusual(link, values, inProc);
  for (const key of keys) addFollowers(key, virtual, values);
  addUnusualNeighbourTables(virtual, tables, values);
  for (const key of keys) {
    if (isOfAbsentLink(key, byName)) continue;
    const told = valueFromMessages(key, byName, tables);
    if (told === undefined) inProc.add(key);
    else values.set(key, String(told));
  }
  if (inProc.size > 0) {
    netns.enter(() => {
      for (const key of inProc) {
        const value = readSysctl(key);
        if (value !== null) values.set(key, value);
      }
    });
  }
  return values;
}

/** The values of sysctls in a namespace that nobody has touched; empty for no keys. */
export function readFreshSysctls(keys: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  // Who may not make a namespace has made none, and only in those of ours are these values asked for.
  if (keys.length === 0 || !hasCapability('CAP_SYS_ADMIN')) return values;
  inFreshNamespace(() => {
    const devices = new Set(readdirSync('/proc/sys/net/ipv4/conf'));
    for (const key of keys) {
      const device = parseDeviceSysctl(key);
      const value = device === null || devices.has(device.dev) ? readSysctl(key) : null;
      if (value !== null) values.set(key, value);
    }
  });
  return values;
}

const families: readonly SysctlFamily[] = ['ipv4', 'ipv6'];

function addUnusual(link: LinkMessage, values: Map<string, string>, inProc: Set<string>): void {
  for (const family of families) {
    const conf = family === 'ipv4' ? link.ipv4Conf : link.ipv6Conf;
    if (conf === null) continue;
    for (const [leaf, value] of unusualConf(family, conf)) {
      values.set(deviceSysctlKey(family, 'conf', link.name, leaf), String(value));
      inProc.add(deviceSysctlKey(family, 'conf', 'default', leaf));
    }
  }
}

/** Where a new link's value is asked for, every link's is told: the usual one may be the wrong one. */
function addFollowers(key: string, links: readonly LinkMessage[], values: Map<string, string>): void {
  const device = parseDeviceSysctl(key);
  if (device === null || device.dev !== 'default' || device.table !== 'conf') return;
  for (const link of links) {
    const conf = device.family === 'ipv4' ? link.ipv4Conf : link.ipv6Conf;
    const value = conf === null ? undefined : confValue(device.family, conf, device.leaf);
    if (value !== undefined)
      values.set(deviceSysctlKey(device.family, 'conf', link.name, device.leaf), String(value));
  }
}

function addUnusualNeighbourTables(
  links: readonly LinkMessage[],
  tables: NeighbourTables,
  values: Map<string, string>,
): void {
  for (const family of families) {
    const usual = tables[family].get(0);
    if (usual === undefined) continue;
    for (const link of links) {
      const own = tables[family].get(link.ifindex);
      if (own === undefined || own === usual) continue;
      for (const [leaf, value] of own) {
        if (value === usual.get(leaf)) continue;
        values.set(deviceSysctlKey(family, 'neigh', link.name, leaf), String(value));
        values.set(deviceSysctlKey(family, 'neigh', 'default', leaf), String(usual.get(leaf)));
      }
    }
  }
}

/** The settings of neighbour tables by family and ifindex; 0 is what a new device gets. */
type NeighbourTables = Readonly<Record<SysctlFamily, Map<number, ReadonlyMap<string, number>>>>;

const noTables: NeighbourTables = { ipv4: new Map(), ipv6: new Map() };

function readNeighbourTables(netns: Netns): NeighbourTables {
  const tables: NeighbourTables = { ipv4: new Map(), ipv6: new Map() };
  for (const table of netns.socket.dump(RTM_GETNEIGHTBL, formatNeighbourTableDump, parseNeighbourTable)) {
    tables[table.family].set(table.ifindex, table.values);
  }
  return tables;
}

/** Whether a sysctl is of a link that is not there: /proc has no such file. */
function isOfAbsentLink(key: string, links: ReadonlyMap<string, LinkMessage>): boolean {
  const device = parseDeviceSysctl(key);
  return device !== null && !links.has(device.dev) && device.dev !== 'all' && device.dev !== 'default';
}

function valueFromMessages(
  key: string,
  links: ReadonlyMap<string, LinkMessage>,
  tables: NeighbourTables,
): number | undefined {
  const device = parseDeviceSysctl(key);
  const link = device === null ? undefined : links.get(device.dev);
  if (device === null || link === undefined) return undefined;
  if (device.table === 'neigh') return tables[device.family].get(link.ifindex)?.get(device.leaf);
  const conf = device.family === 'ipv4' ? link.ipv4Conf : link.ipv6Conf;
  return conf === null ? undefined : confValue(device.family, conf, device.leaf);
}
