// The last applied items: what tells a pending difference from drift, and a conflict from drift, and nothing else.
// An item is kept as two numbers, a digest of its identity and one of its value.
import { addressKey, type DesiredAddress } from '../state/address.ts';
import { fdbKey } from '../state/fdb.ts';
import { neighbourKey } from '../state/neighbour.ts';
import type { DesiredNamespace, DesiredNetwork } from '../state/network.ts';
import type { DesiredRoute, Route } from '../state/route.ts';
import { digestFirsts } from './address-order.ts';
import type { Outcome, Subject } from './difference.ts';
import { beginDigest, digestNumber, digestText, digestValue, endDigest } from './digest.ts';
import { DigestTable, ExtendedTable, type ReadonlyDigestTable } from './digest-table.ts';

export interface Applied {
  /** Digests of values by digests of identities. */
  readonly items: ReadonlyDigestTable;
  /** The dotted names of sysctls that were applied, by namespace. */
  readonly sysctls: ReadonlyMap<string, readonly string[]>;
}

export const NOTHING_APPLIED: Applied = { items: DigestTable.for(0), sysctls: new Map() };

/** The record of what a topology wants; of items that did not come to be (null: all did), what the last record has. */
export function recordApplied(
  desired: DesiredNetwork,
  cameToBe: ((netns: string, item: Subject) => boolean) | null,
  last: Applied = NOTHING_APPLIED,
): Applied {
  const known = cameToBe === null ? records.get(desired) : undefined;
  if (known !== undefined) return known;
  let count = 0;
  for (const { links, addresses, neighbours, fdb, routes, sysctls } of desired.namespaces.values()) {
    count +=
      1 + links.size + 2 * addresses.length + neighbours.length + fdb.length + routes.length + sysctls.size;
  }
  const items = DigestTable.for(count);
  const sysctls = new Map<string, readonly string[]>();
  for (const namespace of desired.namespaces.values()) {
    for (const subject of subjectsOf(namespace)) {
      const identity = identityDigest(namespace.name, subject);
      const isNew = cameToBe === null || cameToBe(namespace.name, subject);
      const value = isNew ? valueDigest(subject, desired.protocol) : last.items.get(identity);
      if (value !== undefined) items.set(identity, value);
    }
    const settled = (desired: DesiredAddress): boolean =>
      cameToBe === null || cameToBe(namespace.name, { kind: 'address', desired, observed: null });
    for (const { identity, value } of digestFirsts(namespace, settled)) {
      const known = value ?? last.items.get(identity);
      if (known !== undefined) items.set(identity, known);
    }
    if (namespace.sysctls.size > 0) sysctls.set(namespace.name, [...namespace.sysctls.keys()]);
  }
  const record = { items, sysctls };
  if (cameToBe === null) records.set(desired, record);
  return record;
}

/** The records of networks that came to be as a whole: a watch asks for the same one again and again. */
const records = new WeakMap<DesiredNetwork, Applied>();

/** The record with what came to be since; the same one where nothing new did. */
export function extendApplied(applied: Applied, outcomes: readonly Outcome[], protocol: number): Applied {
  const fresh = new Map<number, number>();
  for (const { difference, outcome } of outcomes) {
    if (outcome !== 'done' || difference.desired === null || !isStated(difference)) continue;
    if (wasAppliedSame(applied, difference.netns, difference, protocol)) continue;
    fresh.set(identityDigest(difference.netns, difference), valueDigest(difference, protocol));
  }
  return fresh.size === 0 ? applied : { ...applied, items: new ExtendedTable(applied.items, fresh) };
}

/** The record once some routes went and others came to be, by namespace. */
export function reviseApplied(
  applied: Applied,
  changes: ReadonlyMap<
    string,
    { readonly gone: readonly DesiredRoute[]; readonly come: readonly DesiredRoute[] }
  >,
  protocol: number,
): Applied {
  let room = 0;
  for (const { come } of changes.values()) room += come.length;
  const items = applied.items.copy(room);
  const subjectOf = (desired: DesiredRoute): Subject => ({ kind: 'route', desired, observed: null });
  for (const [netns, { gone, come }] of changes) {
    for (const route of gone) items.delete(identityDigest(netns, subjectOf(route)));
    for (const route of come) {
      const subject = subjectOf(route);
      items.set(identityDigest(netns, subject), valueDigest(subject, protocol));
    }
  }
  return { ...applied, items };
}

/** A sysctl that no file states, of a link of ours, is in no record. */
function isStated({ kind, desired }: Subject): boolean {
  return kind !== 'sysctl' || 'source' in desired!;
}

/** Whether an item of this identity was applied. */
export function wasApplied(applied: Applied, netns: string, subject: Subject): boolean {
  return applied.items.size > 0 && applied.items.has(identityDigest(netns, subject));
}

/** Whether this very item was applied, under this mark. */
export function wasAppliedSame(applied: Applied, netns: string, subject: Subject, protocol: number): boolean {
  if (applied.items.size === 0) return false;
  return applied.items.get(identityDigest(netns, subject)) === valueDigest(subject, protocol);
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

const kindNumbers: Readonly<Record<Subject['kind'], number>> = {
  netns: 1,
  link: 2,
  address: 3,
  neighbour: 4,
  fdb: 5,
  route: 6,
  sysctl: 7,
  bgp: 8,
};

function identityDigest(netns: string, subject: Subject): number {
  beginDigest(kindNumbers[subject.kind]);
  digestText(netns);
  if (subject.kind === 'route') digestRouteKey((subject.desired ?? subject.observed)!);
  else digestText(identityText(subject));
  return endDigest();
}

function identityText(subject: Exclude<Subject, { kind: 'route' }>): string {
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
    case 'bgp':
      return subject.desired?.name ?? '';
    case 'sysctl':
      return (subject.desired ?? subject.observed)!.key;
  }
}

/** The same fields as routeKey's. */
function digestRouteKey(route: Route & { readonly tos?: number }): void {
  digestValue(route.dst);
  digestNumber(route.dstLength);
  digestNumber(route.table);
  digestNumber(route.metric);
  digestNumber(route.tos ?? 0);
}

/** The value of a desired item: everything stated but where it was said. */
function valueDigest(subject: Subject, protocol: number): number {
  const { desired } = subject;
  beginDigest(protocol);
  if (subject.kind === 'route' && desired !== null) digestRouteValue(subject.desired!);
  else if (subject.kind !== 'netns' && desired !== null) {
    const { source: _source, ...value } = desired as { source?: number };
    digestText(JSON.stringify(value));
  }
  return endDigest();
}

function digestRouteValue(route: Route): void {
  digestNumber(route.type);
  digestNumber(route.scope);
  digestValue(route.via);
  digestValue(route.dev);
  digestValue(route.src);
  digestNumber(route.mtu);
  digestNumber(route.onlink ? 1 : 0);
  digestValue(route.nexthops === null ? null : JSON.stringify(route.nexthops));
}

/** What stands at the end of the bytes: the lengths of what is before it, and what it all is. */
const MAGIC = 'applied3';

/** Bytes for a file: the table as it is, a JSON text of the sysctls, and a trailer that tells their lengths. */
export function encodeApplied(applied: Applied): Buffer {
  const { items } = applied;
  if (!(items instanceof DigestTable)) throw new TypeError('only a recorded table can be written');
  const table = Buffer.from(items.slots.buffer, items.slots.byteOffset, items.slots.byteLength);
  const sysctls = Buffer.from(JSON.stringify(Object.fromEntries(applied.sysctls)));
  const trailer = Buffer.alloc(20);
  trailer.writeUInt32LE(table.length, 0);
  trailer.writeUInt32LE(sysctls.length, 4);
  trailer.writeUInt32LE(items.size, 8);
  trailer.write(MAGIC, 12, 'latin1');
  return Buffer.concat([table, sysctls, trailer]);
}

/** Reads what encodeApplied wrote; NOTHING_APPLIED for anything else. */
export function decodeApplied(bytes: Buffer): Applied {
  const trailer = bytes.length - 20;
  if (trailer < 0 || bytes.toString('latin1', trailer + 12) !== MAGIC) return NOTHING_APPLIED;
  const tableLength = bytes.readUInt32LE(trailer);
  const sysctlLength = bytes.readUInt32LE(trailer + 4);
  if (tableLength + sysctlLength !== trailer || tableLength % 16 !== 0) return NOTHING_APPLIED;
  try {
    const sysctls = JSON.parse(bytes.toString('utf8', tableLength, trailer)) as Record<string, string[]>;
    const slots = new Float64Array(tableLength / 8);
    Buffer.from(slots.buffer).set(bytes.subarray(0, tableLength));
    const items = new DigestTable(slots, bytes.readUInt32LE(trailer + 8));
    return { items, sysctls: new Map(Object.entries(sysctls)) };
  } catch {
    return NOTHING_APPLIED;
  }
}
