// What a topology file says, as plain values, and beside them where each part of it stands.
import type { Place } from '../../state/place.ts';
import type { FileNotes, Places } from './places.ts';

export type { Places };

export type Value = string | number | boolean | null | ListValue | MapValue;
export type ListValue = readonly Value[];
export interface MapValue {
  readonly [key: string]: Value;
}

/** What one file says, and where. */
export interface ParsedTree {
  readonly root: MapValue;
  readonly notes: FileNotes;
}

export function isMap(value: Value | undefined): value is MapValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Value | undefined): value is ListValue {
  return Array.isArray(value);
}

/** Where a list or a map begins. */
export function placeOf(places: Places, container: ListValue | MapValue): Place {
  return places.at(container, 0);
}

export function itemPlace(places: Places, list: ListValue, index: number): Place {
  return places.at(list, index + 1);
}

/** The places of a list's items, looked up once for all of them. */
export function itemPlaces(places: Places, list: ListValue): (index: number) => Place {
  const at = places.allOf(list);
  return (index) => at(index + 1);
}

/** Where the key of the map's entry number `index` stands, in the order of Object.keys. */
export function keyPlaceAt(places: Places, map: MapValue, index: number): Place {
  return places.at(map, index * 2 + 1);
}

/** Where the value of the map's entry number `index` stands, in the order of Object.keys. */
export function valuePlaceAt(places: Places, map: MapValue, index: number): Place {
  return places.at(map, index * 2 + 2);
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

/** One entry of a map, and where its key and its value stand: an offset or a place. */
export type LocatedEntry = readonly [key: string, keyAt: number, value: Value, valueAt: number];

/** A map of entries, each key once, and where its keys and values stand in the order of Object.keys. */
export function buildMap(entries: readonly LocatedEntry[]): { map: MapValue; noted: number[] } {
  const map: Record<string, Value> = {};
  for (const [key, , value] of entries) map[key] = value;
  const keys = Object.keys(map);
  // Object.keys lists keys that look like array indices first, whatever their order in the file.
  const inOrder = keys.every((key, index) => key === entries[index]![0]);
  const byKey = inOrder ? null : new Map(entries.map((entry) => [entry[0], entry]));
  const noted: number[] = [];
  for (let index = 0; index < keys.length; index++) {
    const entry = byKey === null ? entries[index]! : byKey.get(keys[index]!)!;
    noted.push(entry[1], entry[3]);
  }
  return { map, noted };
}
