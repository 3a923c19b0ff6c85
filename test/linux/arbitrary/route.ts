// Random routes of a namespace: of every type, each with a router that its links reach.
import fc from 'fast-check';
import type { BuiltLink } from './link.ts';
import type { Tree } from './places.ts';

interface HopSketch {
  readonly link: number;
  readonly router: number;
  readonly way: 'via' | 'dev' | 'onlink';
  readonly weight: number;
}

export interface RouteSketch {
  readonly family: 4 | 6;
  readonly dst: number;
  readonly length: 'network' | 'host' | 'default';
  readonly table: number | string | null;
  readonly metric: number | null;
  readonly type: string | null;
  readonly scope: string | null;
  readonly hops: readonly HopSketch[];
  readonly saysDev: boolean;
  readonly src: number | null;
  readonly mtu: number | null;
}

const hop = fc.record<HopSketch>({
  link: fc.nat({ max: 7 }),
  router: fc.nat({ max: 3 }),
  way: fc.constantFrom('via', 'via', 'dev', 'onlink'),
  weight: fc.integer({ min: 1, max: 3 }),
});

export const routeSketch = fc.record<RouteSketch>({
  family: fc.constantFrom(4 as const, 4 as const, 6 as const),
  dst: fc.nat({ max: 3 }),
  length: fc.constantFrom('network', 'network', 'host', 'default'),
  table: fc.constantFrom(null, null, null, 100, 1000, 'default'),
  metric: fc.constantFrom(null, null, null, 50, 1024),
  type: fc.constantFrom(null, null, null, null, 'blackhole', 'unreachable', 'prohibit', 'throw'),
  scope: fc.constantFrom(null, null, null, 'global', 'site', 'host'),
  hops: fc.array(hop, { minLength: 1, maxLength: 3 }),
  saysDev: fc.boolean(),
  src: fc.constantFrom(null, null, 0, 1, 2),
  mtu: fc.constantFrom(null, null, null, 1300, 1400),
});

/** The routes of sketches by the links of a namespace; what no link can carry, and what is said twice, is left out. */
export function buildRoutes(sketches: readonly RouteSketch[], links: readonly BuiltLink[]): Tree[] {
  const routes = new Map<string, Tree>();
  for (const sketch of sketches) {
    const route = buildRoute(sketch, links);
    if (route === null) continue;
    const metric = route.metric ?? (sketch.family === 6 ? 1024 : 0);
    const key = `${route.dst} ${route.table ?? 254} ${metric}`;
    if (!routes.has(key)) routes.set(key, route);
  }
  return [...routes.values()];
}

function buildRoute(sketch: RouteSketch, links: readonly BuiltLink[]): Tree | null {
  const { family, length, table, metric, type, scope, mtu } = sketch;
  // The model's own default route stands in the main table at the default metric.
  const isModels = length === 'default' && (table === null || table === 'default') && metric !== 50;
  if (isModels) return null;
  const route: Tree = { dst: destination(sketch) };
  if (table !== null) route.table = table;
  if (metric !== null) route.metric = metric;
  if (mtu !== null && type === null) route.mtu = mtu;
  if (type !== null) return { ...route, type };
  const able = links.filter((link) => link.up && (family === 4 || link.ipv6) && link.slot.name !== 'lo');
  const hops = sketch.hops.flatMap((one) => buildHop(one, sketch, able) ?? []);
  const first = hops[0];
  if (first === undefined) return null;
  if (hops.length > 1) {
    const several = family === 4 ? hops : hops.filter((one) => one.via !== undefined);
    const different = [...new Map(several.map((one) => [`${one.via} ${one.dev}`, one])).values()];
    if (different.length > 1) return { ...route, nexthops: different };
  }
  const { weight: _weight, ...way } = first;
  Object.assign(route, way);
  if (way.via === undefined && family === 4 && scope !== null) route.scope = scope;
  if (way.via !== undefined && !sketch.saysDev && way.onlink !== true && !way.via.startsWith('fe80')) {
    delete route.dev;
  }
  const sources = links
    .filter((link) => link.up)
    .flatMap((link) => link.sources)
    .filter((ip) => ip.includes(':') === (family === 6));
  if (sketch.src !== null && sources.length > 0) route.src = sources[sketch.src % sources.length];
  return route;
}

function destination({ family, dst, length }: RouteSketch): string {
  if (length === 'default') return family === 4 ? '0.0.0.0/0' : '::/0';
  if (family === 4) return length === 'host' ? `172.16.${dst}.1/32` : `172.16.${dst}.0/24`;
  return length === 'host' ? `fd16:${dst}::1/128` : `fd16:${dst}::/64`;
}

/** A nexthop as YAML. */
interface Hop {
  readonly via?: string;
  readonly dev: string;
  readonly weight: number;
  readonly onlink?: true;
}

function buildHop(sketch: HopSketch, route: RouteSketch, able: readonly BuiltLink[]): Hop | null {
  const link = able[sketch.link % Math.max(1, able.length)];
  if (link === undefined) return null;
  const dev = link.slot.name;
  const { weight } = sketch;
  const routers = link.routers.filter((ip) => ip.includes(':') === (route.family === 6));
  const via = routers[sketch.router % Math.max(1, routers.length)];
  // Before its first IPv4 address a namespace takes every router for a broadcast address.
  const hasTable = route.family === 6 || able.some(({ sources }) => sources.some((ip) => !ip.includes(':')));
  if (sketch.way === 'onlink' && hasTable) {
    return { via: route.family === 4 ? '203.0.113.9' : 'fd99::9', dev, onlink: true, weight };
  }
  return sketch.way === 'dev' || via === undefined ? { dev, weight } : { via, dev, weight };
}
