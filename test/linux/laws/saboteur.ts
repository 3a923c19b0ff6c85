// Does random deeds to a machine. It marks nothing and asks nobody; what the kernel refuses it leaves.
import type { LinkChange } from '../../../src/kernel/codec/link.ts';
import { MessageWriter } from '../../../src/kernel/codec/message.ts';
import { IFLA_IFNAME, IFLA_NET_NS_FD, RTM_NEWLINK } from '../../../src/kernel/constants.ts';
import type { Machine } from '../../../src/kernel/machine.ts';
import type { Netns } from '../../../src/kernel/netns.ts';
import { observe } from '../../../src/kernel/observe.ts';
import { Requests } from '../../../src/kernel/requests.ts';
import { writeSysctl } from '../../../src/kernel/sysctl.ts';
import { parseIp } from '../../../src/state/ip.ts';
import type { ObservedLink } from '../../../src/state/link.ts';
import { claimName } from '../../../src/state/mark.ts';
import type { ObservedNamespace, ObservedNetwork } from '../../../src/state/network.ts';
import type { ObservedRoute, Route } from '../../../src/state/route.ts';
import { EXISTING, linkNames } from '../arbitrary/places.ts';
import type { Deed, DeedName } from '../arbitrary/sabotage.ts';
import { bridge } from './world.ts';

const RTPROT_STATIC = 4;
const RTPROT_BIRD = 12;
const FOREIGN_MAC = '02:00:00:00:00:ff';

interface Scene {
  readonly machine: Machine;
  readonly observed: ObservedNetwork;
  readonly how: number;
}

/** Does the deeds one after another, each to what the ones before have left. */
export function sabotage(machine: Machine, topology: string, deeds: readonly Deed[]): void {
  for (const { name, victim, how } of deeds) {
    machine.release();
    const names = new Set(['self', ...machine.names()]);
    const observed = observe(machine, { topology, names, sysctlsOf: () => [], fresh: [] });
    acts[name]({ machine, observed, how }, victim);
  }
  machine.release();
}

/** Finds its victims in what is observed, and hits the one of a number. */
type Act = (scene: Scene, victim: number) => void;

interface At<Item> {
  readonly netns: ObservedNamespace;
  readonly item: Item;
}

function within<Item>(
  itemsOf: (netns: ObservedNamespace) => Iterable<Item>,
): (observed: ObservedNetwork) => At<Item>[] {
  return ({ namespaces }) =>
    [...namespaces.values()].flatMap((netns) => [...itemsOf(netns)].map((item) => ({ netns, item })));
}

const links = within((netns) =>
  [...netns.links.values()].filter(({ name }) => name !== 'lo' && name !== EXISTING),
);
const bridges = within((netns) => [...netns.links.values()].filter(({ kind }) => kind === 'bridge'));
const addresses = within((netns) => netns.addresses.filter(({ protocol }) => protocol === 0 || protocol > 3));
const neighbours = within((netns) => netns.neighbours);
const routes = within((netns) => netns.routes.filter(({ protocol }) => protocol !== 2));
const namespaces = within((netns) => [netns]);
const named = (observed: ObservedNetwork): At<ObservedNamespace>[] =>
  namespaces(observed).filter(({ netns }) => netns.name !== 'self');

function netnsOf({ machine }: Scene, { name }: ObservedNamespace): Netns {
  return machine.namespace(name)!;
}

/** Sends a request; a refusal is as good as no deed. */
function request<Item>(scene: Scene, { netns }: At<Item>, send: (requests: Requests<null>) => void): void {
  const requests = new Requests<null>(netnsOf(scene, netns).socket, () => {});
  send(requests);
  requests.flush();
}

function act<Item>(
  victimsIn: (observed: ObservedNetwork) => readonly At<Item>[],
  hit: (at: At<Item>, scene: Scene) => void,
): Act {
  return (scene, victim) => {
    const victims = victimsIn(scene.observed);
    const at = victims[victim % Math.max(1, victims.length)];
    if (at !== undefined) hit(at, scene);
  };
}

function setLink(change: (scene: Scene) => LinkChange): Act {
  return act(links, (at, scene) =>
    request(scene, at, (to) => to.linkSet(null, at.item.ifindex, change(scene))),
  );
}

/** Sends struct ifinfomsg and one attribute: what no request of the product says. */
function tellLink(scene: Scene, at: At<ObservedLink>, write: (writer: MessageWriter) => void): void {
  const { socket } = netnsOf(scene, at.netns);
  const writer = new MessageWriter();
  const sequence = socket.reserveSequences();
  writer.beginMessage(RTM_NEWLINK, 0, sequence);
  for (const word of [0, at.item.ifindex, 0, 0]) writer.u32(word);
  write(writer);
  writer.endMessage();
  socket.transact(writer, sequence, 1);
}

function indexIn({ links: all }: ObservedNamespace): (name: string) => number {
  return (name) => all.get(name)?.ifindex ?? 0;
}

function addRoute(scene: Scene, at: At<unknown>, route: Route, protocol: number, first: boolean): void {
  const creation = first ? 'first' : 'exclusive';
  request(scene, at, (to) => to.routeAdd(null, route, protocol, indexIn(at.netns), creation));
}

function deleteRoute(scene: Scene, at: At<ObservedRoute>): void {
  request(scene, at, (to) => to.routeDelete(null, at.item, at.item.protocol, indexIn(at.netns)));
}

/** The same key, leading nowhere. */
function detour(route: ObservedRoute): Route {
  return {
    ...route,
    type: 6,
    scope: 0,
    via: null,
    dev: null,
    src: null,
    mtu: 0,
    onlink: false,
    nexthops: null,
  };
}

function write(scene: Scene, at: At<unknown>, key: string, value: string): void {
  try {
    netnsOf(scene, at.netns).enter(() => writeSysctl(key, value));
  } catch {
    // a link without IPv6 has no such sysctl
  }
}

const linkSysctls = [
  ['ipv4', 'forwarding'],
  ['ipv4', 'proxy_arp'],
  ['ipv4', 'rp_filter'],
  ['ipv4', 'arp_ignore'],
  ['ipv6', 'forwarding'],
  ['ipv6', 'accept_ra'],
] as const;

const acts: Readonly<Record<DeedName, Act>> = {
  deleteLink: act(links, (at, scene) => request(scene, at, (to) => to.linkDelete(null, at.item.ifindex))),
  setDown: setLink(() => ({ up: false })),
  setUp: setLink(() => ({ up: true })),
  changeMtu: setLink(({ how }) => ({ mtu: [1000, 1300, 1500, 9000][how % 4]! })),
  changeMac: setLink(() => ({ mac: FOREIGN_MAC })),
  dropMark: setLink(() => ({ group: 0 })),
  dropAlias: setLink(() => ({ alias: '' })),
  putInBridge: act(links, (at, scene) => {
    const masters = bridges(scene.observed).filter(({ netns }) => netns === at.netns);
    // A pair with both ends in bridges could close a circle of two.
    const free = masters.length > 0 && at.item.kind === 'veth' && at.item.peer?.name !== 'br';
    const isAlone = scene.observed.namespaces.get(at.item.peer?.netns ?? '')?.links.get(at.item.peer!.name);
    if (!free || isAlone?.master !== null) return;
    request(scene, at, (to) => to.linkSet(null, at.item.ifindex, { master: masters[0]!.item.ifindex }));
  }),
  takeOutOfBridge: setLink(() => ({ master: 0 })),
  renameLink: act(links, (at, scene) => {
    const name = [...linkNames, 'elsewhere'][scene.how % 5]!;
    tellLink(scene, at, (writer) => writer.attributeText(IFLA_IFNAME, name));
  }),
  moveLink: act(links, (at, scene) => {
    const targets = [...scene.observed.namespaces.keys()];
    const target = scene.machine.namespace(targets[scene.how % targets.length]!)!;
    tellLink(scene, at, (writer) => writer.attributeU32(IFLA_NET_NS_FD, target.fd));
  }),
  addLink: act(namespaces, (at, scene) => {
    const name = [...linkNames, 'up0', 'cali-gw', 'eth0'][scene.how % 7]!;
    const birth = { group: 0, peer: null, lower: 0, up: true };
    request(scene, at, (to) => to.linkAdd(null, bridge(name), birth));
  }),
  deleteAddress: act(addresses, (at, scene) =>
    request(scene, at, (to) => to.addressDelete(null, at.item, at.item.ifindex)),
  ),
  loseAddressMark: act(addresses, (at, scene) => {
    const mark = { protocol: 0, nodad: true };
    request(scene, at, (to) => to.addressReplace(null, at.item, at.item.ifindex, mark));
  }),
  addAddress: act(addresses, (at, scene) => {
    const { address } = at.item;
    const other = typeof address === 'number' ? address + 20 : parseIp(`fd66::${scene.how}`)!;
    const mark = { protocol: 0, nodad: true };
    request(scene, at, (to) => to.addressAdd(null, { ...at.item, address: other }, at.item.ifindex, mark));
  }),
  deleteNeighbour: act(neighbours, (at, scene) =>
    request(scene, at, (to) => to.neighbourDelete(null, at.item, at.item.ifindex)),
  ),
  changeNeighbour: act(neighbours, (at, scene) => {
    const mac = at.item.proxy ? null : FOREIGN_MAC;
    request(scene, at, (to) => to.neighbourReplace(null, { ...at.item, mac }, at.item.ifindex, 0));
  }),
  addNeighbour: act(links, (at, scene) => {
    const dst = parseIp(`10.66.0.${scene.how}`)!;
    const neighbour = { dev: at.item.name, dst, mac: FOREIGN_MAC, proxy: false };
    request(scene, at, (to) => to.neighbourReplace(null, neighbour, at.item.ifindex, 0));
  }),
  deleteRoute: act(routes, (at, scene) => deleteRoute(scene, at)),
  replaceRoute: act(routes, (at, scene) => {
    deleteRoute(scene, at);
    addRoute(scene, at, detour(at.item), RTPROT_STATIC, false);
  }),
  shadowRoute: act(routes, (at, scene) => addRoute(scene, at, detour(at.item), RTPROT_BIRD, true)),
  addRoute: act(routes, (at, scene) => {
    addRoute(scene, at, { ...detour(at.item), metric: 7 + scene.how }, RTPROT_STATIC, false);
  }),
  duplicateRoute: act(routes, (at, scene) => addRoute(scene, at, at.item, RTPROT_STATIC, true)),
  turnLinkSysctl: act(links, (at, scene) => {
    const [family, leaf] = linkSysctls[scene.how % linkSysctls.length]!;
    write(scene, at, `net.${family}.conf.${at.item.name}.${leaf}`, scene.how % 2 === 0 ? '1' : '0');
  }),
  disableIpv6: act(links, (at, scene) => write(scene, at, `net.ipv6.conf.${at.item.name}.disable_ipv6`, '1')),
  turnForwarding: act(namespaces, (at, scene) => {
    const key = scene.how % 2 === 0 ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding';
    write(scene, at, key, scene.how % 4 < 2 ? '1' : '0');
  }),
  deleteNetns: act(named, ({ netns }, { machine }) => machine.remove(netns.name)),
  emptyNetns: act(named, ({ netns }, { machine }) => {
    machine.remove(netns.name);
    machine.create(netns.name, () => {});
  }),
  dropClaim: act(named, (at, scene) =>
    request(scene, at, (to) => {
      if (scene.how % 2 === 0) to.linkSet(null, 1, { alias: '' });
      for (const claim of at.netns.claims) to.altnameDelete(null, 1, claimName(claim));
    }),
  ),
};
