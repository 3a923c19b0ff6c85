// Routes as they are written, in the normal form in which the kernel reports them.
import { type Family, familyOf, type Ip, type Prefix } from '../../state/ip.ts';
import type { Place } from '../../state/place.ts';
import {
  type DesiredRoute,
  defaultMetric,
  isDeviceless,
  MAIN_TABLE,
  type Nexthop,
  type RouteType,
  sortNexthops,
} from '../../state/route.ts';
import { parseScope, RTN_UNICAST, routeTypes, SCOPE_GLOBAL, SCOPE_LINK } from '../../state/scope.ts';
import { addFinding } from '../source/findings.ts';
import {
  isList,
  isMap,
  itemPlace,
  itemPlaces,
  type ListValue,
  type MapValue,
  valuePlace,
} from '../source/tree.ts';
import type { Recalled } from './route-recall.ts';
import {
  type Reading,
  readBoolean,
  readIfname,
  readIp,
  readNumber,
  readPrefix,
  readText,
} from './scalars.ts';

const DEFAULT_TABLE = 253;
const LOCAL_TABLE = 255;

/** Reads a list of routes of a namespace, in the order of the file. */
export function readRoutes(reading: Reading, netns: string, list: ListValue): DesiredRoute[] {
  const recalled = reading.routeRecall?.recall(netns, list) ?? null;
  const placeOfItem = itemPlaces(reading.places, list);
  const routes: DesiredRoute[] = [];
  const readFrom = (start: number, end: number): void => {
    for (let index = start; index < end; index++) {
      const item = list[index];
      const route = isMap(item) ? readRoute(reading, item, placeOfItem(index)) : null;
      if (route !== null) routes.push(route);
    }
  };
  const recallFrom = (start: number, end: number, { routes: known, shift }: Recalled): void => {
    for (let index = start; index < end; index++) {
      const route = known[index - shift]!;
      const source = placeOfItem(index);
      routes.push(route.source === source ? route : { ...route, source });
    }
  };
  if (recalled === null) readFrom(0, list.length);
  else {
    recallFrom(0, recalled.start, { ...recalled, shift: 0 });
    readFrom(recalled.start, recalled.end);
    recallFrom(recalled.end, list.length, recalled);
  }
  reading.routeRecall?.keep(netns, list, routes, recalled);
  return routes;
}

function readRoute(reading: Reading, map: MapValue, place: Place): DesiredRoute | null {
  const before = reading.findings.length;
  const dst = readDst(reading, map);
  const via = map.via === undefined ? null : readIp(reading, map, 'via');
  const dev = map.dev === undefined ? null : readIfname(reading, map, 'dev');
  const src = map.src === undefined ? null : readIp(reading, map, 'src');
  const hops = isList(map.nexthops) ? readNexthops(reading, map.nexthops) : null;
  const table = map.table === undefined ? MAIN_TABLE : readTable(reading, map);
  const scope = map.scope === undefined ? null : readScope(reading, map);
  const type = map.type === undefined ? RTN_UNICAST : readType(map);
  checkWays(reading, map, place, type);
  if (dst === null || reading.findings.length > before) return null;
  const family = familyOf(dst.address);
  if (!checkFamilies(reading, map, family, via, src)) return null;
  const single = hops?.length === 1 ? hops[0]! : null;
  const nexthops = hops === null || single !== null ? null : sortNexthops(hops);
  const router = single === null ? via : single.via;
  const metric = readNumber(map, 'metric') ?? 0;
  return {
    dst: dst.address,
    dstLength: dst.length,
    table,
    metric: metric === 0 ? defaultMetric(dst.address) : metric,
    type,
    scope: family === 6 ? SCOPE_GLOBAL : (scope ?? defaultScope(type, router !== null || nexthops !== null)),
    via: router,
    dev: single === null ? dev : single.dev,
    src,
    mtu: map.mtu === undefined ? 0 : (readNumber(map, 'mtu') ?? 0),
    onlink: map.onlink === undefined ? (single?.onlink ?? false) : map.onlink === true,
    nexthops,
    adopt: map.adopt === true,
    source: place,
  };
}

function readType(map: MapValue): RouteType {
  return routeTypes.get(readText(map, 'type') ?? 'unicast') ?? RTN_UNICAST;
}

/** A number or a word of iproute2; null where none is said. */
export function readScope(reading: Reading, map: MapValue): number | null {
  const value = map.scope;
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  const scope = parseScope(value);
  if (scope === undefined) {
    addFinding(
      reading.findings,
      'notAllowed',
      valuePlace(reading.places, map, 'scope'),
      'a scope is global, site, link, host or a number of 0-255',
    );
  }
  return scope ?? null;
}

/** The scope that `ip route` gives an IPv4 route that states none. */
function defaultScope(type: number, routed: boolean): number {
  return type === RTN_UNICAST && !routed ? SCOPE_LINK : SCOPE_GLOBAL;
}

function readDst(reading: Reading, map: MapValue): Prefix | null {
  const text = readText(map, 'dst');
  if (text !== 'default') return readPrefix(reading, map, 'dst');
  const first = isList(map.nexthops) ? map.nexthops.find(isMap) : undefined;
  const via = readText(map, 'via') ?? readText(first ?? {}, 'via');
  return { address: via?.includes(':') ? '::' : 0, length: 0 };
}

function readTable(reading: Reading, map: MapValue): number {
  const value = map.table;
  if (value === LOCAL_TABLE || value === 'local') {
    addFinding(
      reading.findings,
      'badRoute',
      valuePlace(reading.places, map, 'table'),
      "the table `local` (255) is the kernel's own",
    );
  } else if (typeof value === 'string' && value !== 'main' && value !== 'default') {
    addFinding(
      reading.findings,
      'badRoute',
      valuePlace(reading.places, map, 'table'),
      'a table is a number, `main` or `default`',
    );
  }
  return typeof value === 'number' ? value : value === 'default' ? DEFAULT_TABLE : MAIN_TABLE;
}

function readNexthops(reading: Reading, list: ListValue): Nexthop[] {
  return list.flatMap((item, index) => {
    if (!isMap(item)) return [];
    if (item.via === undefined && item.dev === undefined) {
      addFinding(
        reading.findings,
        'badRoute',
        itemPlace(reading.places, list, index),
        'a nexthop has a `via`, a `dev` or both',
      );
    }
    return {
      via: readIp(reading, item, 'via'),
      dev: readIfname(reading, item, 'dev'),
      weight: readNumber(item, 'weight') ?? 1,
      onlink: readBoolean(item, 'onlink') ?? false,
    };
  });
}

/** Says so where a route leads nowhere, or leads in two ways at once. */
function checkWays(reading: Reading, map: MapValue, place: Place, type: RouteType): void {
  const hasWay = map.via !== undefined || map.dev !== undefined;
  const hasHops = map.nexthops !== undefined;
  if (isDeviceless(type) ? hasWay || hasHops : hasWay === hasHops) addWayFault(reading, map, place, type);
  if (map.onlink === true && map.dev === undefined) {
    const at = valuePlace(reading.places, map, 'onlink');
    addFinding(reading.findings, 'badRoute', at, '`onlink` needs a `dev` beside it');
  }
}

function addWayFault(reading: Reading, map: MapValue, place: Place, type: RouteType): void {
  const extra = ['via', 'dev', 'nexthops'].find((key) => map[key] !== undefined);
  if (extra === undefined) {
    const message = 'the route leads nowhere: it has no `via`, `dev` or `nexthops`';
    addFinding(reading.findings, 'badRoute', place, message, { hint: 'or say `type: blackhole`' });
    return;
  }
  const why = isDeviceless(type)
    ? `a route of type ${readText(map, 'type')} leads nowhere`
    : 'a route with `nexthops` says its ways there';
  const at = valuePlace(reading.places, map, extra);
  addFinding(reading.findings, 'badRoute', at, `${why}; it takes no \`${extra}\``);
}

/** Whether routers and source are of the destination's family; a finding for each that is not. */
function checkFamilies(
  reading: Reading,
  map: MapValue,
  family: Family,
  via: Ip | null,
  src: Ip | null,
): boolean {
  if (via === null && src === null && map.nexthops === undefined) return true;
  const places: Place[] = [];
  for (const hop of isList(map.nexthops) ? map.nexthops : []) {
    if (!isMap(hop) || hop.via === undefined || readText(hop, 'via')?.includes(':') === (family === 6))
      continue;
    places.push(valuePlace(reading.places, hop, 'via'));
  }
  if (via !== null && familyOf(via) !== family) places.push(valuePlace(reading.places, map, 'via'));
  if (src !== null && familyOf(src) !== family) places.push(valuePlace(reading.places, map, 'src'));
  for (const place of places) {
    addFinding(reading.findings, 'badRoute', place, `the destination is IPv${family}, and this is not`);
  }
  return places.length === 0;
}
