// Sysctls as they are written: by dotted name in a namespace, or as words of a link.

import type { Place } from '../../state/place.ts';
import {
  type DesiredSysctl,
  deviceSysctlKey,
  normalSysctlValue,
  type SysctlFamily,
} from '../../state/sysctl.ts';
import { addFinding } from '../source/findings.ts';
import { isMap, keyPlaceAt, type MapValue, type Value, valuePlace, valuePlaceAt } from '../source/tree.ts';
import { quote, type Reading } from './scalars.ts';

const keyPattern = /^net\.(ipv4|ipv6|core|netfilter|mpls)(\.[A-Za-z0-9_-]+)+$/;
const leafPattern = /^[a-z0-9_]+$/;

const linkWords = [
  { word: 'proxyArp', family: 'ipv4', table: 'conf', leaf: 'proxy_arp' },
  { word: 'proxyNdp', family: 'ipv6', table: 'conf', leaf: 'proxy_ndp' },
  { word: 'forwarding', family: 'ipv4', table: 'conf', leaf: 'forwarding' },
  { word: 'rpFilter', family: 'ipv4', table: 'conf', leaf: 'rp_filter' },
  { word: 'proxyDelay', family: 'ipv4', table: 'neigh', leaf: 'proxy_delay' },
] as const;

/** Reads a namespace's `sysctls`. */
export function readSysctls(reading: Reading, map: MapValue): DesiredSysctl[] {
  return Object.keys(map).flatMap((key, index) => {
    const at = keyPlaceAt(reading.places, map, index);
    if (!keyPattern.test(key)) {
      const hint = key.includes('/')
        ? 'write it with dots'
        : 'sysctls of net.ipv4, net.ipv6, net.core, net.netfilter and net.mpls can be set';
      addFinding(reading.findings, 'badSysctl', at, `${quote(key)} is no sysctl that a topology can set`, {
        hint,
      });
      return [];
    }
    return toSysctl(reading, key, map[key]!, valuePlaceAt(reading.places, map, index)) ?? [];
  });
}

/** Lowers a link's own words (`proxyArp`, `sysctls.ipv4`…) to sysctls by dotted name. */
export function readLinkSysctls(reading: Reading, dev: string, map: MapValue): DesiredSysctl[] {
  const sysctls: DesiredSysctl[] = [];
  for (const { word, family, table, leaf } of linkWords) {
    const value = map[word];
    if (value === undefined) continue;
    const place = valuePlace(reading.places, map, word);
    const sysctl = toSysctl(reading, deviceSysctlKey(family, table, dev, leaf), value, place);
    if (sysctl !== null) sysctls.push(sysctl);
  }
  if (isMap(map.sysctls)) {
    for (const family of ['ipv4', 'ipv6'] as const) {
      const leaves = map.sysctls[family];
      if (isMap(leaves)) sysctls.push(...readLeaves(reading, dev, family, leaves));
    }
  }
  return sysctls;
}

function readLeaves(reading: Reading, dev: string, family: SysctlFamily, map: MapValue): DesiredSysctl[] {
  return Object.keys(map).flatMap((leaf, index) => {
    if (!leafPattern.test(leaf)) {
      const at = keyPlaceAt(reading.places, map, index);
      addFinding(reading.findings, 'badSysctl', at, `${quote(leaf)} is no sysctl of a link`, {
        hint: `write what stands behind net.${family}.conf.${dev}., such as accept_local`,
      });
      return [];
    }
    const key = deviceSysctlKey(family, 'conf', dev, leaf);
    return toSysctl(reading, key, map[leaf]!, valuePlaceAt(reading.places, map, index)) ?? [];
  });
}

function toSysctl(reading: Reading, key: string, value: Value, source: Place): DesiredSysctl | null {
  if (typeof value === 'boolean') return { key, value: value ? '1' : '0', source };
  if (typeof value === 'number') return { key, value: String(value), source };
  if (typeof value !== 'string') return null;
  const text = normalSysctlValue(value);
  if (/^[\x20-\x7e]{1,1000}$/.test(text)) return { key, value: text, source };
  addFinding(reading.findings, 'badSysctl', source, `the value of ${key} is no line of plain text`);
  return null;
}
