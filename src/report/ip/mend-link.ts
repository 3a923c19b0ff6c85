// The commands that would mend a link: create, change, delete, and delete and create where no setting does it.
import type { DesiredLink, ObservedLink } from '../../state/link.ts';
import { hasSettings, sameSettings, whyAnotherLink } from '../../state/link-kind.ts';
import { linkGroup, ownerAlias } from '../../state/mark.ts';
import type { DesiredNetwork } from '../../state/network.ts';
import { kindWords } from './kind-words.ts';
import { addLink, bridgeWords, deleteLink, settleLink, switchLink } from './link.ts';
import { ip } from './shell.ts';

/** The commands of a link's difference; what its pair shares is left out where the other end had it. */
export function linkCommands(
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
  return changeLink(network, netns, desired, observed);
}

/** Of the links that nobody makes, `lo` comes with its namespace, and is then to be set. */
function create(network: DesiredNetwork, netns: string, link: DesiredLink, pairs: Set<string>): string[] {
  const born = addLink(network, netns, link);
  if (born === null)
    return link.name === 'lo' ? [...settleLink(network, netns, link), ...switchLink(netns, link)] : [];
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
  if (hasSettings(spec))
    return observed.settings === null || whyAnotherLink(spec, observed.settings) !== null;
  if (spec.kind !== 'veth') return false;
  return (
    observed.peer === null || observed.peer.netns !== spec.peer.netns || observed.peer.name !== spec.peer.name
  );
}

function changeLink(
  network: DesiredNetwork,
  netns: string,
  desired: DesiredLink,
  observed: ObservedLink,
): string[] {
  const { spec } = desired;
  const ours = spec.kind !== 'existing';
  const words: (string | number)[] = [];
  if (desired.mac !== null && desired.mac !== observed.mac) words.push('address', desired.mac);
  if (desired.mtu !== null && desired.mtu !== observed.mtu) words.push('mtu', desired.mtu);
  if (desired.master !== null && desired.master !== observed.master) words.push('master', desired.master);
  if (desired.master === null && ours && observed.master !== null) words.push('nomaster');
  if (ours && observed.alias !== ownerAlias(network.name)) words.push('alias', ownerAlias(network.name));
  if (ours && observed.group !== linkGroup(network.name)) words.push('group', linkGroup(network.name));
  if (desired.up !== null && desired.up !== observed.up) words.push(desired.up ? 'up' : 'down');
  const lines = words.length === 0 ? [] : [ip(netns, 'link', 'set', 'dev', desired.name, ...words)];
  if (spec.kind === 'bridge' && observed.bridge !== null) {
    const { stp, vlanFiltering } = observed.bridge;
    if (stp !== spec.stp || vlanFiltering !== spec.vlanFiltering) {
      const settings = bridgeWords(spec, stp !== spec.stp, vlanFiltering !== spec.vlanFiltering);
      lines.push(ip(netns, 'link', 'set', 'dev', desired.name, 'type', 'bridge', ...settings));
    }
  }
  if (hasSettings(spec) && observed.settings !== null && !sameSettings(spec, observed.settings)) {
    const words = ['type', spec.kind, ...kindWords(spec, false)];
    lines.push(ip(netns, 'link', 'set', 'dev', desired.name, ...words));
  }
  return lines;
}
