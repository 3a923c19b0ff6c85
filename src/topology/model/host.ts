// Hosts: machines of the fabric, real or simulated in a namespace, and their uplinks.
import { containsIp, familyOf, formatIp, type Ip, overlaps } from '../../state/ip.ts';
import { type Manage, SELF } from '../../state/network.ts';
import type { Place } from '../../state/place.ts';
import { addFinding } from '../source/findings.ts';
import {
  isList,
  isMap,
  itemPlace,
  keyPlaceAt,
  type MapValue,
  valuePlace,
  valuePlaceAt,
} from '../source/tree.ts';
import {
  checkAddressed,
  checkName,
  type LocatedPrefix,
  type Reading,
  readAddresses,
  readIfname,
  readIp,
  readName,
  readNumber,
  toPrefix,
} from './scalars.ts';

const DEFAULT_UPLINK_MTU = 1500;

export interface Uplink {
  readonly dev: string;
  readonly addresses: readonly LocatedPrefix[];
  readonly gateway: Ip | null;
  /** Bytes. */
  readonly mtu: number;
  readonly place: Place;
}

export interface Host {
  readonly name: string;
  /** The namespace that simulates it; null for a real machine. */
  readonly netns: string | null;
  readonly uplink: Uplink | null;
  readonly blocks: readonly LocatedPrefix[];
  /** As a BGP speaker; null: the fabric's. */
  readonly asn: number | null;
  readonly manage: Manage | null;
  readonly place: Place;
}

/** The namespace in which a host's items are. */
export function netnsOf(host: Host): string {
  return host.netns ?? SELF;
}

/** This machine as the only host of a topology that names none. */
export function thisMachine(place: Place): Host {
  return { name: SELF, netns: null, uplink: null, blocks: [], asn: null, manage: null, place };
}

/** Reads `hosts`, in the order of their names. */
export function readHosts(reading: Reading, root: MapValue): Map<string, Host> {
  const hosts = new Map<string, Host>();
  const map = root.hosts;
  if (!isMap(map)) return hosts;
  const names = Object.keys(map);
  for (const [index, name] of names.entries()) {
    const value = map[name];
    checkName(reading, name, keyPlaceAt(reading.places, map, index));
    if (isMap(value))
      hosts.set(name, readHost(reading, name, value, valuePlaceAt(reading.places, map, index)));
  }
  const sorted = [...hosts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  checkUplinkAddresses(reading, sorted);
  checkBlocks(reading, sorted);
  return new Map(sorted.map((host) => [host.name, host]));
}

function readHost(reading: Reading, name: string, map: MapValue, place: Place): Host {
  const { uplink, manage } = map;
  return {
    name,
    netns: map.netns === undefined ? null : (readName(reading, map, 'netns') ?? name),
    uplink: isMap(uplink) ? readUplink(reading, uplink, valuePlace(reading.places, map, 'uplink')) : null,
    blocks: readBlocks(reading, map),
    asn: readNumber(map, 'asn'),
    manage: manage === 'owned' || manage === 'full' ? manage : null,
    place,
  };
}

function readUplink(reading: Reading, map: MapValue, place: Place): Uplink {
  const dev = readIfname(reading, map, 'dev') ?? '';
  const addresses = readAddresses(reading, map);
  const gateway = readIp(reading, map, 'gateway');
  checkAddressed(reading, map, place, 'the uplink has no `address`; other hosts reach this one by it');
  const onLink =
    gateway !== null && (isLinkLocal(gateway) || addresses.some((address) => containsIp(address, gateway)));
  if (gateway !== null && addresses.length > 0 && !onLink) {
    const at = valuePlace(reading.places, map, 'gateway');
    addFinding(
      reading.findings,
      'badAddress',
      at,
      `the gateway ${formatIp(gateway)} is in no subnet of the uplink's addresses`,
    );
  }
  if (dev === 'lo') {
    addFinding(
      reading.findings,
      'badIfname',
      valuePlace(reading.places, map, 'dev'),
      '`lo` leads to no other host',
    );
  }
  return { dev, addresses, gateway, mtu: readNumber(map, 'mtu') ?? DEFAULT_UPLINK_MTU, place };
}

function readBlocks(reading: Reading, map: MapValue): LocatedPrefix[] {
  const list = map.blocks;
  if (!isList(list)) return [];
  return list.flatMap((item, index) => {
    if (typeof item !== 'string') return [];
    return toPrefix(reading, item, itemPlace(reading.places, list, index)) ?? [];
  });
}

function checkUplinkAddresses(reading: Reading, hosts: readonly Host[]): void {
  const seen = new Map<Ip, LocatedPrefix>();
  for (const address of hosts.flatMap((host) => host.uplink?.addresses ?? [])) {
    const first = seen.get(address.address);
    if (first === undefined) seen.set(address.address, address);
    else {
      addFinding(
        reading.findings,
        'duplicateAddress',
        address.place,
        `${formatIp(address.address)} is given twice`,
        {
          other: first.place,
        },
      );
    }
  }
}

function checkBlocks(reading: Reading, hosts: readonly Host[]): void {
  const seen: LocatedPrefix[] = [];
  for (const block of hosts.flatMap((host) => host.blocks)) {
    const first = seen.find((other) => overlaps(other, block));
    if (first !== undefined) {
      addFinding(reading.findings, 'overlap', block.place, 'this block overlaps another', {
        other: first.place,
      });
    }
    seen.push(block);
  }
}

function isLinkLocal(ip: Ip): boolean {
  return familyOf(ip) === 6 && containsIp({ address: 'fe80::', length: 10 }, ip);
}
