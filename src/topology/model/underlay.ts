// Underlays: wires between simulated hosts, each a bridge in a namespace of its own.
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
import { checkName, type Reading, readName, readNumber } from './scalars.ts';

export interface Underlay {
  readonly name: string;
  readonly netns: string;
  /** In the order of their names. */
  readonly hosts: readonly Host[];
  /** Bytes; null: each wire has its uplink's. */
  readonly mtu: number | null;
  readonly place: Place;
}

/** The bridge of an underlay. */
export const UNDERLAY_BRIDGE = 'br0';

const taken: ReadonlySet<string> = new Set(['.', '..', 'all', 'default', 'lo', UNDERLAY_BRIDGE]);

/** The name of a host's wire in the underlay: the host's own, where that can be an interface name. */
export function wireName(host: string): string {
  if (host.length <= 15 && !taken.has(host)) return host;
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
  if (map.segments !== undefined) {
    const at = valuePlace(reading.places, map, 'segments');
    addFinding(reading.findings, 'unsupported', at, 'an underlay of `segments` is not supported yet', {
      hint: 'use `hosts`',
    });
  } else if (map.hosts === undefined) {
    addFinding(reading.findings, 'missingKey', place, 'the underlay wires no `hosts`');
  }
  const list = isList(map.hosts) ? map.hosts : [];
  const found = list.flatMap((item, index) => {
    if (typeof item !== 'string') return [];
    return findHost(reading, item, itemPlace(reading.places, list, index), hosts, wired) ?? [];
  });
  return {
    name,
    netns: readName(reading, map, 'netns') ?? name,
    hosts: found.sort((a, b) => (a.name < b.name ? -1 : 1)),
    mtu: readNumber(map, 'mtu'),
    place,
  };
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
