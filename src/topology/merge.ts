// Several topology files as one: maps merge deeply, `pools` and `routes` lists concatenate, and any other key given
// twice is a disagreement that names both places.
import type { Place } from '../state/place.ts';
import { addFinding, type Finding } from './source/findings.ts';
import {
  buildMap,
  isList,
  isMap,
  itemPlace,
  keyPlaceAt,
  type ListValue,
  type MapValue,
  type Places,
  placeOf,
  type Value,
  valuePlaceAt,
} from './source/tree.ts';

const concatenated: ReadonlySet<string> = new Set(['pools', 'routes']);

/** One key's values in the files that have it, in their order. */
interface Said {
  readonly keyPlaces: Place[];
  readonly values: Value[];
  readonly valuePlaces: Place[];
}

/** The files' values as one value, in the order given. */
export function mergeFiles(roots: readonly MapValue[], places: Places, findings: Finding[]): MapValue {
  return roots.length === 1 ? roots[0]! : mergeMaps(roots, true, places, findings);
}

function mergeMaps(maps: readonly MapValue[], top: boolean, places: Places, findings: Finding[]): MapValue {
  const said = new Map<string, Said>();
  for (const map of maps) {
    Object.keys(map).forEach((key, index) => {
      const all = said.get(key) ?? { keyPlaces: [], values: [], valuePlaces: [] };
      said.set(key, all);
      all.keyPlaces.push(keyPlaceAt(places, map, index));
      all.values.push(map[key]!);
      all.valuePlaces.push(valuePlaceAt(places, map, index));
    });
  }
  const entries = [...said].map(([key, all]) => {
    const value = mergeValues(key, all, top, places, findings);
    return [key, all.keyPlaces[0]!, value, all.valuePlaces[0]!] as const;
  });
  const { map, noted } = buildMap(entries);
  places.addMerged(map, [placeOf(places, maps[0]!), ...noted]);
  return map;
}

function mergeValues(key: string, said: Said, top: boolean, places: Places, findings: Finding[]): Value {
  const { values, keyPlaces } = said;
  const first = values[0]!;
  if (values.length === 1) return first;
  if (values.every(isMap)) return mergeMaps(values, false, places, findings);
  if (concatenated.has(key) && values.every(isList)) return concatenate(values, places);
  const isSame = (value: Value): boolean => top && key === 'name' && value === first;
  for (let index = 1; index < values.length; index++) {
    if (isSame(values[index]!)) continue;
    addFinding(findings, 'filesDisagree', keyPlaces[index]!, `two files both say \`${key}\``, {
      hint: 'keep one of them',
      other: keyPlaces[0]!,
    });
  }
  return first;
}

function concatenate(lists: readonly ListValue[], places: Places): ListValue {
  const whole: Value[] = [];
  const noted = [placeOf(places, lists[0]!)];
  for (const list of lists) {
    for (let index = 0; index < list.length; index++) {
      whole.push(list[index]!);
      noted.push(itemPlace(places, list, index));
    }
  }
  places.addMerged(whole, noted);
  return whole;
}
