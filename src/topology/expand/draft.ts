// A network while it is being put together: items of one identity merge where they agree, and are a finding with both
// places where they do not.
import { isDeepStrictEqual } from 'node:util';
import { addressKey, type DesiredAddress, sameAddress } from '../../state/address.ts';
import { type DesiredFdbEntry, fdbKey } from '../../state/fdb.ts';
import { type DesiredNeighbour, neighbourKey } from '../../state/neighbour.ts';
import type { Manage } from '../../state/network.ts';
import type { Place } from '../../state/place.ts';
import { type DesiredRoute, formatRouteKey, routeKey, sameWords } from '../../state/route.ts';
import type { DesiredSysctl } from '../../state/sysctl.ts';
import type { LinkDraft } from '../model/link.ts';
import { addFinding, type Finding } from '../source/findings.ts';

const linkWords = [
  'kind',
  'peer',
  'stp',
  'vlanFiltering',
  'id',
  'port',
  'local',
  'remote',
  'dev',
  'learning',
  'parent',
  'mode',
  'ttl',
  'up',
  'mtu',
  'mac',
  'master',
] as const;

export interface NamespaceDraft {
  readonly name: string;
  readonly source: Place;
  manage: Manage | null;
  readonly links: Map<string, LinkDraft>;
  readonly addresses: Map<string, DesiredAddress>;
  readonly neighbours: Map<string, DesiredNeighbour>;
  readonly fdb: Map<string, DesiredFdbEntry>;
  readonly routes: DesiredRoute[];
  /** Where each route stands, by routeKey. */
  routePlaces: Map<number | string, number>;
  /** All routes, where they are a list as it was written. */
  writtenRoutes: readonly DesiredRoute[] | null;
  readonly sysctls: Map<string, DesiredSysctl>;
}

export interface NetworkDraft {
  readonly namespaces: Map<string, NamespaceDraft>;
  readonly findings: Finding[];
}

/** The namespace of a name, made where it is not there yet. */
export function draftNamespace(draft: NetworkDraft, name: string, source: Place): NamespaceDraft {
  let namespace = draft.namespaces.get(name);
  if (namespace === undefined) {
    namespace = {
      name,
      source,
      manage: null,
      links: new Map(),
      addresses: new Map(),
      neighbours: new Map(),
      fdb: new Map(),
      routes: [],
      routePlaces: new Map(),
      writtenRoutes: null,
      sysctls: new Map(),
    };
    draft.namespaces.set(name, namespace);
  }
  return namespace;
}

/** Adds what is said of a link; what two say must agree, word by word. */
export function addLink(draft: NetworkDraft, namespace: NamespaceDraft, link: LinkDraft): void {
  const first = namespace.links.get(link.name);
  if (first === undefined) {
    namespace.links.set(link.name, link);
    return;
  }
  for (const key of linkWords) {
    if (first[key] === null || link[key] === null || isDeepStrictEqual(first[key], link[key])) continue;
    const message = `the link ${link.name} in ${namespace.name} is said to have two values of \`${key}\``;
    disagree(draft, link.source, first.source, message);
  }
  const words = Object.fromEntries(linkWords.map((key) => [key, link[key] ?? first[key]]));
  namespace.links.set(link.name, {
    ...link,
    ...(words as Pick<LinkDraft, (typeof linkWords)[number]>),
    peerPlace: link.peer === null ? first.peerPlace : link.peerPlace,
    parentPlace: link.parent === null && link.dev === null ? first.parentPlace : link.parentPlace,
    masterPlace: link.master === null ? first.masterPlace : link.masterPlace,
    adopt: first.adopt || link.adopt,
  });
}

export function addAddress(draft: NetworkDraft, namespace: NamespaceDraft, address: DesiredAddress): void {
  const key = addressKey(address);
  const first = namespace.addresses.get(key);
  if (first !== undefined && !sameAddress(first, address)) {
    disagree(
      draft,
      address.source,
      first.source,
      `the address ${key} in ${namespace.name} is said twice, differently`,
    );
    return;
  }
  namespace.addresses.set(key, first?.adopt ? { ...address, adopt: true } : address);
}

export function addNeighbour(
  draft: NetworkDraft,
  namespace: NamespaceDraft,
  neighbour: DesiredNeighbour,
): void {
  const key = neighbourKey(neighbour);
  const first = namespace.neighbours.get(key);
  if (first !== undefined && first.mac !== neighbour.mac) {
    disagree(
      draft,
      neighbour.source,
      first.source,
      `the neighbour ${key} in ${namespace.name} has two values of \`mac\``,
    );
    return;
  }
  namespace.neighbours.set(key, first?.adopt ? { ...neighbour, adopt: true } : neighbour);
}

export function addFdbEntry(namespace: NamespaceDraft, entry: DesiredFdbEntry): void {
  const key = fdbKey(entry);
  const adopt = entry.adopt || namespace.fdb.get(key)?.adopt === true;
  namespace.fdb.set(key, { ...entry, adopt });
}

export function addRoute(draft: NetworkDraft, namespace: NamespaceDraft, route: DesiredRoute): void {
  const { routes, routePlaces } = namespace;
  const key = routeKey(route);
  const at = routePlaces.get(key);
  if (at === undefined) {
    routePlaces.set(key, routes.length);
    routes.push(route);
    return;
  }
  const first = routes[at]!;
  if (!sameWords(first, route)) {
    const message = `the route ${formatRouteKey(route)} in ${namespace.name} is said twice, differently`;
    disagree(draft, route.source, first.source, message);
    return;
  }
  routes[at] = first.adopt ? { ...route, adopt: true } : route;
}

export function addSysctl(draft: NetworkDraft, namespace: NamespaceDraft, sysctl: DesiredSysctl): void {
  const first = namespace.sysctls.get(sysctl.key);
  if (first !== undefined && first.value !== sysctl.value) {
    const message = `${sysctl.key} in ${namespace.name} is both ${first.value} and ${sysctl.value}`;
    disagree(draft, sysctl.source, first.source, message);
    return;
  }
  namespace.sysctls.set(sysctl.key, sysctl);
}

export function disagree(draft: NetworkDraft, place: Place, other: Place, message: string): void {
  addFinding(draft.findings, 'itemsDisagree', place, message, { other });
}
