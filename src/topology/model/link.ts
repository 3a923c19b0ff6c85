// Links as they are written, with their addresses, neighbours and sysctls. What a file leaves unsaid stays null here:
// the expansion may say it, and only where nobody does comes the default.
import type { DesiredAddress } from '../../state/address.ts';
import { containsIp, familyOf, formatIp, type Ip } from '../../state/ip.ts';
import type { LinkEnd, LinkKind } from '../../state/link.ts';
import type { DesiredNeighbour } from '../../state/neighbour.ts';
import type { Place } from '../../state/place.ts';
import { SCOPE_GLOBAL, SCOPE_HOST, SCOPE_LINK } from '../../state/scope.ts';
import { addFinding } from '../source/findings.ts';
import { isMap, itemPlace, type ListValue, type MapValue, valuePlace } from '../source/tree.ts';
import { checkKindKeys, isKind, type KindWords, noKindWords, readKindWords } from './link-kind.ts';
import { readScope } from './route.ts';
import {
  type LocatedPrefix,
  type Reading,
  readAddress,
  readBoolean,
  readIfname,
  readIp,
  readMac,
  readName,
  readNumber,
  readText,
  toAddress,
} from './scalars.ts';

/** A link as far as someone has said it. */
export interface LinkDraft extends KindWords {
  readonly name: string;
  readonly kind: LinkKind | null;
  readonly peer: LinkEnd | null;
  /** Where the peer is said. */
  readonly peerPlace: Place;
  /** Where the link is said that this one stands on. */
  readonly parentPlace: Place;
  readonly stp: boolean | null;
  readonly vlanFiltering: boolean | null;
  readonly up: boolean | null;
  /** Bytes. */
  readonly mtu: number | null;
  readonly mac: string | null;
  readonly master: string | null;
  /** Where the master is said. */
  readonly masterPlace: Place;
  readonly adopt: boolean;
  readonly source: Place;
}

/** A link of which only the name is said. */
export function emptyLink(name: string, source: Place): LinkDraft {
  return {
    name,
    kind: null,
    ...noKindWords,
    peer: null,
    peerPlace: source,
    parentPlace: source,
    stp: null,
    vlanFiltering: null,
    up: null,
    mtu: null,
    mac: null,
    master: null,
    masterPlace: source,
    adopt: false,
    source,
  };
}

/** Reads one link of the namespace `netns`. */
export function readLink(
  reading: Reading,
  netns: string,
  name: string,
  map: MapValue,
  source: Place,
): LinkDraft {
  const kind = readKind(reading, map, name);
  if (kind !== null) checkKindKeys(reading, map, kind);
  const { peer } = map;
  const below = ['parent', 'dev'].find((key) => map[key] !== undefined);
  return {
    name,
    kind: kind ?? (peer === undefined ? null : 'veth'),
    peer: isMap(peer) ? readPeer(reading, netns, peer) : null,
    peerPlace: peer === undefined ? source : valuePlace(reading.places, map, 'peer'),
    ...readKindWords(reading, map),
    parentPlace: below === undefined ? source : valuePlace(reading.places, map, below),
    stp: readBoolean(map, 'stp'),
    vlanFiltering: readBoolean(map, 'vlanFiltering'),
    up: readBoolean(map, 'up'),
    mtu: readNumber(map, 'mtu'),
    mac: readMac(reading, map, 'mac'),
    master: readIfname(reading, map, 'master'),
    masterPlace: map.master === undefined ? source : valuePlace(reading.places, map, 'master'),
    adopt: readBoolean(map, 'adopt') ?? false,
    source,
  };
}

/** The scope that an address has where none is said. */
export function defaultAddressScope(address: Ip): number {
  if (familyOf(address) === 4) return (address as number) >>> 24 === 127 ? SCOPE_HOST : SCOPE_GLOBAL;
  if (address === '::1') return SCOPE_HOST;
  return containsIp({ address: 'fe80::', length: 10 }, address) ? SCOPE_LINK : SCOPE_GLOBAL;
}

/** An address on a link with nothing but the defaults. */
export function plainAddress(dev: string, { address, length, place }: LocatedPrefix): DesiredAddress {
  const scope = defaultAddressScope(address);
  return {
    dev,
    address,
    prefixlen: length,
    peer: null,
    scope,
    noprefixroute: false,
    adopt: false,
    source: place,
  };
}

/** Reads a link's `addresses`, in the order of the file. */
export function readLinkAddresses(reading: Reading, dev: string, list: ListValue): DesiredAddress[] {
  return list.flatMap((item, index) => {
    const place = itemPlace(reading.places, list, index);
    if (typeof item === 'string') {
      const prefix = toAddress(reading, item, place);
      return prefix === null ? [] : plainAddress(dev, prefix);
    }
    return isMap(item) ? (readAddressMap(reading, dev, item, place) ?? []) : [];
  });
}

/** Reads a link's `neighbours`. */
export function readNeighbours(reading: Reading, dev: string, list: ListValue): DesiredNeighbour[] {
  return list.flatMap((item, index) => {
    if (!isMap(item)) return [];
    const source = itemPlace(reading.places, list, index);
    const dst = readIp(reading, item, 'dst');
    const mac = readMac(reading, item, 'mac');
    const proxy = readBoolean(item, 'proxy') ?? false;
    if (proxy === (item.mac !== undefined)) {
      const message = proxy
        ? 'a proxy entry has no `mac`: the host answers with its own'
        : 'a neighbour has a `mac`, or `proxy: true`';
      addFinding(reading.findings, 'missingKey', source, message);
      return [];
    }
    return dst === null ? [] : { dev, dst, mac, proxy, adopt: readBoolean(item, 'adopt') ?? false, source };
  });
}

function readKind(reading: Reading, map: MapValue, name: string): LinkKind | null {
  const kind = readText(map, 'kind');
  if (kind !== null && !isKind(kind)) return null;
  if (name !== 'lo') return kind;
  if (kind !== null && kind !== 'existing') {
    addFinding(
      reading.findings,
      'notAllowed',
      valuePlace(reading.places, map, 'kind'),
      '`lo` is in every namespace already',
      { hint: 'leave `kind` out' },
    );
  }
  return 'existing';
}

function readPeer(reading: Reading, netns: string, map: MapValue): LinkEnd | null {
  const name = readIfname(reading, map, 'name');
  const other = map.netns === 'self' ? 'self' : (readName(reading, map, 'netns') ?? netns);
  return name === null ? null : { netns: other, name };
}

function readAddressMap(reading: Reading, dev: string, map: MapValue, source: Place): DesiredAddress | null {
  const own = readAddress(reading, map, 'address');
  const peer = readAddress(reading, map, 'peer');
  const scope = readScope(reading, map);
  if (own === null) return null;
  if (peer !== null && familyOf(peer.address) !== familyOf(own.address)) {
    addFinding(
      reading.findings,
      'badAddress',
      peer.place,
      `${formatIp(peer.address)} and ${formatIp(own.address)} are of two families`,
    );
  }
  return {
    dev,
    address: own.address,
    prefixlen: peer?.length ?? own.length,
    peer: peer === null || peer.address === own.address ? null : peer.address,
    scope: scope ?? defaultAddressScope(own.address),
    noprefixroute: readBoolean(map, 'noprefixroute') ?? false,
    adopt: readBoolean(map, 'adopt') ?? false,
    source,
  };
}
