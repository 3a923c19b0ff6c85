// A script of commands that builds a network from nothing, in an order in which each finds what it needs.
// It says what the tool does; unlike the tool it runs once, and not where any of it exists.
import type { BgpSpeaker } from '../../state/bgp.ts';
import { formatIp, formatPrefix } from '../../state/ip.ts';
import { type DesiredNamespace, type DesiredNetwork, SELF } from '../../state/network.ts';
import { type DesiredSysctl, parseDeviceSysctl } from '../../state/sysctl.ts';
import { addAddress, addRoute, replaceFdbEntry, replaceNeighbour, writeSysctl } from './item.ts';
import { addLink, addNamespace, claimNamespace, settleLink, switchLink } from './link.ts';
import { comment } from './shell.ts';

/** The script, for `sh`; ends in a newline. */
export function formatBuildScript(network: DesiredNetwork): string {
  const files = network.files.map((file) => file.name).join(', ');
  const sections: (readonly [string, string[]])[] = [
    ['namespaces', each(network, (namespace) => namespaceCommands(network, namespace))],
    ['sysctls', each(network, (namespace) => sysctls(namespace, (sysctl) => !isOfLink(namespace, sysctl)))],
    ['links', links(network)],
    [
      'sysctls of links',
      each(network, (namespace) => sysctls(namespace, (sysctl) => isOfLink(namespace, sysctl))),
    ],
    [
      'links up',
      each(network, ({ name, links }) => [...links.values()].flatMap((link) => switchLink(name, link))),
    ],
    [
      'addresses',
      each(network, ({ name, addresses }) => addresses.map((address) => addAddress(name, address))),
    ],
    ['neighbours', each(network, (namespace) => neighbourCommands(network, namespace))],
    ['routes', each(network, (namespace) => routeCommands(network, namespace))],
    ['routes of BGP', network.bgp.map(describeSpeaker)],
  ];
  const lines = ['#!/bin/sh', comment(`Builds ${network.name} from nothing, as ${files} has it.`), 'set -e'];
  for (const [title, commands] of sections)
    if (commands.length > 0) lines.push('', comment(title), ...commands);
  return `${lines.join('\n')}\n`;
}

/** What no command does: a BIRD has to run there. */
function describeSpeaker({ host, asn, announces, peers }: BgpSpeaker): string {
  const held = announces.map(({ address, length }) => formatPrefix(address, length)).join(' ');
  const met = peers.map(({ name, address }) => `${name} ${formatIp(address)}`).join(', ');
  return comment(`BIRD of ${host}, AS ${asn}, announces ${held || 'nothing'} to ${met || 'nobody'}`);
}

function each(network: DesiredNetwork, commands: (namespace: DesiredNamespace) => string[]): string[] {
  return [...network.namespaces.values()].flatMap(commands);
}

function namespaceCommands(network: DesiredNetwork, namespace: DesiredNamespace): string[] {
  return namespace.name === SELF ? [claimNamespace(network, SELF)] : addNamespace(network, namespace.name);
}

/** Every link, a veth pair once; then what needs all of them to exist: bridges and their ports. */
function links(network: DesiredNetwork): string[] {
  const made = new Set<string>();
  const births = each(network, (namespace) =>
    [...namespace.links.values()].flatMap((link) => {
      const peer = link.spec.kind === 'veth' ? link.spec.peer : null;
      if (peer !== null && made.has(`${peer.netns} ${peer.name}`)) return [];
      made.add(`${namespace.name} ${link.name}`);
      return addLink(network, namespace.name, link) ?? [];
    }),
  );
  const settings = each(network, (namespace) =>
    [...namespace.links.values()].flatMap((link) => settleLink(network, namespace.name, link)),
  );
  return [...births, ...settings];
}

function sysctls(namespace: DesiredNamespace, wanted: (sysctl: DesiredSysctl) => boolean): string[] {
  return [...namespace.sysctls.values()].filter(wanted).map((sysctl) => writeSysctl(namespace.name, sysctl));
}

function isOfLink(namespace: DesiredNamespace, sysctl: DesiredSysctl): boolean {
  const device = parseDeviceSysctl(sysctl.key);
  return device !== null && namespace.links.has(device.dev);
}

function neighbourCommands(network: DesiredNetwork, namespace: DesiredNamespace): string[] {
  const { name, neighbours, fdb } = namespace;
  return [
    ...neighbours.map((neighbour) => replaceNeighbour(name, neighbour, network.protocol)),
    ...fdb.map((entry) => replaceFdbEntry(name, entry)),
  ];
}

/** A gateway must be reachable when a route names it: routes without one come first. */
function routeCommands(network: DesiredNetwork, namespace: DesiredNamespace): string[] {
  const direct = namespace.routes.filter((route) => route.via === null && route.nexthops === null);
  const others = namespace.routes.filter((route) => route.via !== null || route.nexthops !== null);
  return [...direct, ...others].map((route) => addRoute(namespace.name, route, network.protocol));
}
