// The words of a link that only some kinds have, as they are written: each null where nobody says it.
import type { Ip } from '../../state/ip.ts';
import type { LinkKind } from '../../state/link.ts';
import type { MacvlanMode } from '../../state/link-kind.ts';
import { addFinding } from '../source/findings.ts';
import { type MapValue, valuePlace } from '../source/tree.ts';
import { type Reading, readBoolean, readIfname, readIp, readNumber, readText } from './scalars.ts';

export interface KindWords {
  readonly id: number | null;
  readonly port: number | null;
  readonly local: Ip | null;
  readonly remote: Ip | null;
  readonly dev: string | null;
  readonly learning: boolean | null;
  readonly parent: string | null;
  readonly mode: MacvlanMode | null;
  readonly ttl: number | null;
}

export const noKindWords: KindWords = {
  id: null,
  port: null,
  local: null,
  remote: null,
  dev: null,
  learning: null,
  parent: null,
  mode: null,
  ttl: null,
};

/** The kinds that each word is of; a word that is not here is of every kind. */
const kindsOfWords: Readonly<Record<string, readonly LinkKind[]>> = {
  peer: ['veth'],
  stp: ['bridge'],
  vlanFiltering: ['bridge'],
  id: ['vxlan', 'vlan'],
  port: ['vxlan'],
  local: ['vxlan', 'ipip'],
  remote: ['ipip'],
  dev: ['vxlan'],
  learning: ['vxlan'],
  parent: ['vlan', 'macvlan'],
  mode: ['macvlan'],
  ttl: ['ipip'],
};

const kinds: ReadonlySet<string> = new Set<LinkKind>([
  'veth',
  'bridge',
  'dummy',
  'ifb',
  'vxlan',
  'ipip',
  'vlan',
  'macvlan',
  'existing',
]);

/** The numbers that a VLAN can have: 12 bits, of which the last value is reserved. */
const LAST_VLAN = 4094;

export function isKind(text: string): text is LinkKind {
  return kinds.has(text);
}

export function readKindWords(reading: Reading, map: MapValue): KindWords {
  return {
    id: readNumber(map, 'id'),
    port: readNumber(map, 'port'),
    local: readIp(reading, map, 'local'),
    remote: readIp(reading, map, 'remote'),
    dev: readIfname(reading, map, 'dev'),
    learning: readBoolean(map, 'learning'),
    parent: readIfname(reading, map, 'parent'),
    mode: readText(map, 'mode') as MacvlanMode | null,
    ttl: readNumber(map, 'ttl'),
  };
}

/** Adds a finding for each word that a link of this kind does not have, and for values that the kind cannot. */
export function checkKindKeys(reading: Reading, map: MapValue, kind: LinkKind): void {
  for (const [key, needed] of Object.entries(kindsOfWords)) {
    if (map[key] === undefined || needed.includes(kind)) continue;
    addFinding(
      reading.findings,
      'notAllowed',
      valuePlace(reading.places, map, key),
      `\`${key}\` is of a ${needed.join(' or ')}, and this is kind ${kind}`,
    );
  }
  const id = readNumber(map, 'id');
  if (kind === 'vlan' && id !== null && id > LAST_VLAN) {
    const at = valuePlace(reading.places, map, 'id');
    addFinding(reading.findings, 'outOfRange', at, `a VLAN's id is 0-${LAST_VLAN}, found ${id}`);
  }
  for (const key of ['local', 'remote']) {
    if (kind !== 'ipip' || !readText(map, key)?.includes(':')) continue;
    const at = valuePlace(reading.places, map, key);
    addFinding(reading.findings, 'badAddress', at, 'ipip goes through IPv4 only');
  }
}
