// What a topology file says, as plain values, and beside them where each part of it stands.
// Places lie in one flat array a container, so that a hundred thousand one-line routes cost one array each.
import { NOWHERE, type Place } from '../../state/place.ts';

export type Value = string | number | boolean | null | ListValue | MapValue;
export type ListValue = readonly Value[];
export interface MapValue {
  readonly [key: string]: Value;
}

/**
 * By container: its own place, then for a list each item's, for a map each entry's key and value in the order of
 * Object.keys. A block collection begins at its key, so that its place is the line that names it.
 */
export type Places = Map<object, number[]>;

export function isMap(value: Value | undefined): value is MapValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is ListValue {
  return Array.isArray(value);
}

/** Where a list or a map begins. */
export function placeOf(places: Places, container: ListValue | MapValue): Place {
  return places.get(container)?.[0] ?? NOWHERE;
}

export function itemPlace(places: Places, list: ListValue, index: number): Place {
  return places.get(list)?.[index + 1] ?? NOWHERE;
}

/** Where the key of the map's entry number `index` stands, in the order of Object.keys. */
export function keyPlaceAt(places: Places, map: MapValue, index: number): Place {
  return places.get(map)?.[index * 2 + 1] ?? NOWHERE;
}

/** Where the value of the map's entry number `index` stands, in the order of Object.keys. */
export function valuePlaceAt(places: Places, map: MapValue, index: number): Place {
  return places.get(map)?.[index * 2 + 2] ?? NOWHERE;
}

/** Where a key stands; the map's own place where the key is absent. */
export function keyPlace(places: Places, map: MapValue, key: string): Place {
  const index = Object.keys(map).indexOf(key);
  return index < 0 ? placeOf(places, map) : keyPlaceAt(places, map, index);
}

/** Where the value of a key stands; the map's own place where the key is absent. */
export function valuePlace(places: Places, map: MapValue, key: string): Place {
  const index = Object.keys(map).indexOf(key);
  return index < 0 ? placeOf(places, map) : valuePlaceAt(places, map, index);
}

/** Builds a map and notes its places; `entries` are [key, key's place, value, value's place], each key once. */
export function buildMap(
  places: Places,
  own: Place,
  entries: readonly (readonly [key: string, keyPlace: Place, value: Value, valuePlace: Place])[],
): MapValue {
  const map: Record<string, Value> = {};
  for (const [key, , value] of entries) map[key] = value;
  const noted = [own];
  const keys = Object.keys(map);
  // Object.keys lists keys that look like array indices first, whatever their order in the file.
  const inOrder = keys.every((key, index) => key === entries[index]![0]);
  const byKey = inOrder ? null : new Map(entries.map((entry) => [entry[0], entry]));
  for (let index = 0; index < keys.length; index++) {
    const entry = byKey === null ? entries[index]! : byKey.get(keys[index]!)!;
    noted.push(entry[1], entry[3]);
  }
  places.set(map, noted);
  return map;
}
