// The numbers of rtnetlink that people write as words: route types, scopes and protocols (/etc/iproute2).

export const SCOPE_GLOBAL = 0;
export const SCOPE_SITE = 200;
export const SCOPE_LINK = 253;
export const SCOPE_HOST = 254;

const scopes: ReadonlyMap<string, number> = new Map([
  ['global', SCOPE_GLOBAL],
  ['site', SCOPE_SITE],
  ['link', SCOPE_LINK],
  ['host', SCOPE_HOST],
]);

export const RTPROT_KERNEL = 2;

export const RTN_UNICAST = 1;

/** The route types a topology can state. */
export const routeTypes: ReadonlyMap<string, number> = new Map([
  ['unicast', RTN_UNICAST],
  ['blackhole', 6],
  ['unreachable', 7],
  ['prohibit', 8],
  ['throw', 9],
]);

const otherRouteTypes: ReadonlyMap<string, number> = new Map([
  ['local', 2],
  ['broadcast', 3],
  ['anycast', 4],
  ['multicast', 5],
  ['nat', 10],
]);

const protocols: ReadonlyMap<number, string> = new Map([
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [9, 'ra'],
  [11, 'zebra'],
  [12, 'bird'],
  [16, 'dhcp'],
  [18, 'keepalived'],
  [42, 'babel'],
  [80, 'felix'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [192, 'eigrp'],
]);

/** `link` → 253; a number 0-255 is taken as it is; undefined for anything else. */
export function parseScope(text: string): number | undefined {
  return scopes.get(text) ?? (/^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined);
}

export function formatScope(scope: number): string {
  return nameOf(scopes, scope) ?? String(scope);
}

/** `unicast` → 1; a number 0-255 is taken as it is; undefined for anything else. */
export function parseRouteType(text: string): number | undefined {
  const number = /^\d{1,3}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;
  return routeTypes.get(text) ?? otherRouteTypes.get(text) ?? number;
}

export function formatRouteType(type: number): string {
  return nameOf(routeTypes, type) ?? nameOf(otherRouteTypes, type) ?? String(type);
}

/** `bird`, or the number where it has no well-known name. */
export function formatProtocol(protocol: number): string {
  return protocols.get(protocol) ?? String(protocol);
}

function nameOf(names: ReadonlyMap<string, number>, value: number): string | undefined {
  for (const [name, number] of names) if (number === value) return name;
  return undefined;
}
