// Workloads: what one line of the file says, with every default filled in and replicas counted out.
import { createHash } from 'node:crypto';
import {
  addToIp,
  containsIp,
  type Family,
  familyOf,
  formatIp,
  formatPrefix,
  type Ip,
} from '../../state/ip.ts';
import { SELF } from '../../state/network.ts';
import type { Place } from '../../state/place.ts';
import { addFinding } from '../source/findings.ts';
import { didYouMean, nearestOf } from '../source/suggest.ts';
import { isMap, keyPlaceAt, type MapValue, placeOf, valuePlace, valuePlaceAt } from '../source/tree.ts';
import { type Host, thisMachine } from './host.ts';
import { type Pool, poolOf } from './pool.ts';
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

export const DEFAULT_GATEWAY: Ip = 0xa9fe0101;
const DEFAULT_MAC = 'ee:ee:ee:ee:ee:ee';
const IPV6_MIN_MTU = 1280;
/** Past this many, the topology is refused as a whole: two million items at about ten each. */
const MAX_WORKLOADS = 200_000;

/** `cali` and the first 11 hex digits of the sha1 of the name. */
export function defaultDev(name: string): string {
  return `cali${createHash('sha1').update(name).digest('hex').slice(0, 11)}`;
}

/** The link-local address that the kernel makes of a hardware address (EUI-64). */
export function linkLocalOf(mac: string): string {
  const octets = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = octets;
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return `fe80::${groups.map((group) => group.toString(16)).join(':')}`;
}

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
    const copies = Math.min(65536, readNumber(value, 'replicas') ?? 0);
    if (value.replicas === undefined) workloads.push(workload);
    else if (checkReplicas(reading, workload, value, copies, pools)) pushCopies(workloads, workload, copies);
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
    mtu:
      readNumber(map, 'mtu') ??
      (addresses[0] === undefined ? null : (poolOf(pools, addresses[0].address)?.mtu ?? null)),
    gateway: readIp(reading, map, 'gateway'),
    gatewayMode: mode === 'neighbour' || mode === 'address' ? mode : 'proxy-arp',
    place,
  };
  checkValues(reading, map, workload);
  return workload;
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

function checkReplicas(
  reading: Reading,
  workload: Workload,
  map: MapValue,
  copies: number,
  pools: readonly Pool[],
): boolean {
  const before = reading.findings.length;
  for (const key of ['dev', 'netns']) {
    if (map[key] === undefined) continue;
    addFinding(
      reading.findings,
      'itemsDisagree',
      valuePlace(reading.places, map, key),
      `${copies} replicas cannot share one \`${key}\``,
      {
        hint: `leave \`${key}\` out: each replica gets its own`,
      },
    );
  }
  const last = `${workload.name}-${copies - 1}`;
  if (copies > 0 && last.length > 63) {
    addFinding(
      reading.findings,
      'badName',
      placeOf(reading.places, map),
      `the replica's name ${last} is longer than 63 characters`,
    );
  }
  for (const { address, place } of workload.addresses) {
    const end = addToIp(address, copies - 1);
    const pool = poolOf(pools, address);
    if (copies < 1 || (end !== null && (pool === null || containsIp(pool.cidr, end)))) continue;
    const limit =
      pool === null
        ? 'the end of all addresses'
        : `the end of the pool ${formatPrefix(pool.cidr.address, pool.cidr.length)}`;
    addFinding(
      reading.findings,
      'outsidePool',
      place,
      `${copies} replicas from ${formatIp(address)} on run past ${limit}`,
    );
  }
  return copies > 0 && reading.findings.length === before;
}

function pushCopies(workloads: Workload[], workload: Workload, copies: number): void {
  for (let copy = 0; copy < copies; copy++) {
    const name = `${workload.name}-${copy}`;
    const addresses = workload.addresses.map((prefix) => ({
      ...prefix,
      address: addToIp(prefix.address, copy)!,
    }));
    workloads.push({ ...workload, name, netns: name, dev: defaultDev(name), addresses });
  }
}
