// The iproute2 (6.1) commands of links and namespaces, with the marks that make them ours.
import type { DesiredLink } from '../../state/link.ts';
import { claimName, linkGroup, ownerAlias } from '../../state/mark.ts';
import { type DesiredNetwork, SELF } from '../../state/network.ts';
import { kindWords, parentWords } from './kind-words.ts';
import { commandLine, ip } from './shell.ts';

type Word = string | number;

/** Creates a namespace and marks it: made and claimed by the topology. */
export function addNamespace(network: DesiredNetwork, netns: string): string[] {
  return [
    commandLine(['ip', 'netns', 'add', netns]),
    ip(netns, 'link', 'set', 'dev', 'lo', 'alias', ownerAlias(network.name)),
    claimNamespace(network, netns),
  ];
}

/** Claims a namespace for the topology. */
export function claimNamespace(network: DesiredNetwork, netns: string): string {
  return ip(netns, 'link', 'property', 'add', 'dev', 'lo', 'altname', claimNameOf(network, network.protocol));
}

/** Takes back the claim under a protocol number. */
export function unclaimNamespace(network: DesiredNetwork, netns: string, protocol: number): string {
  const name = claimNameOf(network, protocol);
  return ip(netns, 'link', 'property', 'del', 'dev', 'lo', 'altname', name);
}

export function deleteNamespace(netns: string): string {
  return commandLine(['ip', 'netns', 'del', netns]);
}

/** Creates a link, with a veth's other end; null for an existing link, which nothing here can create. */
export function addLink(network: DesiredNetwork, netns: string, link: DesiredLink): string | null {
  const { spec } = link;
  switch (spec.kind) {
    case 'existing':
      return null;
    case 'bridge':
      return ip(
        netns,
        'link',
        'add',
        ...birthWords(network, link.name, link),
        'type',
        'bridge',
        ...bridgeWords(spec, false, false),
      );
    case 'veth': {
      const far = network.namespaces.get(spec.peer.netns)?.links.get(spec.peer.name);
      const near = birthWords(network, link.name, link);
      const peer = birthWords(network, spec.peer.name, far);
      // The namespace the shell runs in has no name, so a pair that ends there is made from there.
      if (spec.peer.netns === SELF && netns !== SELF) {
        return ip(SELF, 'link', 'add', ...peer, 'type', 'veth', 'peer', ...near, 'netns', netns);
      }
      const elsewhere = spec.peer.netns === netns ? [] : ['netns', spec.peer.netns];
      return ip(netns, 'link', 'add', ...near, 'type', 'veth', 'peer', ...peer, ...elsewhere);
    }
    case 'dummy':
    case 'ifb':
      return ip(netns, 'link', 'add', ...birthWords(network, link.name, link), 'type', spec.kind);
    default: {
      const birth = [...parentWords(spec), ...birthWords(network, link.name, link)];
      return ip(netns, 'link', 'add', ...birth, 'type', spec.kind, ...kindWords(spec, true));
    }
  }
}

/** What a link gets once it exists and before it is up: its alias and its bridge. */
export function settleLink(network: DesiredNetwork, netns: string, link: DesiredLink): string[] {
  const words: Word[] = [];
  if (link.spec.kind !== 'existing') words.push('alias', ownerAlias(network.name));
  else words.push(...birthSettings(link));
  if (link.master !== null) words.push('master', link.master);
  return words.length === 0 ? [] : [ip(netns, 'link', 'set', 'dev', link.name, ...words)];
}

/** Sets a link up or down, where the topology says which. */
export function switchLink(netns: string, link: DesiredLink): string[] {
  return link.up === null ? [] : [ip(netns, 'link', 'set', 'dev', link.name, link.up ? 'up' : 'down')];
}

export function deleteLink(netns: string, name: string): string {
  return ip(netns, 'link', 'del', 'dev', name);
}

/** The words that set a bridge's own settings; one that is off is said only where it may be on (not every kernel knows it). */
export function bridgeWords(
  spec: DesiredLink['spec'],
  stpMayBeOn: boolean,
  filteringMayBeOn: boolean,
): Word[] {
  if (spec.kind !== 'bridge') return [];
  const words: Word[] = [];
  if (spec.stp || stpMayBeOn) words.push('stp_state', spec.stp ? 1 : 0);
  if (spec.vlanFiltering || filteringMayBeOn) words.push('vlan_filtering', spec.vlanFiltering ? 1 : 0);
  return words;
}

function birthWords(network: DesiredNetwork, name: string, link: DesiredLink | undefined): Word[] {
  const settings = link === undefined ? [] : birthSettings(link);
  return ['name', name, ...settings, 'group', linkGroup(network.name)];
}

function birthSettings(link: DesiredLink): Word[] {
  const words: Word[] = [];
  if (link.mac !== null) words.push('address', link.mac);
  if (link.mtu !== null) words.push('mtu', link.mtu);
  return words;
}

function claimNameOf(network: DesiredNetwork, protocol: number): string {
  return claimName({ topology: network.name, protocol });
}
