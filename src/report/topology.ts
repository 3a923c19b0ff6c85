// A desired network as a topology, written out: what `render` prints. Read again it expands to the same network.
import type { DesiredAddress } from '../state/address.ts';
import type { DesiredFdbEntry } from '../state/fdb.ts';
import { groupBy } from '../state/group.ts';
import { familyOf, formatIp } from '../state/ip.ts';
import type { DesiredLink } from '../state/link.ts';
import { hasSettings } from '../state/link-kind.ts';
import type { DesiredNeighbour } from '../state/neighbour.ts';
import type { DesiredNamespace, DesiredNetwork } from '../state/network.ts';
import type { DesiredRoute, Nexthop } from '../state/route.ts';
import { isDeviceless, MAIN_TABLE } from '../state/route.ts';
import { formatScope, SCOPE_GLOBAL } from '../state/scope.ts';
import { defaultAddressScope } from '../topology/model/link.ts';
import { bgpFields } from './bgp.ts';
import {
  addressFields,
  type Fields,
  fdbFields,
  neighbourFields,
  routeFields,
  settingsFields,
  type Value,
} from './item.ts';
import { sortSysctls } from './sysctl.ts';

/** The topology as plain data, in the order of the format's own description. */
export function asTopology(network: DesiredNetwork): Fields {
  const netns: Record<string, Value> = {};
  for (const [name, namespace] of network.namespaces) netns[name] = namespaceFields(namespace);
  return {
    name: network.name,
    ownership: { protocol: network.protocol },
    ...(network.ignore.length === 0 ? {} : { ignore: network.ignore }),
    ...(network.bgp.length === 0 ? {} : { bgp: bgpFields(network.bgp) }),
    netns,
  };
}

function namespaceFields(namespace: DesiredNamespace): Fields {
  const sysctls = sortSysctls(namespace);
  const links: Record<string, Value> = {};
  const items: LinkItems = {
    addresses: groupBy(namespace.addresses, devOf),
    neighbours: groupBy(namespace.neighbours, devOf),
    fdb: groupBy(namespace.fdb, devOf),
    sysctls: sysctls.ofLinks,
  };
  for (const [name, link] of namespace.links) links[name] = linkFields(link, items);
  return {
    ...(namespace.manage === null ? {} : { manage: namespace.manage }),
    ...(namespace.links.size === 0 ? {} : { links }),
    ...(namespace.routes.length === 0 ? {} : { routes: namespace.routes.map(routeItem) }),
    ...(Object.keys(sysctls.ofNamespace).length === 0 ? {} : { sysctls: sysctls.ofNamespace }),
  };
}

/** What stands on links, by their names. */
interface LinkItems {
  readonly addresses: ReadonlyMap<string, readonly DesiredAddress[]>;
  readonly neighbours: ReadonlyMap<string, readonly DesiredNeighbour[]>;
  readonly fdb: ReadonlyMap<string, readonly DesiredFdbEntry[]>;
  readonly sysctls: ReadonlyMap<string, Fields>;
}

function devOf({ dev }: { readonly dev: string }): string {
  return dev;
}

function linkFields(link: DesiredLink, items: LinkItems): Fields {
  const { name, spec } = link;
  const addresses = (items.addresses.get(name) ?? []).map(addressItem);
  const neighbours = (items.neighbours.get(name) ?? []).map((n) =>
    item(neighbourFields(n), n.adopt, ['dev']),
  );
  const fdb = (items.fdb.get(name) ?? []).map((entry) => item(fdbFields(entry), entry.adopt, ['dev']));
  return {
    kind: spec.kind,
    ...(spec.kind === 'veth' ? { peer: { netns: spec.peer.netns, name: spec.peer.name } } : {}),
    ...(spec.kind === 'bridge' ? { stp: spec.stp, vlanFiltering: spec.vlanFiltering } : {}),
    ...(hasSettings(spec) ? stated(settingsFields(spec)) : {}),
    ...stated({ up: link.up, mtu: link.mtu, mac: link.mac, master: link.master }),
    ...(link.adopt ? { adopt: true } : {}),
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(neighbours.length === 0 ? {} : { neighbours }),
    ...(fdb.length === 0 ? {} : { fdb }),
    ...items.sysctls.get(name),
  };
}

/** `192.168.1.32/24`, or an object where there is more to say. */
function addressItem(address: DesiredAddress): Value {
  const fields = item(addressFields(address), address.adopt, ['dev']);
  const { scope: _scope, ...rest } = fields;
  const scoped = address.scope !== defaultAddressScope(address.address);
  const said = scoped ? fields : rest;
  return Object.keys(said).length === 1 ? said.address! : said;
}

function routeItem(route: DesiredRoute): Fields {
  const fields = item(routeFields(route), route.adopt, ['metric', 'scope', 'table', 'type', 'nexthops']);
  const direct = route.via === null && route.nexthops === null && !isDeviceless(route.type);
  const scoped = familyOf(route.dst) === 4 && (route.scope !== SCOPE_GLOBAL || direct);
  const metric = familyOf(route.dst) === 4 ? 0 : 1024;
  return {
    ...fields,
    ...(route.nexthops === null ? {} : { nexthops: route.nexthops.map(nexthopItem) }),
    ...(isDeviceless(route.type) ? { type: routeFields(route).type! } : {}),
    ...(scoped ? { scope: formatScope(route.scope) } : {}),
    ...(route.metric === metric ? {} : { metric: route.metric }),
    ...(route.table === MAIN_TABLE ? {} : { table: route.table }),
  };
}

function nexthopItem(hop: Nexthop): Fields {
  return {
    ...(hop.via === null ? {} : { via: formatIp(hop.via) }),
    ...(hop.dev === null ? {} : { dev: hop.dev }),
    weight: hop.weight,
    ...(hop.onlink ? { onlink: true } : {}),
  };
}

/** The fields that say something: no null, no false, and none of those left out. */
function item(fields: Fields, adopt: boolean, without: readonly string[]): Fields {
  const kept = Object.entries(fields).filter(
    ([name, value]) => value !== null && value !== false && !without.includes(name),
  );
  return { ...Object.fromEntries(kept), ...(adopt ? { adopt: true } : {}) };
}

function stated(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
