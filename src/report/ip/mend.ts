// The commands that would mend differences, for people who mend by hand. Each difference has its own; what two
// differences share (the two ends of a veth) stands with the first, so that all of them in order mend all.
import type { Difference } from '../../reconcile/difference.ts';
import { familyOf } from '../../state/ip.ts';
import { type DesiredLink, defaultMtu, type ObservedLink } from '../../state/link.ts';
import { type DesiredNetwork, SELF } from '../../state/network.ts';
import { changedFields } from '../item.ts';
import {
  addAddress,
  addRoute,
  changeAddress,
  deleteAddress,
  deleteFdbEntry,
  deleteNeighbour,
  deleteRoute,
  replaceFdbEntry,
  replaceNeighbour,
  replaceRoute,
  writeSysctl,
} from './item.ts';
import {
  addLink,
  addNamespace,
  bridgeWords,
  claimNamespace,
  deleteLink,
  deleteNamespace,
  settleLink,
  switchLink,
} from './link.ts';
import { ip } from './shell.ts';

/** For each difference, in the same order, its commands one a line; null where no command would mend it. */
export function mendingCommands(
  network: DesiredNetwork,
  differences: readonly Difference[],
): (string | null)[] {
  const pairs = new Set<string>();
  return differences.map((difference) => {
    const lines = commandsFor(network, difference, pairs);
    return lines.length === 0 ? null : lines.join('\n');
  });
}

function commandsFor(network: DesiredNetwork, difference: Difference, pairs: Set<string>): string[] {
  const { netns } = difference;
  switch (difference.kind) {
    case 'netns':
      if (difference.change === 'missing') return addNamespace(network, netns);
      if (difference.change === 'extra') return netns === SELF ? [] : [deleteNamespace(netns)];
      return [claimNamespace(network, netns)];
    case 'link':
      return linkCommands(network, netns, difference.desired, difference.observed, pairs);
    case 'address': {
      const { desired, observed } = difference;
      if (desired === null) return observed === null ? [] : [deleteAddress(netns, observed)];
      if (observed === null) return [addAddress(netns, desired)];
      const changes = changedFields(difference);
      const inPlace =
        familyOf(desired.address) === 6 && changes.every((change) => change.field === 'noprefixroute');
      if (inPlace) return [changeAddress(netns, desired)];
      return [deleteAddress(netns, observed), addAddress(netns, desired)];
    }
    case 'neighbour': {
      const { desired, observed } = difference;
      if (desired !== null) return [replaceNeighbour(netns, desired, network.protocol)];
      return observed === null ? [] : [deleteNeighbour(netns, observed)];
    }
    case 'fdb': {
      const { desired, observed } = difference;
      if (desired !== null) return [replaceFdbEntry(netns, desired)];
      return observed === null ? [] : [deleteFdbEntry(netns, observed)];
    }
    case 'route': {
      const { desired, observed } = difference;
      if (desired === null) return observed === null ? [] : [deleteRoute(netns, observed, observed.protocol)];
      if (observed === null) return [addRoute(netns, desired, network.protocol)];
      // An IPv6 replace touches only routes of its own sort (by gateway or by device), so it may leave the old one.
      if (familyOf(desired.dst) === 6) {
        return [deleteRoute(netns, observed, observed.protocol), addRoute(netns, desired, network.protocol)];
      }
      return [replaceRoute(netns, desired, network.protocol)];
    }
    case 'sysctl':
      return difference.desired === null ? [] : [writeSysctl(netns, difference.desired)];
  }
}

function linkCommands(
  network: DesiredNetwork,
  netns: string,
  desired: DesiredLink | null,
  observed: ObservedLink | null,
  pairs: Set<string>,
): string[] {
  if (desired === null) return observed === null ? [] : deleteOnce(netns, observed, pairs);
  if (observed === null) return create(network, netns, desired, pairs);
  if (isAnother(desired, observed)) {
    return [...deleteOnce(netns, observed, pairs), ...create(network, netns, desired, pairs)];
  }
  return change(netns, desired, observed);
}

function create(network: DesiredNetwork, netns: string, link: DesiredLink, pairs: Set<string>): string[] {
  const born = addLink(network, netns, link);
  if (born === null) return [];
  const first = isFirstEnd(netns, link.name, link.spec.kind === 'veth' ? link.spec.peer : null, 'add', pairs);
  return [...(first ? [born] : []), ...settleLink(network, netns, link), ...switchLink(netns, link)];
}

function deleteOnce(netns: string, link: ObservedLink, pairs: Set<string>): string[] {
  return isFirstEnd(netns, link.name, link.peer, 'del', pairs) ? [deleteLink(netns, link.name)] : [];
}

/** Whether no other end of this pair was met for the same verb. */
function isFirstEnd(
  netns: string,
  name: string,
  peer: { readonly netns: string; readonly name: string } | null,
  verb: string,
  pairs: Set<string>,
): boolean {
  if (peer !== null && pairs.has(`${verb} ${peer.netns} ${peer.name}`)) return false;
  pairs.add(`${verb} ${netns} ${name}`);
  return true;
}

/** What no setting turns into the other: another kind, another peer. */
function isAnother(desired: DesiredLink, observed: ObservedLink): boolean {
  const { spec } = desired;
  if (spec.kind === 'existing') return false;
  if (spec.kind !== observed.kind) return true;
  if (spec.kind !== 'veth') return false;
  return (
    observed.peer === null || observed.peer.netns !== spec.peer.netns || observed.peer.name !== spec.peer.name
  );
}

function change(netns: string, desired: DesiredLink, observed: ObservedLink): string[] {
  const { spec } = desired;
  const ours = spec.kind !== 'existing';
  const words: (string | number)[] = [];
  const mtu = desired.mtu ?? (ours ? defaultMtu(spec.kind) : null);
  if (desired.mac !== null && desired.mac !== observed.mac) words.push('address', desired.mac);
  if (mtu !== null && mtu !== observed.mtu) words.push('mtu', mtu);
  if (desired.master !== null && desired.master !== observed.master) words.push('master', desired.master);
  if (desired.master === null && ours && observed.master !== null) words.push('nomaster');
  if (desired.up !== null && desired.up !== observed.up) words.push(desired.up ? 'up' : 'down');
  const lines = words.length === 0 ? [] : [ip(netns, 'link', 'set', 'dev', desired.name, ...words)];
  if (spec.kind === 'bridge' && observed.bridge !== null) {
    const { stp, vlanFiltering } = observed.bridge;
    if (stp !== spec.stp || vlanFiltering !== spec.vlanFiltering) {
      const settings = bridgeWords(spec, stp !== spec.stp, vlanFiltering !== spec.vlanFiltering);
      lines.push(ip(netns, 'link', 'set', 'dev', desired.name, 'type', 'bridge', ...settings));
    }
  }
  return lines;
}
