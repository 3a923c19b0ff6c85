// Captured bytes: reads the files in fixtures/, where each message stands as hex below the command that made it.
import { readFileSync } from 'node:fs';

export type Fixture = 'requests' | 'answers' | 'events';

/** Every message of a fixture, `struct nlmsghdr` first, by the title `COMMAND` it stands under. */
export function captured(fixture: Fixture): ReadonlyMap<string, readonly Buffer[]> {
  const text = readFileSync(new URL(`fixtures/${fixture}.txt`, import.meta.url), 'utf8');
  const [, ...blocks] = text.split(/^\$ /m);
  return new Map(
    blocks.map((block) => {
      const [title = '', ...lines] = block.split('\n');
      const messages = lines.join('\n').split(/^ *--$/m);
      return [title, messages.map((hex) => Buffer.from(hex.replace(/\s/g, ''), 'hex'))];
    }),
  );
}

/** The messages of one command; raises where the fixture does not have it. */
export function messagesOf(fixture: Fixture, command: string): readonly Buffer[] {
  const messages = captured(fixture).get(command);
  if (messages === undefined) throw new Error(`${fixture}.txt has no ${command}`);
  return messages;
}

/** The links of the machine that the bytes are from, by ifindex. */
export const names: ReadonlyMap<number, string> = new Map([
  [1, 'lo'],
  [2, 'w0'],
  [3, 'ens192'],
  [4, 'br0'],
  [5, 'br1'],
  [6, 'vx0'],
  [20, 'veth0'],
]);

export const nameOf = (ifindex: number): string | null => names.get(ifindex) ?? null;

export function indexOf(name: string): number {
  for (const [ifindex, known] of names) if (known === name) return ifindex;
  return 0;
}

/** A message as a tree, so that two can be compared whatever the order of their attributes. */
export interface Decoded {
  readonly type: number;
  readonly flags: number;
  /** The fixed struct, as hex. */
  readonly struct: string;
  readonly attributes: Attributes;
}

/** Payloads as hex, or what a nest holds, by attribute type without its flags. */
export interface Attributes {
  readonly [type: number]: string | Attributes;
}

/** Which attributes hold others, by the path of types that leads there; the number is the struct before them, in bytes. */
export type Nests = Readonly<Record<string, number>>;

export function decode(message: Buffer, structLength: number, nests: Nests = {}): Decoded {
  return {
    type: message.readUInt16LE(4),
    flags: message.readUInt16LE(6),
    struct: message.toString('hex', 16, 16 + structLength),
    attributes: decodeAttributes(message.subarray(16 + structLength), '', nests),
  };
}

function decodeAttributes(bytes: Buffer, path: string, nests: Nests): Attributes {
  const attributes: Record<number, string | Attributes> = {};
  for (let at = 0; at + 4 <= bytes.length; at += (bytes.readUInt16LE(at) + 3) & ~3) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) throw new Error(`attribute of ${length} bytes at ${at}`);
    const type = bytes.readUInt16LE(at + 2) & 0x3fff;
    const here = path === '' ? String(type) : `${path}.${type}`;
    const payload = bytes.subarray(at + 4, at + length);
    const struct = nests[here];
    if (type in attributes) throw new Error(`attribute ${here} stands twice`);
    if (struct === undefined) attributes[type] = payload.toString('hex');
    else {
      const inner = decodeAttributes(payload.subarray(struct), here, nests);
      attributes[type] = struct === 0 ? inner : { 0: payload.toString('hex', 0, struct), ...inner };
    }
  }
  return attributes;
}
