// Carries out what is made and changed in a namespace once its links are there: link settings and sysctls, up,
// addresses, neighbours, routes, in that order; then puts back what was taken along.
import { ipv4ConfNumber } from '../kernel/codec/devconf.ts';
import type { LinkChange } from '../kernel/codec/link.ts';
import { isNeighbourTableLeaf } from '../kernel/codec/neighbour-table.ts';
import { groupBy } from '../state/group.ts';
import type { DesiredLink } from '../state/link.ts';
import { parentOf } from '../state/link-kind.ts';
import { type ObservedRoute, type Route, routeKey } from '../state/route.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import { addAddress, changeAddress } from './apply-addresses.ts';
import { changeRoute } from './apply-routes.ts';
import { takenByMacChange } from './collateral.ts';
import type { Comparison } from './diff.ts';
import { compareLink } from './diff-links.ts';
import { depthOf } from './link-depth.ts';
import type { Outcomes } from './outcomes.ts';
import type { Step } from './plan.ts';
import { putBack } from './put-back.ts';
import type { Site } from './site.ts';
import { writeSysctls } from './write-sysctls.ts';

export function carryOutSettings(
  site: Site,
  steps: readonly Step[],
  outcomes: Outcomes,
  combine: boolean,
): void {
  setLinks(site, steps, outcomes, combine);
  const { requests } = site;
  let standing: ReadonlyMap<number | string, ObservedRoute[]> | null = null;
  for (const step of steps) {
    const { difference } = step;
    switch (difference.kind) {
      case 'address':
        if (!needs(site, step, outcomes, difference.desired!.dev)) break;
        if (difference.observed === null) addAddress(site, step, difference.desired!);
        else changeAddress(site, step, difference);
        break;
      case 'neighbour':
        if (!needs(site, step, outcomes, difference.desired!.dev)) break;
        requests.neighbourReplace(
          step,
          difference.desired!,
          site.indexOf(difference.desired!.dev),
          site.ownership.owner.protocol,
        );
        break;
      case 'fdb':
        if (!needs(site, step, outcomes, difference.desired!.dev)) break;
        requests.fdbAdd(step, difference.desired!, site.indexOf(difference.desired!.dev));
        break;
      case 'route': {
        const route = difference.desired!;
        if (!needsWays(site, step, outcomes, route)) break;
        if (difference.observed === null) {
          requests.routeAdd(step, route, site.ownership.owner.protocol, site.indexOf, 'exclusive');
        } else {
          standing ??= groupBy(site.observed.routes, routeKey);
          changeRoute(site, step, route, difference.observed, standing.get(routeKey(route)) ?? []);
        }
        break;
      }
    }
  }
  requests.flush();
  putBack(site, steps);
}

/** Whether the devices an item needs are there; where not, the step is skipped. */
function needs(site: Site, step: Step, outcomes: Outcomes, dev: string): boolean {
  if (site.indexOf(dev) !== 0) return true;
  outcomes.skip(step, `link ${dev} does not exist`);
  return false;
}

function needsWays(site: Site, step: Step, outcomes: Outcomes, { dev, nexthops }: Route): boolean {
  if (nexthops === null) return dev === null || needs(site, step, outcomes, dev);
  return nexthops.every((hop) => hop.dev === null || needs(site, step, outcomes, hop.dev));
}

/** What one link is to be told: what may go into one message, and what only /proc takes, before it comes up. */
class LinkSettings {
  readonly parts: Array<{ readonly change: LinkChange; readonly step: Step }> = [];
  readonly inProc: Step[] = [];
  up: { readonly up: boolean; readonly step: Step } | null = null;
}

function setLinks(site: Site, steps: readonly Step[], outcomes: Outcomes, combine: boolean): void {
  const settings = new Map<string, LinkSettings>();
  const of = (dev: string): LinkSettings => {
    const known = settings.get(dev) ?? new LinkSettings();
    settings.set(dev, known);
    return known;
  };
  for (const { link, step } of site.born)
    if (outcomes.isDone(step)) settleNewborn(site, link, step, of(link.name));
  site.born.length = 0;
  for (const step of steps) {
    if (step.difference.kind === 'link')
      gatherLinkChange(site, step, step.difference.desired!, of(step.difference.desired!.name));
    else if (step.difference.kind === 'sysctl')
      gatherSysctl(site, step, step.difference.desired!.key, of, outcomes);
  }
  // A link that stands on another can come up only when that is up.
  const inOrder = [...settings].sort(([a], [b]) => depthIn(site, a) - depthIn(site, b));
  for (const [dev, link] of inOrder) {
    const { parts } = link;
    if (link.up !== null && link.inProc.length === 0)
      parts.push({ change: { up: link.up.up }, step: link.up.step });
    if (parts.length === 0) continue;
    if (combine)
      site.requests.linkSet(
        parts.map((part) => part.step),
        site.indexOf(dev),
        mergeChanges(parts.map((part) => part.change)),
      );
    else for (const part of parts) site.requests.linkSet(part.step, site.indexOf(dev), part.change);
  }
  const inProc = [...settings.values()].flatMap((link) => link.inProc);
  if (inProc.length === 0) return;
  site.requests.flush();
  writeSysctls(site, inProc, outcomes);
  for (const [dev, { up, inProc: written }] of inOrder) {
    if (up !== null && written.length > 0) site.requests.linkSet(up.step, site.indexOf(dev), { up: up.up });
  }
}

function depthIn({ desired }: Site, dev: string): number {
  const link = desired.links.get(dev);
  return link === undefined ? 0 : depthOf(desired.links, link);
}

function mergeChanges(changes: readonly LinkChange[]): LinkChange {
  const ipv4Conf = new Map<number, number>();
  for (const change of changes)
    for (const [index, value] of change.ipv4Conf ?? []) ipv4Conf.set(index, value);
  return { ...Object.assign({}, ...changes), ipv4Conf };
}

/** A link just made bears its group, MAC and MTU already; one that came with its namespace gets what the file states. */
function settleNewborn(site: Site, link: DesiredLink, step: Step, settings: LinkSettings): void {
  const tell = (change: LinkChange): number => settings.parts.push({ change, step });
  if (link.spec.kind !== 'existing') tell({ alias: site.ownership.alias });
  else {
    if (link.mtu !== null) tell({ mtu: link.mtu });
    if (link.mac !== null) tell({ mac: link.mac });
  }
  if (link.master !== null) tell({ master: site.indexOf(link.master) });
  if (link.up === true) settings.up = { up: true, step };
}

function gatherLinkChange(site: Site, step: Step, link: DesiredLink, settings: LinkSettings): void {
  if (step.difference.kind !== 'link' || step.difference.observed === null) return;
  const comparison: Comparison = {
    desired: site.desired,
    observed: site.observed,
    ownership: site.ownership,
    appliedSysctls: [],
    freshSysctls: new Map(),
  };
  const delta = compareLink(link, step.difference.observed, comparison);
  if (delta === null) return;
  if (link.spec.kind !== 'existing') {
    settings.parts.push({ change: { group: site.ownership.group, alias: site.ownership.alias }, step });
  }
  if (delta.mtu !== undefined) {
    // One message sets the MTU before the master: the bridge that is left would take it, and lose IPv6 below 1280.
    const leaves = delta.master !== undefined && step.difference.observed.master !== null;
    if (leaves) site.requests.linkSet(step, site.indexOf(link.name), { master: 0 });
    settings.parts.push({ change: { mtu: delta.mtu }, step });
  }
  if (delta.mac !== undefined) {
    site.take(takenByMacChange(site.observed, link.name));
    settings.parts.push({ change: { mac: delta.mac }, step });
  }
  if (delta.master !== undefined) {
    settings.parts.push({ change: { master: delta.master === null ? 0 : site.indexOf(delta.master) }, step });
  }
  if (delta.bridge !== undefined) settings.parts.push({ change: { bridge: delta.bridge }, step });
  if (delta.settings !== undefined) {
    const parent = parentOf(delta.settings);
    const lower = parent === null ? 0 : site.indexOf(parent);
    settings.parts.push({ change: { settings: { to: delta.settings, lower } }, step });
  }
  if (delta.up !== undefined) settings.up = { up: delta.up, step };
}

function gatherSysctl(
  site: Site,
  step: Step,
  key: string,
  of: (dev: string) => LinkSettings,
  outcomes: Outcomes,
): void {
  const device = parseDeviceSysctl(key);
  if (step.difference.kind !== 'sysctl' || device === null) return;
  const { value } = step.difference.desired!;
  const ifindex = site.indexOf(device.dev);
  if (ifindex === 0) {
    outcomes.skip(step, `link ${device.dev} does not exist`);
    return;
  }
  const number = Number(value);
  if (device.table === 'neigh' && isNeighbourTableLeaf(device.leaf) && Number.isSafeInteger(number)) {
    site.requests.neighbourTableSet(step, device.family, ifindex, device.leaf, number);
    return;
  }
  const conf = device.family === 'ipv4' && device.table === 'conf' ? ipv4ConfNumber(device.leaf) : undefined;
  // Netlink skips what the handler in /proc does beside (large receive offload goes off with forwarding): that matters
  // on a real device only.
  const ours = site.desired.links.get(device.dev)?.spec.kind !== 'existing';
  if (conf !== undefined && ours && Number.isSafeInteger(number)) {
    of(device.dev).parts.push({ change: { ipv4Conf: new Map([[conf, number]]) }, step });
  } else {
    of(device.dev).inProc.push(step);
  }
}
