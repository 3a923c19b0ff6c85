// Workloads: what one line of the file says, with every default filled in and replicas counted out.
import { type Family, familyOf, formatIp, formatPrefix, type Ip } from '../../state/ip.ts';
import { SELF } from '../../state/network.ts';
import type { Place } from '../../state/place.ts';
import { addFinding } from '../source/findings.ts';
import { didYouMean, nearestOf } from '../source/suggest.ts';
import { isMap, keyPlaceAt, type MapValue, valuePlace, valuePlaceAt } from '../source/tree.ts';
import { DEFAULT_GATEWAY, DEFAULT_MAC, defaultDev, linkLocalOf } from './calico.ts';
import { type Host, thisMachine } from './host.ts';
import { type Pool, poolOf } from './pool.ts';
import { readReplicas } from './replicas.ts';
import {
  checkAddressed,
  checkName,
  type LocatedPrefix,
  quote,
  type Reading,
  readAddresses,
  readIfname,
  readIp,
  readMac,
  readName,
  readNumber,
  readText,
} from './scalars.ts';

export type GatewayMode = 'proxy-arp' | 'neighbour' | 'address';

export interface Workload {
  readonly name: string;
  readonly host: Host;
  readonly addresses: readonly LocatedPrefix[];
  readonly netns: string;
  /** The file names the namespace, so that others may share it by naming it too. */
  readonly netnsStated: boolean;
  readonly ifname: string;
  readonly dev: string;
  readonly mac: string;
  /** Bytes; null: the kernel's default. */
  readonly mtu: number | null;
  /** Null: the family's own, 169.254.1.1 or the link-local address of the host's end. */
  readonly gateway: Ip | null;
  readonly gatewayMode: GatewayMode;
  readonly place: Place;
}

const IPV6_MIN_MTU = 1280;
/** Past this many, the topology is refused as a whole: two million items at about ten each. */
const MAX_WORKLOADS = 200_000;

/** What workloads see as their gateway in a family. */
export function gatewayOf(workload: Workload, family: Family): Ip {
  if (workload.gateway !== null && familyOf(workload.gateway) === family) return workload.gateway;
  return family === 4 ? DEFAULT_GATEWAY : linkLocalOf(workload.mac);
}

export function hasFamily(workload: Workload, family: Family): boolean {
  return workload.addresses.some(({ address }) => familyOf(address) === family);
}

/** Reads `workloads`, in the order of their names, replicas in the order of their numbers. */
export function readWorkloads(
  reading: Reading,
  root: MapValue,
  hosts: ReadonlyMap<string, Host>,
  pools: readonly Pool[],
): Workload[] {
  const map = root.workloads;
  if (!isMap(map)) return [];
  const workloads: Workload[] = [];
  const indexOf = new Map(Object.keys(map).map((name, index) => [name, index]));
  for (const [name, index] of [...indexOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    checkName(reading, name, keyPlaceAt(reading.places, map, index));
    const value = map[name];
    if (!isMap(value)) continue;
    const place = valuePlaceAt(reading.places, map, index);
    const workload = readWorkload(reading, name, value, place, hosts, pools);
    const copies = value.replicas === undefined ? [workload] : readReplicas(reading, value, workload, pools);
    for (const copy of copies) workloads.push(copy);
    if (workloads.length <= MAX_WORKLOADS) continue;
    addFinding(
      reading.findings,
      'tooBig',
      place,
      `there are more than ${MAX_WORKLOADS} workloads up to here`,
    );
    return [];
  }
  return workloads;
}

function readWorkload(
  reading: Reading,
  name: string,
  map: MapValue,
  place: Place,
  hosts: ReadonlyMap<string, Host>,
  pools: readonly Pool[],
): Workload {
  const host = readHostOf(reading, map, place, hosts);
  const addresses = readAddresses(reading, map);
  checkAddressed(reading, map, place, 'the workload has no `address`');
  const mode = readText(map, 'gatewayMode');
  const workload: Workload = {
    name,
    host,
    addresses,
    netns: readName(reading, map, 'netns') ?? name,
    netnsStated: map.netns !== undefined,
    ifname: readEnd(reading, map, 'ifname') ?? 'eth0',
    dev: readEnd(reading, map, 'dev') ?? defaultDev(name),
    mac: readMac(reading, map, 'mac') ?? DEFAULT_MAC,
    mtu: readNumber(map, 'mtu') ?? leastMtu(pools, addresses),
    gateway: readIp(reading, map, 'gateway'),
    gatewayMode: mode === 'neighbour' || mode === 'address' ? mode : 'proxy-arp',
    place,
  };
  checkValues(reading, map, workload);
  checkInPools(reading, pools, addresses);
  return workload;
}

/** The least MTU of the pools of its addresses, in bytes; null where none of them has one. */
function leastMtu(pools: readonly Pool[], addresses: readonly LocatedPrefix[]): number | null {
  const mtus = addresses.flatMap(({ address }) => poolOf(pools, address)?.mtu ?? []);
  return mtus.length === 0 ? null : Math.min(...mtus);
}

/** The host that runs a workload; where there is no such host, a finding and a stand-in that is none of the hosts. */
function readHostOf(reading: Reading, map: MapValue, place: Place, hosts: ReadonlyMap<string, Host>): Host {
  const name = readText(map, 'host');
  const only = hosts.size === 1 ? [...hosts.values()][0] : undefined;
  const host = name === null ? only : hosts.get(name);
  if (host !== undefined) return host;
  if (name !== null) {
    const names = [...hosts.keys()].filter((known) => known !== SELF);
    const choice =
      names.length === 0 ? 'the topology has no `hosts`' : `the hosts are ${names.slice(0, 8).join(', ')}`;
    const at = valuePlace(reading.places, map, 'host');
    addFinding(reading.findings, 'unknownHost', at, `no host is named ${quote(name)}`, {
      hint: didYouMean(name, names) ?? choice,
    });
  } else if (map.host === undefined && hosts.size > 1 && nearestOf('host', Object.keys(map)) === null) {
    const message = 'the key `host` is missing, and there are several hosts to choose from';
    addFinding(reading.findings, 'missingKey', place, message);
  }
  return { ...thisMachine(place), name: name ?? '' };
}

function readEnd(reading: Reading, map: MapValue, key: string): string | null {
  const name = readIfname(reading, map, key);
  if (name !== 'lo') return name;
  addFinding(
    reading.findings,
    'badIfname',
    valuePlace(reading.places, map, key),
    '`lo` is in every namespace already',
  );
  return null;
}

function checkValues(reading: Reading, map: MapValue, workload: Workload): void {
  const { addresses, gateway, mtu } = workload;
  if (
    gateway !== null &&
    addresses.length > 0 &&
    !addresses.some(({ address }) => familyOf(address) === familyOf(gateway))
  ) {
    addFinding(
      reading.findings,
      'badAddress',
      valuePlace(reading.places, map, 'gateway'),
      `the gateway ${formatIp(gateway)} is of another family than the workload's addresses`,
    );
  }
  const ipv6 = addresses.find(({ address }) => familyOf(address) === 6);
  if (ipv6 !== undefined && mtu !== null && mtu < IPV6_MIN_MTU) {
    const at = map.mtu === undefined ? ipv6.place : valuePlace(reading.places, map, 'mtu');
    addFinding(
      reading.findings,
      'outOfRange',
      at,
      `IPv6 needs an MTU of at least ${IPV6_MIN_MTU}; this one is ${mtu}`,
    );
  }
}

/** With pools, only their addresses are a workload's to have: nothing else says how others get there. */
function checkInPools(reading: Reading, pools: readonly Pool[], addresses: readonly LocatedPrefix[]): void {
  if (pools.length === 0) return;
  for (const { address, place } of addresses) {
    if (poolOf(pools, address) !== null) continue;
    const names = pools.map(({ cidr }) => formatPrefix(cidr.address, cidr.length));
    const message = `${formatIp(address)} is in none of the pools`;
    addFinding(reading.findings, 'outsidePool', place, message, { hint: `they are ${names.join(', ')}` });
  }
}
