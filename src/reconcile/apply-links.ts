// Makes links: all that must be made anew are deleted first, then every new one is born in place, marked.
import type { DesiredLink } from '../state/link.ts';
import { parentOf } from '../state/link-kind.ts';
import { NOWHERE } from '../state/place.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import { takenByLink } from './collateral.ts';
import { depthOf } from './link-depth.ts';
import type { Outcomes } from './outcomes.ts';
import type { Step } from './plan.ts';
import type { Site, Sites } from './site.ts';

/** `conflicts` holds `NETNS NAME` of links that foreign ones keep from being made. */
export function makeLinks(
  groups: ReadonlyArray<[Site, readonly Step[]]>,
  sites: Sites,
  outcomes: Outcomes,
  conflicts: ReadonlySet<string>,
): void {
  if (groups.length === 0) return;
  for (const [site, steps] of groups) deleteOld(site, steps);
  const ends = new Map<string, Step>();
  for (const [site, steps] of groups) {
    for (const step of steps)
      if (step.difference.kind === 'link') ends.set(`${site.name} ${step.difference.desired!.name}`, step);
  }
  const paired = new Map<Step, Step>();
  for (const level of byDepth(groups)) {
    const born: Born[] = [];
    for (const [site, steps] of level) {
      const needsFirst = devicesWithIpv6(site);
      for (const step of steps) {
        if (step.difference.kind !== 'link' || paired.has(step)) continue;
        const link = step.difference.desired!;
        const far =
          link.spec.kind === 'veth' ? ends.get(`${link.spec.peer.netns} ${link.spec.peer.name}`) : undefined;
        if (far !== undefined) paired.set(far, step);
        makeLink(site, link, step, far ?? null, { sites, outcomes, conflicts, born, needsFirst });
      }
      site.requests.flush();
    }
    learnIndexes(born, outcomes);
  }
  for (const [far, near] of paired)
    if (!outcomes.isDone(near)) outcomes.skip(far, outcomes.of(near).reason ?? '');
}

/** Learns the ifindexes that new links were made with; where the kernel chose, or refused, it is asked. */
function learnIndexes(born: readonly Born[], outcomes: Outcomes): void {
  const unknown = new Set<Site>();
  for (const { site, name, ifindex, step } of born) {
    if (ifindex !== 0 && outcomes.isDone(step)) site.learn(name, ifindex);
    else unknown.add(site);
  }
  for (const site of unknown) site.rereadLinks();
}

/** The steps by how deep their links stand on others, the deepest last: what they stand on has an ifindex by then. */
function byDepth(groups: ReadonlyArray<[Site, readonly Step[]]>): Array<Array<[Site, Step[]]>> {
  const levels: Array<Array<[Site, Step[]]>> = [];
  for (const [site, steps] of groups) {
    for (const step of steps) {
      if (step.difference.kind !== 'link') continue;
      const depth = depthOf(site.desired.links, step.difference.desired!);
      while (levels.length <= depth) levels.push([]);
      const last = levels[depth]!.at(-1);
      if (last?.[0] === site) last[1].push(step);
      else levels[depth]!.push([site, [step]]);
    }
  }
  return levels;
}

/** Devices whose IPv6 sysctls must be written before they come up: the kernel begins its address detection at once. */
function devicesWithIpv6(site: Site): ReadonlySet<string> {
  const devices = new Set<string>();
  for (const key of site.desired.sysctls.keys()) {
    const device = parseDeviceSysctl(key);
    if (device?.family === 'ipv6' && device.table === 'conf') devices.add(device.dev);
  }
  return devices;
}

function deleteOld(site: Site, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.action !== 'recreate' || step.difference.kind !== 'link') continue;
    site.take(takenByLink(site.observed, step.difference.observed!.name));
    site.requests.linkDelete(step, step.difference.observed!.ifindex);
  }
  site.requests.flush();
}

interface Surroundings {
  readonly sites: Sites;
  readonly outcomes: Outcomes;
  readonly conflicts: ReadonlySet<string>;
  /** Links asked of the kernel. */
  readonly born: Born[];
  /** Devices that may not come up as they are made. */
  readonly needsFirst: ReadonlySet<string>;
}

/** One end of a link asked of the kernel; its ifindex is 0 where the kernel chooses. */
interface Born {
  readonly site: Site;
  readonly name: string;
  readonly ifindex: number;
  readonly step: Step;
}

function makeLink(site: Site, link: DesiredLink, step: Step, far: Step | null, around: Surroundings): void {
  const { sites, outcomes, conflicts, born, needsFirst } = around;
  const both = far === null ? [step] : [step, far];
  const { spec } = link;
  if (spec.kind === 'existing') {
    if (site.indexOf(link.name) !== 0)
      site.born.push({ link, step }); // the `lo` of a namespace just made
    else outcomes.skip(step, `link ${link.name} does not exist; it is waited for, never made`);
    return;
  }
  const { group } = site.ownership;
  const parent = parentOf(spec);
  const lower = parent === null ? 0 : site.indexOf(parent);
  if (parent !== null && lower === 0) {
    outcomes.skip(both, `link ${parent}, which it stands on, does not exist`);
    return;
  }
  const up = parent === null && !needsFirst.has(link.name);
  if (spec.kind !== 'veth') {
    const ifindex = site.reserveIndex(0);
    site.requests.linkAdd(step, { link, ifindex }, { group, peer: null, lower, up });
    site.born.push({ link, step });
    born.push({ site, name: link.name, ifindex, step });
    return;
  }
  const { netns, name } = spec.peer;
  const farSite = sites.at(netns);
  if (farSite === null || conflicts.has(`${netns} ${name}`)) {
    const why =
      farSite === null ? `namespace ${netns} does not exist` : `a foreign link ${name} stands in ${netns}`;
    outcomes.skip(both, `its other end cannot be made: ${why}`);
    return;
  }
  const farLink = farSite.desired.links.get(name) ?? plainEnd(site.name, link.name, name);
  const ifindex = site.reserveIndex(0);
  const peer = { link: farLink, ifindex: farSite.reserveIndex(ifindex), netnsFd: farSite.netns.fd };
  site.requests.linkAdd(both, { link, ifindex }, { group, peer, lower, up });
  site.born.push({ link, step });
  farSite.born.push({ link: farLink, step: far ?? step });
  born.push({ site, name: link.name, ifindex, step });
  born.push({ site: farSite, name, ifindex: peer.ifindex, step });
}

/** The far end of a veth that no file describes: up, with nothing on it. */
function plainEnd(peerNetns: string, peerName: string, name: string): DesiredLink {
  const spec = { kind: 'veth', peer: { netns: peerNetns, name: peerName } } as const;
  return { name, spec, up: true, mtu: null, mac: null, master: null, adopt: false, source: NOWHERE };
}
