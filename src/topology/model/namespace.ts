// Namespaces as they are written under `netns`: kernel items said in full.
import type { DesiredAddress } from '../../state/address.ts';
import type { DesiredFdbEntry } from '../../state/fdb.ts';
import type { DesiredNeighbour } from '../../state/neighbour.ts';
import { type Manage, SELF } from '../../state/network.ts';
import type { Place } from '../../state/place.ts';
import type { DesiredRoute } from '../../state/route.ts';
import type { DesiredSysctl } from '../../state/sysctl.ts';
import { isList, isMap, keyPlaceAt, type MapValue, valuePlaceAt } from '../source/tree.ts';
import { readFdb } from './fdb.ts';
import { type LinkDraft, readLink, readLinkAddresses, readNeighbours } from './link.ts';
import { readRoutes } from './route.ts';
import { checkIfname, checkName, type Reading } from './scalars.ts';
import { readLinkSysctls, readSysctls } from './sysctl.ts';

export interface WrittenNamespace {
  readonly name: string;
  readonly manage: Manage | null;
  readonly links: readonly LinkDraft[];
  readonly addresses: readonly DesiredAddress[];
  readonly neighbours: readonly DesiredNeighbour[];
  readonly fdb: readonly DesiredFdbEntry[];
  readonly routes: readonly DesiredRoute[];
  readonly sysctls: readonly DesiredSysctl[];
  readonly place: Place;
}

/** Reads `netns`, in the order of the names. */
export function readNamespaces(reading: Reading, root: MapValue): Map<string, WrittenNamespace> {
  const map = root.netns;
  if (!isMap(map)) return new Map();
  const namespaces = Object.keys(map).flatMap((name, index) => {
    if (name !== SELF) checkName(reading, name, keyPlaceAt(reading.places, map, index));
    const value = map[name];
    return isMap(value)
      ? [readNamespace(reading, name, value, valuePlaceAt(reading.places, map, index))]
      : [];
  });
  namespaces.sort((a, b) => (a.name < b.name ? -1 : 1));
  return new Map(namespaces.map((namespace) => [namespace.name, namespace]));
}

function readNamespace(reading: Reading, name: string, map: MapValue, place: Place): WrittenNamespace {
  const { manage, routes, sysctls } = map;
  const items = isMap(map.links)
    ? readLinks(reading, name, map.links)
    : { links: [], addresses: [], neighbours: [], fdb: [], sysctls: [] };
  return {
    name,
    manage: manage === 'owned' || manage === 'full' ? manage : null,
    ...items,
    routes: isList(routes) ? readRoutes(reading, name, routes) : [],
    sysctls: isMap(sysctls) ? [...items.sysctls, ...readSysctls(reading, sysctls)] : items.sysctls,
    place,
  };
}

type LinkItems = Pick<WrittenNamespace, 'links' | 'addresses' | 'neighbours' | 'fdb' | 'sysctls'>;

function readLinks(reading: Reading, netns: string, map: MapValue): LinkItems {
  const links: LinkDraft[] = [];
  const addresses: DesiredAddress[] = [];
  const neighbours: DesiredNeighbour[] = [];
  const fdb: DesiredFdbEntry[] = [];
  const sysctls: DesiredSysctl[] = [];
  const indexOf = new Map(Object.keys(map).map((name, index) => [name, index]));
  for (const [name, index] of [...indexOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    checkIfname(reading, name, keyPlaceAt(reading.places, map, index));
    const value = map[name];
    if (!isMap(value)) continue;
    links.push(readLink(reading, netns, name, value, valuePlaceAt(reading.places, map, index)));
    if (isList(value.addresses)) addresses.push(...readLinkAddresses(reading, name, value.addresses));
    if (isList(value.neighbours)) neighbours.push(...readNeighbours(reading, name, value.neighbours));
    if (isList(value.fdb)) fdb.push(...readFdb(reading, name, value.fdb));
    sysctls.push(...readLinkSysctls(reading, name, value));
  }
  return { links, addresses, neighbours, fdb, sysctls };
}
