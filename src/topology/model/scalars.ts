// The single values a topology is made of: names, interface names, addresses, prefixes, hardware addresses.
// A reader returns null for what is absent or wrong. Of wrong types it is silent: the schema has spoken of those.
import {
  familyOf,
  formatPrefix,
  hostLength,
  type Ip,
  maskIp,
  type Prefix,
  parseIp,
  parsePrefix,
} from '../../state/ip.ts';
import { parseMac } from '../../state/link.ts';
import { SELF } from '../../state/network.ts';
import type { Place } from '../../state/place.ts';
import { addFinding, type Finding } from '../source/findings.ts';
import { nearestOf } from '../source/suggest.ts';
import { isList, itemPlace, type MapValue, type Places, valuePlace } from '../source/tree.ts';
import type { RouteRecall } from './route-recall.ts';

/** What reading a topology works with. */
export interface Reading {
  readonly places: Places;
  readonly findings: Finding[];
  /** Where the same topology is read again and again. */
  readonly routeRecall?: RouteRecall;
}

/** A prefix, or an address with its length, and where it is written. */
export interface LocatedPrefix extends Prefix {
  readonly place: Place;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const ifnamePattern = /^[A-Za-z0-9._-]{1,15}$/;
const reservedIfnames: ReadonlySet<string> = new Set(['.', '..', 'all', 'default']);

export function readText(map: MapValue, key: string): string | null {
  const value = map[key];
  return typeof value === 'string' ? value : null;
}

export function readNumber(map: MapValue, key: string): number | null {
  const value = map[key];
  return typeof value === 'number' ? value : null;
}

export function readBoolean(map: MapValue, key: string): boolean | null {
  const value = map[key];
  return typeof value === 'boolean' ? value : null;
}

/** A name of a host, workload, underlay or namespace. */
export function readName(reading: Reading, map: MapValue, key: string): string | null {
  const text = readText(map, key);
  if (text === null || isName(text)) return text;
  checkName(reading, text, valuePlace(reading.places, map, key));
  return null;
}

/** Whether a text is a name; a finding where it is not. */
export function checkName(reading: Reading, text: string, place: Place): boolean {
  if (isName(text)) return true;
  if (text === SELF) {
    addFinding(
      reading.findings,
      'reservedName',
      place,
      '`self` is the namespace the tool is started in, not a name to give',
    );
    return false;
  }
  addFinding(reading.findings, 'badName', place, `${quote(text)} is no name`, {
    hint:
      text.length > 63
        ? 'a name has at most 63 characters'
        : 'a name is letters, digits, `.`, `_` and `-`, and begins with a letter or digit',
  });
  return false;
}

export function readIfname(reading: Reading, map: MapValue, key: string): string | null {
  const text = readText(map, key);
  if (text === null || isIfname(text)) return text;
  checkIfname(reading, text, valuePlace(reading.places, map, key));
  return null;
}

/** Whether a text is an interface name; a finding where it is not. */
export function checkIfname(reading: Reading, text: string, place: Place): boolean {
  if (isIfname(text)) return true;
  const bytes = Buffer.byteLength(text);
  const hint = reservedIfnames.has(text)
    ? 'the kernel keeps this word for itself'
    : bytes > 15
      ? `it is ${bytes} bytes long; 15 are the most`
      : 'an interface name is letters, digits, `.`, `_` and `-`';
  addFinding(reading.findings, 'badIfname', place, `${quote(text)} is no interface name`, { hint });
  return false;
}

export function readIp(reading: Reading, map: MapValue, key: string): Ip | null {
  const text = readText(map, key);
  if (text === null) return null;
  const ip = parseIp(text);
  if (ip === null) {
    const bare = parsePrefix(text) === null ? null : 'an address without a prefix length is meant here';
    addFinding(
      reading.findings,
      'badAddress',
      valuePlace(reading.places, map, key),
      `${quote(text)} is no IP address`,
      {
        hint: bare ?? addressHint(text),
      },
    );
  }
  return ip;
}

/** An address with the length of its subnet: `10.20.1.2/24`; without a length, a host's own. */
export function readAddress(reading: Reading, map: MapValue, key: string): LocatedPrefix | null {
  const text = readText(map, key);
  return text === null ? null : toAddress(reading, text, valuePlace(reading.places, map, key));
}

/** The addresses that `address` or `addresses` says; empty where neither is there or right. */
export function readAddresses(reading: Reading, map: MapValue): LocatedPrefix[] {
  const list = map.addresses;
  if (map.address !== undefined && list !== undefined) {
    addFinding(
      reading.findings,
      'itemsDisagree',
      valuePlace(reading.places, map, 'addresses'),
      '`address` and `addresses` both stand here',
      {
        hint: 'write all of them in `addresses`',
      },
    );
  }
  if (!isList(list)) {
    const single = readAddress(reading, map, 'address');
    return single === null ? [] : [single];
  }
  return list.flatMap((item, index) => {
    if (typeof item !== 'string') return [];
    return toAddress(reading, item, itemPlace(reading.places, list, index)) ?? [];
  });
}

/** Says that `address` is missing, unless it is there in some form, if only misspelled. */
export function checkAddressed(reading: Reading, map: MapValue, place: Place, message: string): void {
  if (map.address !== undefined || map.addresses !== undefined) return;
  // A misspelled key, or one with no blank behind its colon, is spoken of as such.
  if (nearestOf('address', Object.keys(map)) !== null) return;
  if (Object.keys(map).some((key) => /^address(es)?[: ]/.test(key))) return;
  addFinding(reading.findings, 'missingKey', place, message);
}

/** Reads an address with a length, at a place; a finding where it is none that a link can have. */
export function toAddress(reading: Reading, text: string, place: Place): LocatedPrefix | null {
  const prefix = parsePrefix(text);
  if (prefix === null) {
    addFinding(reading.findings, 'badAddress', place, `${quote(text)} is no address with a prefix length`, {
      hint: addressHint(text),
    });
    return null;
  }
  if (!isUnicast(prefix.address)) {
    addFinding(
      reading.findings,
      'badAddress',
      place,
      `${quote(text)} is not an address that a link can have`,
      {
        hint: 'the unspecified, multicast and broadcast addresses belong to no one',
      },
    );
    return null;
  }
  return { ...prefix, place };
}

/** A prefix without host bits. */
export function readPrefix(reading: Reading, map: MapValue, key: string): Prefix | null {
  const text = readText(map, key);
  if (text === null) return null;
  const prefix = parsePrefix(text);
  if (prefix !== null && hasNoHostBits(prefix)) return prefix;
  return toPrefix(reading, text, valuePlace(reading.places, map, key));
}

/** Reads a prefix without host bits, at a place. */
export function toPrefix(reading: Reading, text: string, place: Place): LocatedPrefix | null {
  const prefix = parsePrefix(text);
  if (prefix === null) {
    addFinding(reading.findings, 'badPrefix', place, `${quote(text)} is no prefix such as 10.20.0.0/16`, {
      hint: addressHint(text),
    });
    return null;
  }
  if (!hasNoHostBits(prefix)) {
    const masked = formatPrefix(maskIp(prefix.address, prefix.length), prefix.length);
    addFinding(reading.findings, 'hostBits', place, `${quote(text)} has bits set past its prefix length`, {
      hint: `did you mean \`${masked}\`?`,
    });
    return null;
  }
  return { ...prefix, place };
}

/** A hardware address, in lower case. */
export function readMac(reading: Reading, map: MapValue, key: string): string | null {
  const text = readText(map, key);
  if (text === null) return null;
  const mac = parseMac(text);
  if (mac === null) {
    const place = valuePlace(reading.places, map, key);
    addFinding(reading.findings, 'badMac', place, `${quote(text)} is no hardware address of six octets`, {
      hint: 'one looks like ee:ee:ee:ee:ee:ee',
    });
  } else if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1 || mac === '00:00:00:00:00:00') {
    const place = valuePlace(reading.places, map, key);
    addFinding(
      reading.findings,
      'badMac',
      place,
      `${quote(text)} is no hardware address that one link can have`,
      {
        hint: 'the first octet of one is even, and not all are zero',
      },
    );
    return null;
  }
  return mac;
}

export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

function isName(text: string): boolean {
  return namePattern.test(text) && text !== SELF;
}

function isIfname(text: string): boolean {
  return ifnamePattern.test(text) && !reservedIfnames.has(text);
}

function hasNoHostBits({ address, length }: Prefix): boolean {
  return length === hostLength(address) || maskIp(address, length) === address;
}

function isUnicast(ip: Ip): boolean {
  if (familyOf(ip) === 6) return ip !== '::' && !/^ff/.test(ip as string);
  const first = (ip as number) >>> 24;
  return first !== 0 && (first < 224 || (first >= 240 && ip !== 0xffffffff));
}

function addressHint(text: string): string | null {
  const [address = '', length] = text.split('/');
  const octets = address.split('.');
  if (octets.length === 4 && octets.every((octet) => /^\d+$/.test(octet))) {
    const tooBig = octets.find((octet) => Number(octet) > 255);
    if (tooBig !== undefined) return `${tooBig} is more than 255`;
    const padded = octets.find((octet) => octet.length > 1 && octet[0] === '0');
    if (padded !== undefined) return `\`${padded}\` has a leading zero, which some programs read as octal`;
    if (length !== undefined && /^\d+$/.test(length)) return 'an IPv4 prefix length is 0-32';
    if (length !== undefined) return 'write the prefix length as a number, such as /24';
  }
  if (address.includes(':') && length !== undefined && parseIp(address) !== null)
    return 'an IPv6 prefix length is 0-128';
  if (address.includes('%')) return 'leave the zone out; the link says it';
  if (/^\d+(\.\d+){1,2}$/.test(address)) return 'an IPv4 address has four numbers';
  return null;
}
