// Forwarding entries as they are written on a link.
import type { DesiredFdbEntry } from '../../state/fdb.ts';
import { parseMac } from '../../state/link.ts';
import { addFinding } from '../source/findings.ts';
import { isMap, itemPlace, type ListValue, valuePlace } from '../source/tree.ts';
import { quote, type Reading, readBoolean, readIp, readText } from './scalars.ts';

/** Reads a link's `fdb`. Any six octets can stand in a table: all zeros are a vxlan's default, odd ones a group. */
export function readFdb(reading: Reading, dev: string, list: ListValue): DesiredFdbEntry[] {
  return list.flatMap((item, index) => {
    const text = isMap(item) ? readText(item, 'mac') : null;
    if (!isMap(item) || text === null) return [];
    const mac = parseMac(text);
    const dst = readIp(reading, item, 'dst');
    if (mac === null) {
      const at = valuePlace(reading.places, item, 'mac');
      addFinding(reading.findings, 'badMac', at, `${quote(text)} is no hardware address of six octets`, {
        hint: 'one looks like ee:ee:ee:ee:ee:ee',
      });
      return [];
    }
    const source = itemPlace(reading.places, list, index);
    return { dev, mac, dst, adopt: readBoolean(item, 'adopt') ?? false, source };
  });
}
