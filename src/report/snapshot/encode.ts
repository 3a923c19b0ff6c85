// A snapshot as JSON, version 1: what schemas/snapshot.schema.json describes. The same state gives the same bytes.
import { encodeApplied } from '../../reconcile/applied.ts';
import type { Snapshot, SnapshotNamespace } from '../../reconcile/snapshot.ts';
import { fdbKey } from '../../state/fdb.ts';
import { neighbourKey } from '../../state/neighbour.ts';
import type { Claim } from '../../state/network.ts';
import {
  type AddressJson,
  encodeAddress,
  encodeFdbEntry,
  encodeLink,
  encodeNeighbour,
  encodeRoute,
  type FdbJson,
  type LinkJson,
  type NeighbourJson,
  type RouteJson,
} from './items.ts';

export const SNAPSHOT_VERSION = 1;

type Texts = Readonly<Record<string, string>>;

export interface NamespaceJson {
  readonly madeBy: string | null;
  readonly claims: readonly Claim[];
  readonly links: readonly LinkJson[];
  /** In the kernel's order, which tells the primary of a subnet. */
  readonly addresses: readonly AddressJson[];
  readonly neighbours: readonly NeighbourJson[];
  readonly fdb: readonly FdbJson[];
  /** In the kernel's order, which tells the one in force of several with one identity. */
  readonly routes: readonly RouteJson[];
  /** Every one; a device's only where it differs from its table's `default`. */
  readonly sysctls: Texts;
  /** Those of links that differ from a new link's, with what the `default` device has. */
  readonly unusual: Texts;
}

export interface SnapshotJson {
  readonly version: typeof SNAPSHOT_VERSION;
  readonly names: readonly string[];
  readonly namespaces: Readonly<Record<string, NamespaceJson>>;
  readonly fresh: Texts;
  /** The record of what was applied, by topology: digests, in base64; for this program alone. */
  readonly applied: Texts;
}

export function encodeSnapshot(snapshot: Snapshot): SnapshotJson {
  return {
    version: SNAPSHOT_VERSION,
    names: snapshot.names,
    namespaces: record(snapshot.namespaces, encodeNamespace),
    fresh: record(snapshot.freshSysctls, (value) => value),
    applied: record(snapshot.applied, (applied) => encodeApplied(applied).toString('base64')),
  };
}

function encodeNamespace({ observed, sysctls }: SnapshotNamespace): NamespaceJson {
  return {
    madeBy: observed.madeBy,
    claims: observed.claims,
    links: [...observed.links.values()].sort(byText((link) => link.name)).map(encodeLink),
    addresses: observed.addresses.map(encodeAddress),
    neighbours: [...observed.neighbours].sort(byText(neighbourKey)).map(encodeNeighbour),
    fdb: [...observed.fdb].sort(byText(fdbKey)).map(encodeFdbEntry),
    routes: observed.routes.map(encodeRoute),
    sysctls: record(sysctls, (value) => value),
    unusual: record(observed.sysctls, (value) => value),
  };
}

/** An object whose keys are in the order of their code units. */
function record<Item, Json>(
  map: ReadonlyMap<string, Item>,
  encode: (item: Item) => Json,
): Readonly<Record<string, Json>> {
  const entries = [...map].sort(byText(([key]) => key)).map(([key, item]) => [key, encode(item)] as const);
  return Object.fromEntries(entries);
}

function byText<Item>(textOf: (item: Item) => string): (a: Item, b: Item) => number {
  return (a, b) => {
    const [left, right] = [textOf(a), textOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
}
