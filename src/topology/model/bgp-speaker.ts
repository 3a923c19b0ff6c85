// BGP speakers as they are written out, and as `render` prints them.
import type { BgpPeer, BgpSpeaker, BgpTunnel, BgpWay } from '../../state/bgp.ts';
import { familyOf, type Prefix } from '../../state/ip.ts';
import { SELF } from '../../state/network.ts';
import type { Place } from '../../state/place.ts';
import { addFinding } from '../source/findings.ts';
import { isList, isMap, itemPlace, keyPlaceAt, type MapValue, valuePlace } from '../source/tree.ts';
import {
  checkName,
  quote,
  type Reading,
  readBoolean,
  readIfname,
  readIp,
  readName,
  readNumber,
  readText,
  toPrefix,
} from './scalars.ts';

/** How to reach a real machine's daemon. */
export type BgpControl = Pick<BgpSpeaker, 'configFile' | 'controlSocket'>;

/** Reads `bgp.speakers`, in the order of the file. */
export function readSpeakers(reading: Reading, map: MapValue, control: BgpControl): BgpSpeaker[] {
  const { speakers } = map;
  if (!isMap(speakers)) return [];
  return Object.keys(speakers).flatMap((host, index) => {
    const item = speakers[host];
    const source = keyPlaceAt(reading.places, speakers, index);
    return isMap(item) && checkName(reading, host, source)
      ? (readSpeaker(reading, host, item, control, source) ?? [])
      : [];
  });
}

/** An absolute path; a finding where it is none. */
export function readPath(reading: Reading, map: MapValue, key: string): string | null {
  const text = readText(map, key);
  if (text === null) return null;
  if (/^\/[^\0-\x1f"]+$/.test(text)) return text;
  const at = valuePlace(reading.places, map, key);
  addFinding(reading.findings, 'notAllowed', at, `${quote(text)} is no absolute path`, {
    hint: 'it begins with a slash',
  });
  return null;
}

function readSpeaker(
  reading: Reading,
  host: string,
  map: MapValue,
  control: BgpControl,
  source: Place,
): BgpSpeaker | null {
  const simulated = map.netns !== undefined && map.netns !== SELF;
  const netns = simulated ? readName(reading, map, 'netns') : SELF;
  const asn = readNumber(map, 'asn');
  const uplink = readIfname(reading, map, 'uplink');
  const routerId = readIp(reading, map, 'routerId');
  if (typeof routerId === 'string') {
    const at = valuePlace(reading.places, map, 'routerId');
    addFinding(reading.findings, 'badAddress', at, 'a router id is written as an IPv4 address');
  }
  if (netns === null || asn === null || uplink === null || typeof routerId !== 'number') return null;
  return {
    host,
    netns,
    simulated,
    asn,
    routerId,
    uplink,
    pools: readPrefixes(reading, map, 'pools'),
    announces: readPrefixes(reading, map, 'announces'),
    tunnels: readItems(reading, map, 'tunnels', readTunnel),
    peers: readItems(reading, map, 'peers', readPeer),
    ...control,
    source,
  };
}

function readTunnel(reading: Reading, map: MapValue): BgpTunnel | null {
  const nextHop = readIp(reading, map, 'nextHop');
  if (nextHop === null) return null;
  const pools = readPrefixes(reading, map, 'pools');
  return { pools, nextHop, ways: readItems(reading, map, 'ways', readWay) };
}

function readWay(reading: Reading, map: MapValue): BgpWay | null {
  const nextHop = readIp(reading, map, 'nextHop');
  const via = readIp(reading, map, 'via');
  const dev = readIfname(reading, map, 'dev');
  if (nextHop === null || via === null || dev === null) return null;
  return { nextHop, via, dev, onlink: readBoolean(map, 'onlink') ?? false };
}

function readPeer(reading: Reading, map: MapValue, source: Place): BgpPeer | null {
  const name = readName(reading, map, 'name');
  const address = readIp(reading, map, 'address');
  const asn = readNumber(map, 'asn');
  const local = readIp(reading, map, 'source');
  if (name === null || address === null || asn === null || local === null) return null;
  if (familyOf(address) !== familyOf(local)) {
    const at = valuePlace(reading.places, map, 'source');
    addFinding(reading.findings, 'badAddress', at, 'the source is of another family than the peer');
  }
  return {
    name,
    address,
    asn,
    local,
    client: readBoolean(map, 'client') ?? false,
    multihop: readBoolean(map, 'multihop') ?? false,
    inside: readBoolean(map, 'inside') ?? false,
    passwordFile: readPath(reading, map, 'passwordFile'),
    source,
  };
}

function readPrefixes(reading: Reading, map: MapValue, key: string): Prefix[] {
  const list = map[key];
  if (!isList(list)) return [];
  return list.flatMap((text, index) => {
    const prefix =
      typeof text === 'string' ? toPrefix(reading, text, itemPlace(reading.places, list, index)) : null;
    return prefix === null ? [] : { address: prefix.address, length: prefix.length };
  });
}

function readItems<Item>(
  reading: Reading,
  map: MapValue,
  key: string,
  read: (reading: Reading, item: MapValue, place: Place) => Item | null,
): Item[] {
  const list = map[key];
  if (!isList(list)) return [];
  return list.flatMap((item, index) =>
    isMap(item) ? (read(reading, item, itemPlace(reading.places, list, index)) ?? []) : [],
  );
}
