// The commands that would mend differences, for people who mend by hand. Each difference has its own; what two
// differences share (the two ends of a veth) stands with the first, so that all of them in order mend all.
import type { Difference } from '../../reconcile/difference.ts';
import { familyOf } from '../../state/ip.ts';
import { type DesiredNetwork, type ObservedNamespace, SELF } from '../../state/network.ts';
import { changedFields, wantedLink } from '../sides.ts';
import {
  addAddress,
  addRoute,
  changeAddress,
  deleteAddress,
  deleteFdbEntry,
  deleteNeighbour,
  deletePrimary,
  deleteRoute,
  replaceFdbEntry,
  replaceNeighbour,
  replaceRoute,
  writeSysctl,
} from './item.ts';
import { addNamespace, claimNamespace, deleteNamespace, unclaimNamespace } from './link.ts';
import { linkCommands } from './mend-link.ts';

/**
 * For each difference, in the same order, its commands one a line; null where no command would mend it, and for a
 * conflict: what is not ours is overwritten by who decides so, not by who pipes a report to a shell.
 */
export function mendingCommands(
  network: DesiredNetwork,
  differences: readonly Difference[],
): (string | null)[] {
  const pairs = new Set<string>();
  return differences.map((difference) => {
    const lines = difference.conflict ? [] : commandsFor(network, difference, pairs);
    return lines.length === 0 ? null : lines.join('\n');
  });
}

function commandsFor(network: DesiredNetwork, difference: Difference, pairs: Set<string>): string[] {
  const { netns } = difference;
  switch (difference.kind) {
    case 'netns':
      return namespaceCommands(network, netns, difference.desired !== null, difference.observed);
    case 'link':
      return linkCommands(network, netns, wantedLink(difference), difference.observed, pairs);
    case 'address': {
      const { desired, observed } = difference;
      if (desired === null) return observed === null ? [] : [deleteAddress(netns, observed)];
      if (observed === null) return [addAddress(netns, desired)];
      const changes = changedFields(difference);
      const inPlace =
        familyOf(desired.address) === 6 && changes.every((change) => change.field === 'noprefixroute');
      if (inPlace) return [changeAddress(netns, desired)];
      // Where no field differs, the order does: this primary's deletion alone would take along those it is to come behind.
      const deletion =
        changes.length === 0 ? deletePrimary(netns, observed) : [deleteAddress(netns, observed)];
      return [...deletion, addAddress(netns, desired)];
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
    case 'bgp':
      return [];
    case 'sysctl':
      return difference.desired === null ? [] : [writeSysctl(netns, difference.desired)];
  }
}

/** A namespace that nobody made is never deleted: only its claim is taken back. */
function namespaceCommands(
  network: DesiredNetwork,
  netns: string,
  wanted: boolean,
  observed: ObservedNamespace | null,
): string[] {
  if (observed === null) return wanted ? addNamespace(network, netns) : [];
  if (!wanted && observed.madeBy === network.name) return netns === SELF ? [] : [deleteNamespace(netns)];
  const claimed = observed.claims
    .filter((claim) => claim.topology === network.name)
    .map((claim) => claim.protocol);
  const stale = claimed.filter((protocol) => !wanted || protocol !== network.protocol);
  const lines = stale.map((protocol) => unclaimNamespace(network, netns, protocol));
  if (wanted && !claimed.includes(network.protocol)) lines.push(claimNamespace(network, netns));
  return lines;
}
