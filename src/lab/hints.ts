// What a newcomer can try in a lab: a few commands that work as printed, made of the topology's own names.

import { ip, quote } from '../report/ip/shell.ts';
import { formatIp, type Ip } from '../state/ip.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { formatRouteKey } from '../state/route.ts';
import { addressIn, type Endpoint, sharedFamily } from '../trace/endpoint.ts';
import { LAB_LOG } from './room.ts';

/** The hints, a title and indented commands; ends in a newline. */
export function formatHints(network: DesiredNetwork, endpoints: readonly Endpoint[], file: string): string {
  const names = [...network.namespaces.keys()];
  const shown = names.length > 12 ? [...names.slice(0, 12), '…'] : names;
  const lines = [
    `You are in a lab of its own, as root. Namespaces: ${shown.join(', ')}.`,
    `A watch mends what you break; what it does: tail -f ${LAB_LOG}`,
    'Try:',
  ];
  for (const [command, comment] of commands(network, endpoints, file))
    lines.push(comment === '' ? `  ${command}` : `  ${command}   # ${comment}`);
  return `${lines.join('\n')}\n`;
}

type Hint = readonly [command: string, comment: string];

function commands(network: DesiredNetwork, endpoints: readonly Endpoint[], file: string): Hint[] {
  const path = quote(file);
  const hints: Hint[] = [];
  const [from, to] = [endpoints[0], endpoints.at(-1)];
  if (from !== undefined && to !== undefined && from !== to && from.netns !== null) {
    const address = sharedAddress(from, to);
    if (address !== null)
      hints.push([`ip netns exec ${quote(from.netns)} ping -c 3 ${formatIp(address)}`, '']);
    hints.push([`calico-reconcile trace ${path} ${quote(from.name)} ${quote(to.name)}`, 'why it works']);
  }
  const victim = routeToBreak(network);
  if (victim !== null) {
    hints.push([ip(victim.netns, 'route', 'delete', victim.dst), 'break it']);
    hints.push([ip(victim.netns, 'route'), 'and it is back']);
  }
  hints.push([`calico-reconcile verify ${path}`, 'who reaches whom'], ['exit', 'everything is gone']);
  return hints;
}

function sharedAddress(from: Endpoint, to: Endpoint): Ip | null {
  try {
    return addressIn(to, sharedFamily(from, to));
  } catch {
    return null;
  }
}

/** A route through another host: the one that shows best that it is mended. */
function routeToBreak(network: DesiredNetwork): { readonly netns: string; readonly dst: string } | null {
  for (const { name, routes } of network.namespaces.values()) {
    const route = routes.find(
      ({ via, dst, dstLength }) => via !== null && typeof dst === 'number' && dstLength > 0,
    );
    if (route !== undefined) return { netns: name, dst: formatRouteKey(route) };
  }
  return null;
}
