// Notes events in the dirt. The kernel announces some losses only by their cause (a link that went down takes its IPv4
// routes without a word), so an event can mean more than it names; what touches nothing wanted means nothing.
import type { LinkMessage } from '../kernel/codec/link.ts';
import type { Told } from '../kernel/monitor.ts';
import type { Difference } from '../reconcile/difference.ts';
import { neighbourKey, type ObservedNeighbour } from '../state/neighbour.ts';
import { type ObservedRoute, type Route, routeKey } from '../state/route.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import { byAuthor, byProtocol, type Cause, causeOf } from './cause.ts';
import type { DesiredIndex } from './desired-index.ts';
import { causeOfRoute, causeOfSysctls, type Dirt } from './dirt.ts';
import { changesOf } from './link-changes.ts';

export interface Notebook {
  readonly index: DesiredIndex;
  readonly dirt: Dirt;
  /** Whether what nobody declared is extra in a namespace, too. */
  readonly isFull: (netns: string) => boolean;
}

/** Takes in one event. */
export function note(book: Notebook, told: Told): void {
  const { netns, event, dev } = told;
  const { dirt } = book;
  const wanted = book.index.at(netns);
  if (wanted === null) return;
  switch (event.kind) {
    case 'link':
      noteLink(book, told, event.link, event.gone);
      return;
    case 'address':
      if (dev === null) return;
      dirt.device(netns, dev, event.gone && event.ipv4, byAuthor(event.gone ? 'deleted' : 'changed', told));
      // The kernel takes an address that goes out of IPv6 routes as their source, and says nothing.
      if (event.gone && !event.ipv4) for (const key of wanted.sourced) dirt.route(netns, key, null);
      return;
    case 'neighbour': {
      const { neighbour, gone } = event;
      if (!concerns(book, netns, neighbour)) return;
      // Before a permanent one is deleted, the kernel tells that it no longer is one, and by whom.
      const isDeleted = gone || !(neighbour.permanent || neighbour.proxy);
      dirt.device(netns, neighbour.dev, false, byAuthor(isDeleted ? 'deleted' : 'changed', told));
      return;
    }
    case 'fdb': {
      const isWanted = (wanted.devices.get(event.entry.dev)?.fdb.length ?? 0) > 0;
      if (!isWanted && !event.entry.stated) return;
      dirt.device(netns, event.entry.dev, false, byAuthor(event.gone ? 'deleted' : 'changed', told));
      return;
    }
    case 'route':
      noteRoute(book, told, event);
      return;
    case 'netconf':
      if (event.ifindex < 0) dirt.ownSysctls(netns);
      else if (dev !== null) {
        dirt.device(netns, dev, false, null);
        dirt.explain(netns, causeOfSysctls(dev), written);
      }
      return;
  }
}

/** A namespace went, and with it the far ends of its veths and what hung on them. */
export function noteVanished({ index, dirt }: Notebook, netns: string): void {
  const cause: Cause = causeOf('namespace-deleted', `namespace ${netns} was deleted`);
  const wanted = index.at(netns);
  if (wanted === null) return;
  dirt.whole(netns, cause);
  for (const { spec } of wanted.desired.links.values())
    if (spec.kind === 'veth') dirt.device(spec.peer.netns, spec.peer.name, true, cause);
}

/** What rested is to be looked at again. */
export function noteDifference({ dirt }: Notebook, difference: Difference): void {
  const { netns } = difference;
  switch (difference.kind) {
    case 'netns':
      dirt.whole(netns, null);
      return;
    case 'route':
      dirt.route(netns, routeKey((difference.desired ?? difference.observed) as Route), null);
      return;
    case 'link':
      dirt.device(netns, (difference.desired ?? difference.observed)!.name, true, null);
      return;
    case 'sysctl': {
      const device = parseDeviceSysctl((difference.desired ?? difference.observed)!.key);
      if (device === null || device.dev === 'all' || device.dev === 'default') dirt.ownSysctls(netns);
      else dirt.device(netns, device.dev, false, null);
      return;
    }
    case 'bgp':
      return; // told by the daemons, not by the kernel
    default:
      dirt.device(netns, (difference.desired ?? difference.observed)!.dev, false, null);
  }
}

const written: Cause = causeOf('sysctl-written', 'a sysctl was written');

function noteLink(book: Notebook, told: Told, link: LinkMessage, gone: boolean): void {
  const { netns, before } = told;
  const { dirt, index } = book;
  const changes = gone ? null : changesOf(before, link);
  if (changes !== null && !changes.any) return;
  if (link.ifindex === LOOPBACK_IFINDEX && changes?.marks) {
    dirt.whole(netns, causeOf('changed', "the namespace's marks were changed"));
  }
  if (before !== null && before.name !== link.name)
    dirt.device(netns, before.name, true, causeOf('link-changed', `link ${before.name} was renamed`));
  const cause = causeOfLink(before, link, changes);
  dirt.device(netns, link.name, gone || (changes?.deep ?? true), cause);
  if (changes?.sysctls) dirt.explain(netns, causeOfSysctls(link.name), written);
  const peer = gone ? index.peerOf(netns, link.name) : null;
  if (peer !== null) dirt.device(peer.netns, peer.name, true, cause);
}

/** The `lo` of every namespace. */
const LOOPBACK_IFINDEX = 1;

function causeOfLink(
  before: LinkMessage | null,
  link: LinkMessage,
  changes: ReturnType<typeof changesOf> | null,
): Cause | null {
  const { name } = link;
  if (changes === null) return causeOf('link-deleted', `link ${name} was deleted`);
  if (before?.up && !link.up) return causeOf('link-down', `link ${name} went down`);
  if (changes.settings.length === 0) return null;
  return causeOf('link-changed', `${changes.settings.join(' and ')} of link ${name} was set`);
}

/** Whether a neighbour is wanted, bears our mark, or is what nobody declared where that is extra. */
function concerns({ index, isFull }: Notebook, netns: string, neighbour: ObservedNeighbour): boolean {
  return (
    neighbour.protocol === index.network.protocol ||
    (neighbour.permanent && isFull(netns)) ||
    (index.at(netns)?.neighbours.has(neighbourKey(neighbour)) ?? false)
  );
}

function noteRoute(
  { index, dirt, isFull }: Notebook,
  told: Told,
  { route, gone, replaced }: { route: ObservedRoute; gone: boolean; replaced: boolean },
): void {
  const { netns } = told;
  const key = routeKey(route);
  const desired = index.at(netns)?.routeAt(key);
  const ours = route.protocol === index.network.protocol;
  if (desired === undefined && !ours && !(isFull(netns) && isHandMade(route))) return;
  const cause = gone
    ? byAuthor('deleted', told)
    : ours
      ? byAuthor('changed', told)
      : byProtocol(route.protocol);
  // IPv4 keeps several routes of one key, and which is in force only the kernel knows; IPv6 merges them into groups.
  const isSingle = typeof route.dst === 'number' || (desired?.nexthops ?? null) === null;
  const tellsAll = gone
    ? ours && isSingle
    : (replaced && typeof route.dst === 'number') || dirt.isTold(netns, key) || desired === undefined;
  if (!tellsAll) dirt.route(netns, key, cause);
  else if (gone) dirt.routeWent(netns, key, route);
  else dirt.routeCame(netns, key, route, replaced);
  dirt.explain(netns, causeOfRoute(key), cause);
}

/** RTPROT_BOOT and RTPROT_STATIC. */
function isHandMade(route: ObservedRoute): boolean {
  return route.protocol === 3 || route.protocol === 4;
}
