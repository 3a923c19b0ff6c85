// The grammar every rtnetlink message shares: struct nlmsghdr, then a fixed struct, then attributes (struct rtattr).
// Reading is by offset into the received buffer and allocates nothing; writing appends to one growing buffer.
// Integers are in the host's order, little-endian on every machine node-netlink is built for.
import { type Ip, ipv6Bytes, ipv6FromBytes } from '../../state/ip.ts';
import { NLA_F_NESTED, NLA_TYPE_MASK, NLM_F_REQUEST } from '../constants.ts';
import { Interned } from './interned.ts';

/** sizeof(struct nlmsghdr). */
export const HEADER_LENGTH = 16;

export function u16(buffer: Buffer, at: number): number {
  return buffer[at]! | (buffer[at + 1]! << 8);
}

export function u32(buffer: Buffer, at: number): number {
  return (buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24)) >>> 0;
}

export function i32(buffer: Buffer, at: number): number {
  return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24);
}

/** Rounded up to the four bytes that messages and attributes are aligned to. */
export function align(length: number): number {
  return (length + 3) & ~3;
}

/** The type of the attribute at an offset, without its flags. Its payload begins four bytes on. */
export function attributeType(buffer: Buffer, at: number): number {
  return u16(buffer, at + 2) & NLA_TYPE_MASK;
}

/** The end of the attribute's payload. */
export function attributeEnd(buffer: Buffer, at: number): number {
  return at + u16(buffer, at);
}

/** The offset of the next attribute; `end` or beyond when there is none. A malformed length ends the walk. */
export function nextAttribute(buffer: Buffer, at: number, end: number): number {
  const length = u16(buffer, at);
  return length < 4 ? end : at + align(length);
}

/** The offset of the first attribute of a type between two offsets; -1 where there is none. */
export function findAttribute(buffer: Buffer, start: number, end: number, type: number): number {
  for (let at = start; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    if (attributeType(buffer, at) === type) return at;
  }
  return -1;
}

/** The text of a NUL-terminated attribute. */
export function attributeText(buffer: Buffer, at: number): string {
  let end = attributeEnd(buffer, at);
  while (end > at + 4 && buffer[end - 1] === 0) end--;
  return buffer.toString('utf8', at + 4, end);
}

/** The address in an attribute of 4 or 16 bytes. */
export function attributeIp(buffer: Buffer, at: number): Ip {
  return ipAt(buffer, at + 4, attributeEnd(buffer, at) - at - 4);
}

/** The address in `length` (4 or 16) bytes at an offset. */
export function ipAt(buffer: Buffer, at: number, length: number): Ip {
  if (length === 16)
    return ipv6Texts.get(buffer.toString('latin1', at, at + 16), () => ipv6FromBytes(buffer, at));
  return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0;
}

const ipv6Texts = new Interned<Ip>();

/** A hardware address as `ee:ee:ee:ee:ee:ee`; empty for no bytes. */
export function attributeMac(buffer: Buffer, at: number): string {
  let text = '';
  const end = attributeEnd(buffer, at);
  for (let i = at + 4; i < end; i++) text += (i > at + 4 ? ':' : '') + hex[buffer[i]!];
  return text;
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Appends messages to one buffer that grows as needed; what was written is `buffer` up to `length`. */
export class MessageWriter {
  buffer: Buffer;
  length = 0;
  #messageStart = 0;

  constructor(capacity = 4096) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  /** Begins a request: struct nlmsghdr. The caller numbers it, writes the fixed struct and attributes, and ends it. */
  beginMessage(type: number, flags: number, sequence: number): void {
    this.#reserve(HEADER_LENGTH);
    this.#messageStart = this.length;
    this.length += 4;
    this.u16(type);
    this.u16(flags | NLM_F_REQUEST);
    this.u32(sequence);
    this.u32(0);
  }

  endMessage(): void {
    writeU32(this.buffer, this.#messageStart, this.length - this.#messageStart);
  }

  /** Sets flags of the message begun last: equivalent to `nlmsg_flags |= flags`. */
  addFlags(flags: number): void {
    this.buffer[this.#messageStart + 6]! |= flags & 255;
    this.buffer[this.#messageStart + 7]! |= flags >> 8;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.buffer[this.length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    this.buffer[this.length++] = value;
    this.buffer[this.length++] = value >> 8;
  }

  u32(value: number): void {
    this.#reserve(4);
    writeU32(this.buffer, this.length, value);
    this.length += 4;
  }

  zeros(count: number): void {
    this.#reserve(count);
    this.buffer.fill(0, this.length, this.length + count);
    this.length += count;
  }

  attributeU8(type: number, value: number): void {
    this.#reserve(8);
    this.u16(5);
    this.u16(type);
    this.buffer[this.length++] = value;
    this.#pad();
  }

  attributeU16(type: number, value: number): void {
    this.#reserve(8);
    this.u16(6);
    this.u16(type);
    this.u16(value);
    this.#pad();
  }

  attributeU32(type: number, value: number): void {
    this.#reserve(8);
    writeU32(this.buffer, this.length, 8 | (type << 16));
    writeU32(this.buffer, this.length + 4, value);
    this.length += 8;
  }

  /** A 64-bit value below 2^53. */
  attributeU64(type: number, value: number): void {
    this.#reserve(12);
    this.u16(12);
    this.u16(type);
    this.u32(value >>> 0);
    this.u32(Math.floor(value / 2 ** 32));
  }

  /** NUL-terminated text. */
  attributeText(type: number, text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#reserve(align(bytes + 5));
    this.u16(bytes + 5);
    this.u16(type);
    this.buffer.write(text, this.length);
    this.length += bytes;
    this.buffer[this.length++] = 0;
    this.#pad();
  }

  attributeIp(type: number, ip: Ip): void {
    this.#reserve(20);
    this.u16(typeof ip === 'number' ? 8 : 20);
    this.u16(type);
    this.ip(ip);
  }

  /** `ee:ee:ee:ee:ee:ee`. */
  attributeMac(type: number, mac: string): void {
    this.#reserve(12);
    this.u16(10);
    this.u16(type);
    for (let i = 0; i < 17; i += 3) this.buffer[this.length++] = Number.parseInt(mac.slice(i, i + 2), 16);
    this.#pad();
  }

  /** The bytes of an address in network order. */
  ip(ip: Ip): void {
    this.#reserve(16);
    if (typeof ip === 'string') {
      this.buffer.set(ipv6Bytes(ip), this.length);
      this.length += 16;
      return;
    }
    this.buffer[this.length++] = ip >>> 24;
    this.buffer[this.length++] = ip >>> 16;
    this.buffer[this.length++] = ip >>> 8;
    this.buffer[this.length++] = ip;
  }

  /** Begins an attribute that holds others (or a struct and others); returns what closeNest takes. */
  openNest(type: number): number {
    const at = this.length;
    this.u16(0);
    this.u16(type | NLA_F_NESTED);
    return at;
  }

  /** Ends a nest; what follows begins aligned, as after struct rtvia with an IPv6 address. */
  closeNest(at: number): void {
    this.buffer[at] = this.length - at;
    this.buffer[at + 1] = (this.length - at) >> 8;
    this.#pad();
  }

  #pad(): void {
    while (this.length & 3) this.buffer[this.length++] = 0;
  }

  #reserve(bytes: number): void {
    if (this.length + bytes + 4 <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(this.buffer.length * 2 + bytes);
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}

function writeU32(buffer: Buffer, at: number, value: number): void {
  buffer[at] = value;
  buffer[at + 1] = value >>> 8;
  buffer[at + 2] = value >>> 16;
  buffer[at + 3] = value >>> 24;
}
