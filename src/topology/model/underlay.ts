// Underlays: wires between simulated hosts, bridges in a namespace of their own, which joins them as a router.
import { createHash } from 'node:crypto';
import type { Place } from '../../state/place.ts';
import { addFinding } from '../source/findings.ts';
import { didYouMean } from '../source/suggest.ts';
import {
  isList,
  isMap,
  itemPlace,
  keyPlaceAt,
  type MapValue,
  valuePlace,
  valuePlaceAt,
} from '../source/tree.ts';
import type { Host } from './host.ts';
import { checkName, type LocatedPrefix, type Reading, readAddress, readName, readNumber } from './scalars.ts';

/** One bridge of an underlay. */
export interface Segment {
  readonly bridge: string;
  /** In the order of their names. */
  readonly hosts: readonly Host[];
  /** The router's address here; null for none. */
  readonly gateway: LocatedPrefix | null;
}

export interface Underlay {
  readonly name: string;
  readonly netns: string;
  /** Of all segments. */
  readonly hosts: readonly Host[];
  readonly segments: readonly Segment[];
  /** Bytes; null: each wire has its uplink's. */
  readonly mtu: number | null;
  readonly place: Place;
}

const taken: ReadonlySet<string> = new Set(['.', '..', 'all', 'default', 'lo']);
const bridgePattern = /^br[0-9]+$/;

/** The name of a host's wire in the underlay: the host's own, where that can be an interface name. */
export function wireName(host: string): string {
  if (host.length <= 15 && !taken.has(host) && !bridgePattern.test(host)) return host;
  return `w${createHash('sha1').update(host).digest('hex').slice(0, 10)}`;
}

/** Reads `underlay`, in the order of the names. */
export function readUnderlays(
  reading: Reading,
  root: MapValue,
  hosts: ReadonlyMap<string, Host>,
): Underlay[] {
  const map = root.underlay;
  if (!isMap(map)) return [];
  const wired = new Map<string, Place>();
  const names = Object.keys(map);
  const underlays = names.flatMap((name, index) => {
    checkName(reading, name, keyPlaceAt(reading.places, map, index));
    const value = map[name];
    if (!isMap(value)) return [];
    const place = valuePlaceAt(reading.places, map, index);
    return [readUnderlay(reading, name, value, place, hosts, wired)];
  });
  return underlays.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readUnderlay(
  reading: Reading,
  name: string,
  map: MapValue,
  place: Place,
  hosts: ReadonlyMap<string, Host>,
  wired: Map<string, Place>,
): Underlay {
  const segments = readSegments(reading, map, place, hosts, wired);
  return {
    name,
    netns: readName(reading, map, 'netns') ?? name,
    hosts: segments.flatMap((segment) => segment.hosts),
    segments,
    mtu: readNumber(map, 'mtu'),
    place,
  };
}

function readSegments(
  reading: Reading,
  map: MapValue,
  place: Place,
  hosts: ReadonlyMap<string, Host>,
  wired: Map<string, Place>,
): Segment[] {
  const { segments } = map;
  if (segments === undefined) {
    if (map.hosts === undefined) {
      addFinding(reading.findings, 'missingKey', place, 'the underlay wires no `hosts`');
    }
    return [{ bridge: 'br0', hosts: readWired(reading, map, hosts, wired), gateway: null }];
  }
  if (map.hosts !== undefined) {
    const at = valuePlace(reading.places, map, 'hosts');
    addFinding(reading.findings, 'itemsDisagree', at, '`hosts` and `segments` both stand here', {
      hint: 'name the hosts in the segments',
    });
  }
  if (!isList(segments)) return [];
  return segments.flatMap((item, index) => {
    if (!isMap(item)) return [];
    const gateway = readAddress(reading, item, 'gateway');
    return [{ bridge: `br${index}`, hosts: readWired(reading, item, hosts, wired), gateway }];
  });
}

function readWired(
  reading: Reading,
  map: MapValue,
  hosts: ReadonlyMap<string, Host>,
  wired: Map<string, Place>,
): Host[] {
  const list = isList(map.hosts) ? map.hosts : [];
  const found = list.flatMap((item, index) => {
    if (typeof item !== 'string') return [];
    return findHost(reading, item, itemPlace(reading.places, list, index), hosts, wired) ?? [];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function findHost(
  reading: Reading,
  name: string,
  place: Place,
  hosts: ReadonlyMap<string, Host>,
  wired: Map<string, Place>,
): Host | null {
  const host = hosts.get(name);
  const first = wired.get(name);
  wired.set(name, place);
  if (host === undefined) {
    addFinding(reading.findings, 'unknownHost', place, `no host is named \`${name}\``, {
      hint: didYouMean(name, hosts.keys()),
    });
    return null;
  }
  if (first !== undefined) {
    addFinding(reading.findings, 'duplicateDev', place, `${name} has one uplink, and is wired already`, {
      other: first,
    });
    return null;
  }
  if (host.netns === null || host.uplink === null) {
    const lacking = host.netns === null ? 'is a real machine' : 'has no `uplink`';
    const hint =
      host.netns === null ? 'give it a `netns` to simulate it here' : 'give it an `uplink` to wire';
    addFinding(reading.findings, 'noWay', place, `${name} ${lacking}, so no wire can be made to it`, {
      hint,
    });
    return null;
  }
  return host;
}
