// IP addresses as values. An IPv4 address is its unsigned 32-bit number, an IPv6 address its RFC 5952 text:
// so `===` is equality, `typeof` tells the family, and a hundred thousand routes cost no string each.
import ipaddr from 'ipaddr.js';

export type Ip = number | string;
export type Family = 4 | 6;

export interface Prefix {
  readonly address: Ip;
  /** 0-32 or 0-128. */
  readonly length: number;
}

export function familyOf(ip: Ip): Family {
  return typeof ip === 'number' ? 4 : 6;
}

/** The length of a host's own prefix: 32 or 128. */
export function hostLength(ip: Ip): 32 | 128 {
  return typeof ip === 'number' ? 32 : 128;
}

/** Reads `10.20.1.2` or `fe80::1`; null for anything else (no leading zeros, no zone, no short forms). */
export function parseIp(text: string): Ip | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text, text.length);
}

export function formatIp(ip: Ip): string {
  if (typeof ip === 'string') return ip;
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}

/** Reads `10.20.0.0/16`; an address without a length is a host's own prefix. Null for anything else. */
export function parsePrefix(text: string): Prefix | null {
  const slash = text.indexOf('/');
  const end = slash < 0 ? text.length : slash;
  const address = text.includes(':') ? parseIpv6(text.slice(0, end)) : parseIpv4(text, end);
  if (address === null) return null;
  const length = slash < 0 ? hostLength(address) : parseNumber(text, slash + 1, text.length);
  return length >= 0 && length <= hostLength(address) ? { address, length } : null;
}

export function formatPrefix(address: Ip, length: number): string {
  return `${formatIp(address)}/${length}`;
}

/** The address with every bit past the prefix cleared. */
export function maskIp(address: Ip, length: number): Ip {
  if (typeof address === 'number') return length === 0 ? 0 : (address & (-1 << (32 - length))) >>> 0;
  const bytes = ipv6Bytes(address);
  for (let i = 0; i < 16; i++) {
    const kept = Math.min(8, Math.max(0, length - i * 8));
    bytes[i] = bytes[i]! & (0xff << (8 - kept));
  }
  return ipv6FromBytes(bytes, 0);
}

/** The last address of a prefix: every bit past its length set. */
export function lastIp({ address, length }: Prefix): Ip {
  if (typeof address === 'number') return length === 32 ? address : (address | (0xffffffff >>> length)) >>> 0;
  const bytes = ipv6Bytes(address);
  for (let i = 0; i < 16; i++) bytes[i] = bytes[i]! | (0xff >> Math.min(8, Math.max(0, length - i * 8)));
  return ipv6FromBytes(bytes, 0);
}

export function containsIp(prefix: Prefix, ip: Ip): boolean {
  return (
    familyOf(prefix.address) === familyOf(ip) &&
    maskIp(ip, prefix.length) === maskIp(prefix.address, prefix.length)
  );
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  return a.length <= b.length ? containsIp(a, b.address) : containsIp(b, a.address);
}

/** The address `count` further on; null past the end of the address space. */
export function addToIp(ip: Ip, count: number): Ip | null {
  if (typeof ip === 'number') {
    const sum = ip + count;
    return sum >= 0 && sum <= 0xffffffff ? sum : null;
  }
  const bytes = ipv6Bytes(ip);
  let carry = count;
  for (let i = 15; i >= 0 && carry > 0; i--) {
    const sum = bytes[i]! + carry;
    bytes[i] = sum & 255;
    carry = Math.floor(sum / 256);
  }
  return carry > 0 ? null : ipv6FromBytes(bytes, 0);
}

/** A total order: IPv4 before IPv6, then by value. */
export function compareIp(a: Ip, b: Ip): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  if (typeof b === 'number') return 1;
  if (a === b) return 0;
  return Buffer.compare(ipv6Bytes(a), ipv6Bytes(b));
}

/** The 16 bytes of an IPv6 address, in network order. */
export function ipv6Bytes(text: string): Uint8Array {
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}

/** The IPv6 address in the 16 bytes at an offset. */
export function ipv6FromBytes(bytes: Uint8Array, offset: number): string {
  const parts: number[] = [];
  for (let i = 0; i < 16; i += 2) parts.push((bytes[offset + i]! << 8) | bytes[offset + i + 1]!);
  return new ipaddr.IPv6(parts).toRFC5952String();
}

/** Reads four octets up to an offset. */
function parseIpv4(text: string, end: number): number | null {
  let value = 0;
  let start = 0;
  for (let octets = 1; octets <= 4; octets++) {
    const dot = octets < 4 ? text.indexOf('.', start) : end;
    const octet = dot < 0 || dot > end ? -1 : parseNumber(text, start, dot);
    if (octet < 0 || octet > 255) return null;
    value = value * 256 + octet;
    start = dot + 1;
  }
  return value;
}

/** Reads one to three digits without a leading zero; -1 for anything else. */
function parseNumber(text: string, start: number, end: number): number {
  if (end <= start || end - start > 3 || (end - start > 1 && text.charCodeAt(start) === ZERO)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

const ZERO = 0x30;

function parseIpv6(text: string): string | null {
  if (!/^[0-9a-fA-F:.]+$/.test(text) || !ipaddr.IPv6.isValid(text)) return null;
  return ipaddr.IPv6.parse(text).toRFC5952String();
}
