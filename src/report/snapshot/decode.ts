// Reads a snapshot, wherever it was taken: judged by its schema first, so that a damaged or a newer one is one line.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ReconcileError } from '../../errors.ts';
import { packageFile } from '../../package-file.ts';
import { type Applied, decodeApplied, NOTHING_APPLIED } from '../../reconcile/applied.ts';
import { DigestTable } from '../../reconcile/digest-table.ts';
import type { Snapshot, SnapshotNamespace } from '../../reconcile/snapshot.ts';
import { type NamespaceJson, SNAPSHOT_VERSION, type SnapshotJson } from './encode.ts';
import {
  decodeAddress,
  decodeFdbEntry,
  decodeLink,
  decodeNeighbour,
  decodeRoute,
  UnknownWord,
} from './items.ts';

/** The schema (JSON Schema 2020-12) of what encodeSnapshot gives. */
export const snapshotSchema: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync(packageFile('schemas/snapshot.schema.json'), 'utf8'),
);

/** Reads the text of a snapshot; `name` is what messages call it. A `file` error says what is wrong with it. */
export function decodeSnapshot(text: string, name: string): Snapshot {
  const json = checked(parse(text, name), name);
  try {
    return {
      names: json.names,
      namespaces: mapOf(json.namespaces, decodeNamespace),
      freshSysctls: mapOf(json.fresh, (value) => value),
      applied: mapOf(json.applied, readApplied),
    };
  } catch (error) {
    if (error instanceof UnknownWord) throw notOne(name, `it holds ${JSON.stringify(error.message)}`);
    throw error;
  }
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notOne(name, 'it is no JSON', error);
  }
}

function checked(json: unknown, name: string): SnapshotJson {
  const version = typeof json === 'object' && json !== null && 'version' in json ? json.version : undefined;
  if (typeof version === 'number' && version !== SNAPSHOT_VERSION) {
    throw new ReconcileError('file', `${name} is a snapshot of version ${version}`, {
      hint: `this calico-reconcile reads version ${SNAPSHOT_VERSION}`,
    });
  }
  const validate = new Ajv2020({ allowUnionTypes: true }).compile<SnapshotJson>(snapshotSchema);
  if (validate(json)) return json;
  const [first] = validate.errors ?? [];
  throw notOne(name, `${first?.instancePath || 'it'} ${first?.message ?? 'is not valid'}`);
}

function notOne(name: string, reason: string, cause?: unknown): ReconcileError {
  return new ReconcileError('file', `${name} is no snapshot: ${reason}`, {
    hint: 'calico-reconcile snapshot writes one',
    cause,
  });
}

function decodeNamespace(json: NamespaceJson, name: string): SnapshotNamespace {
  const links = new Map(json.links.map((link) => [link.name, decodeLink(link)]));
  const indexOf = (dev: string): number => links.get(dev)?.ifindex ?? 0;
  return {
    observed: {
      name,
      cookie: 0n, // known only while the machine runs
      madeBy: json.madeBy,
      claims: json.claims,
      links,
      addresses: json.addresses.map((address) => decodeAddress(address, indexOf)),
      neighbours: json.neighbours.map((neighbour) => decodeNeighbour(neighbour, indexOf)),
      fdb: json.fdb.map((entry) => decodeFdbEntry(entry, indexOf)),
      routes: json.routes.map(decodeRoute),
      sysctls: mapOf(json.unusual, (value) => value),
    },
    sysctls: mapOf(json.sysctls, (value) => value),
  };
}

/** A record that this program cannot read is as good as none: everything is then pending. */
function readApplied(base64: string): Applied {
  const applied = decodeApplied(Buffer.from(base64, 'base64'));
  return applied.items instanceof DigestTable && isSound(applied.items) ? applied : NOTHING_APPLIED;
}

/** Whether a search in the table ends: its length is a power of two, and a place is empty. */
function isSound({ slots }: DigestTable): boolean {
  const { length } = slots;
  return length >= 2 && (length & (length - 1)) === 0 && slots.some((slot, i) => i % 2 === 0 && slot === 0);
}

function mapOf<Json, Item>(
  record: Readonly<Record<string, Json>>,
  decode: (json: Json, key: string) => Item,
): Map<string, Item> {
  return new Map(Object.entries(record).map(([key, json]) => [key, decode(json, key)]));
}
