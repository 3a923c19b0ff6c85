// The last applied items: what tells a pending difference from drift, and a conflict from drift, and nothing else.
// An item is kept as two numbers, a digest of its identity and one of its value, so that a million cost 16 MB.
import { addressKey } from '../state/address.ts';
import { fdbKey } from '../state/fdb.ts';
import { neighbourKey } from '../state/neighbour.ts';
import type { DesiredNamespace, DesiredNetwork } from '../state/network.ts';
import { type DesiredRoute, routeKey } from '../state/route.ts';
import type { Subject } from './difference.ts';

/** 48-bit digests of values by 48-bit digests of identities. */
export interface Applied {
  readonly items: ReadonlyMap<number, number>;
  /** The dotted names of sysctls that were applied, by namespace. */
  readonly sysctls: ReadonlyMap<string, readonly string[]>;
}

export const NOTHING_APPLIED: Applied = { items: new Map(), sysctls: new Map() };

/** The record of what a topology wants, without the items that did not come to be. */
export function recordApplied(
  desired: DesiredNetwork,
  cameToBe: (netns: string, item: Subject) => boolean,
): Applied {
  const items = new Map<number, number>();
  const sysctls = new Map<string, readonly string[]>();
  for (const namespace of desired.namespaces.values()) {
    for (const subject of subjectsOf(namespace)) {
      if (!cameToBe(namespace.name, subject)) continue;
      items.set(identityDigest(namespace.name, subject), valueDigest(subject));
    }
    if (namespace.sysctls.size > 0) sysctls.set(namespace.name, [...namespace.sysctls.keys()]);
  }
  return { items, sysctls };
}

/** Whether an item of this identity was applied. */
export function wasApplied(applied: Applied, netns: string, subject: Subject): boolean {
  return applied.items.has(identityDigest(netns, subject));
}

/** Whether this very item was applied. */
export function wasAppliedSame(applied: Applied, netns: string, subject: Subject): boolean {
  return applied.items.get(identityDigest(netns, subject)) === valueDigest(subject);
}

function* subjectsOf(namespace: DesiredNamespace): Generator<Subject> {
  yield { kind: 'netns', desired: namespace, observed: null };
  for (const desired of namespace.links.values()) yield { kind: 'link', desired, observed: null };
  for (const desired of namespace.addresses) yield { kind: 'address', desired, observed: null };
  for (const desired of namespace.neighbours) yield { kind: 'neighbour', desired, observed: null };
  for (const desired of namespace.fdb) yield { kind: 'fdb', desired, observed: null };
  for (const desired of namespace.routes) yield { kind: 'route', desired, observed: null };
  for (const desired of namespace.sysctls.values()) yield { kind: 'sysctl', desired, observed: null };
}

function identityDigest(netns: string, subject: Subject): number {
  return digest(`${netns}\n${subject.kind}\n${identityText(subject)}`);
}

function identityText(subject: Subject): string {
  switch (subject.kind) {
    case 'netns':
      return '';
    case 'link':
      return (subject.desired ?? subject.observed)!.name;
    case 'address':
      return addressKey((subject.desired ?? subject.observed)!);
    case 'neighbour':
      return neighbourKey((subject.desired ?? subject.observed)!);
    case 'fdb':
      return fdbKey((subject.desired ?? subject.observed)!);
    case 'route':
      return String(routeKey((subject.desired ?? subject.observed)!));
    case 'sysctl':
      return (subject.desired ?? subject.observed)!.key;
  }
}

/** The value of a desired item: everything stated but where it was said. */
function valueDigest(subject: Subject): number {
  const { desired } = subject;
  if (desired === null || subject.kind === 'netns') return 0;
  if (subject.kind === 'route') return digest(routeText(desired as DesiredRoute));
  const { source: _source, ...value } = desired as { source?: number };
  return digest(JSON.stringify(value));
}

function routeText(route: DesiredRoute): string {
  const { type, scope, via, dev, src, mtu, onlink, nexthops } = route;
  const hops = nexthops === null ? '' : JSON.stringify(nexthops);
  return `${type} ${scope} ${via} ${dev} ${src} ${mtu} ${onlink} ${hops}`;
}

/** Two 24-bit halves of FNV-1a with different offsets, as one whole number below 2^48. */
function digest(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x01234567;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x01000193) + low;
  }
  return ((high >>> 8) & 0xffffff) * 0x1000000 + ((low >>> 8) & 0xffffff);
}

/** Bytes for a file: a JSON line of the sysctls, then the digests as 64-bit floats, identity and value in turn. */
export function encodeApplied(applied: Applied): Buffer {
  const head = Buffer.from(
    `${JSON.stringify({ version: 1, sysctls: Object.fromEntries(applied.sysctls) })}\n`,
  );
  const numbers = Buffer.alloc(applied.items.size * 16);
  let at = 0;
  for (const [identity, value] of applied.items) {
    numbers.writeDoubleLE(identity, at);
    numbers.writeDoubleLE(value, at + 8);
    at += 16;
  }
  return Buffer.concat([head, numbers]);
}

/** Reads what encodeApplied wrote; NOTHING_APPLIED for anything else. */
export function decodeApplied(bytes: Buffer): Applied {
  const headEnd = bytes.indexOf(10);
  if (headEnd < 0 || (bytes.length - headEnd - 1) % 16 !== 0) return NOTHING_APPLIED;
  try {
    const head = JSON.parse(bytes.toString('utf8', 0, headEnd)) as {
      version: number;
      sysctls: Record<string, string[]>;
    };
    if (head.version !== 1) return NOTHING_APPLIED;
    const items = new Map<number, number>();
    for (let at = headEnd + 1; at < bytes.length; at += 16)
      items.set(bytes.readDoubleLE(at), bytes.readDoubleLE(at + 8));
    return { items, sysctls: new Map(Object.entries(head.sysctls)) };
  } catch {
    return NOTHING_APPLIED;
  }
}
