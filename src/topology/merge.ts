// Several topology files as one: maps merge deeply, `pools` and `routes` lists concatenate, and any other key given
// twice is a disagreement that names both places.
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

/** The files' values as one value, in the order given. */
export function mergeFiles(roots: readonly MapValue[], places: Places, findings: Finding[]): MapValue {
  return roots.reduce((merged, root) => mergeMaps(merged, root, true, places, findings));
}

function mergeMaps(a: MapValue, b: MapValue, top: boolean, places: Places, findings: Finding[]): MapValue {
  const entries = new Map<string, [string, number, Value, number]>();
  Object.keys(a).forEach((key, index) => {
    entries.set(key, [key, keyPlaceAt(places, a, index), a[key]!, valuePlaceAt(places, a, index)]);
  });
  Object.keys(b).forEach((key, index) => {
    const keyAt = keyPlaceAt(places, b, index);
    const value = b[key]!;
    const entry = entries.get(key);
    if (entry === undefined) {
      entries.set(key, [key, keyAt, value, valuePlaceAt(places, b, index)]);
      return;
    }
    const [, firstAt, first, firstValueAt] = entry;
    if (isMap(first) && isMap(value)) {
      entries.set(key, [key, firstAt, mergeMaps(first, value, false, places, findings), firstValueAt]);
    } else if (concatenated.has(key) && isList(first) && isList(value)) {
      entries.set(key, [key, firstAt, concatenate(first, value, places), firstValueAt]);
    } else if (!(top && key === 'name' && first === value)) {
      addFinding(findings, 'filesDisagree', keyAt, `two files both say \`${key}\``, {
        hint: 'keep one of them',
        other: firstAt,
      });
    }
  });
  return buildMap(places, placeOf(places, a), [...entries.values()]);
}

function concatenate(a: ListValue, b: ListValue, places: Places): ListValue {
  const list = [...a, ...b];
  const noted = [placeOf(places, a)];
  for (let index = 0; index < a.length; index++) noted.push(itemPlace(places, a, index));
  for (let index = 0; index < b.length; index++) noted.push(itemPlace(places, b, index));
  places.set(list, noted);
  return list;
}
