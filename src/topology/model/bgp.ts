// BGP as a file says it: AS numbers, route reflectors, peers outside of the fabric, and how to reach a real machine's BIRD.
import { type BgpSpeaker, DEFAULT_CONTROL } from '../../state/bgp.ts';
import type { Ip } from '../../state/ip.ts';
import type { Place } from '../../state/place.ts';
import { addFinding } from '../source/findings.ts';
import { didYouMean } from '../source/suggest.ts';
import { isList, isMap, itemPlace, type MapValue, valuePlace } from '../source/tree.ts';
import { readPath, readSpeakers } from './bgp-speaker.ts';
import type { Host } from './host.ts';
import { checkName, quote, type Reading, readIp, readNumber, readText } from './scalars.ts';

/** The first of those AS numbers that nobody owns; Calico's default, too. */
const PRIVATE_ASN = 64512;

export interface ExternalPeer {
  readonly name: string;
  readonly address: Ip;
  readonly asn: number;
  /** Null: every host. */
  readonly hosts: ReadonlySet<string> | null;
  /** The session's source; null: the host's uplink address. */
  readonly local: Ip | null;
  readonly passwordFile: string | null;
  readonly place: Place;
}

export interface Bgp {
  /** Of hosts that state none. */
  readonly asn: number;
  /** Names of hosts; with any, the others peer with these alone. */
  readonly reflectors: ReadonlySet<string>;
  /** Of the sessions between hosts. */
  readonly passwordFile: string | null;
  readonly peers: readonly ExternalPeer[];
  readonly configFile: string;
  readonly controlSocket: string;
  /** Those that are written out; the pools' own come beside them. */
  readonly speakers: readonly BgpSpeaker[];
}

/** Reads `bgp`; its defaults where the file has none. */
export function readBgp(reading: Reading, root: MapValue, hosts: ReadonlyMap<string, Host>): Bgp {
  const map = isMap(root.bgp) ? root.bgp : {};
  const control = {
    configFile: readPath(reading, map, 'configFile') ?? DEFAULT_CONTROL.configFile,
    controlSocket: readPath(reading, map, 'controlSocket') ?? DEFAULT_CONTROL.controlSocket,
  };
  return {
    asn: readNumber(map, 'asn') ?? PRIVATE_ASN,
    reflectors: new Set(readHostNames(reading, map, 'routeReflectors', hosts)),
    passwordFile: readPath(reading, map, 'passwordFile'),
    peers: readPeers(reading, map, hosts),
    ...control,
    speakers: readSpeakers(reading, map, control),
  };
}

function readPeers(reading: Reading, map: MapValue, hosts: ReadonlyMap<string, Host>): ExternalPeer[] {
  const list = isList(map.peers) ? map.peers : [];
  const seen = new Map<string, Place>();
  return list.flatMap((item, index) => {
    if (!isMap(item)) return [];
    const place = itemPlace(reading.places, list, index);
    const name = readText(item, 'name');
    const address = readIp(reading, item, 'address');
    const asn = readNumber(item, 'asn');
    if (name === null || address === null || asn === null) return [];
    const at = valuePlace(reading.places, item, 'name');
    checkName(reading, name, at);
    const other = seen.get(name);
    if (other !== undefined)
      addFinding(reading.findings, 'itemsDisagree', at, `two peers are named ${name}`, { other });
    seen.set(name, at);
    const only = item.hosts === undefined ? null : new Set(readHostNames(reading, item, 'hosts', hosts));
    const local = readIp(reading, item, 'source');
    return {
      name,
      address,
      asn,
      hosts: only,
      local,
      passwordFile: readPath(reading, item, 'passwordFile'),
      place,
    };
  });
}

function readHostNames(
  reading: Reading,
  map: MapValue,
  key: string,
  hosts: ReadonlyMap<string, Host>,
): string[] {
  const list = map[key];
  if (!isList(list)) return [];
  return list.flatMap((name, index) => {
    if (typeof name !== 'string') return [];
    if (hosts.has(name)) return [name];
    const at = itemPlace(reading.places, list, index);
    const hint = didYouMean(name, hosts.keys());
    addFinding(reading.findings, 'unknownHost', at, `no host is named ${quote(name)}`, { hint });
    return [];
  });
}
