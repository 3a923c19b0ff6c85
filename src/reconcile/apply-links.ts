// Makes links: all that must be made anew are deleted first, then every new one is born in place, marked.
import type { DesiredLink } from '../state/link.ts';
import { NOWHERE } from '../state/place.ts';
import { takenByLink } from './collateral.ts';
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
  const touched = new Set<Site>();
  const paired = new Map<Step, Step>();
  for (const [site, steps] of groups) {
    for (const step of steps) {
      if (step.difference.kind !== 'link' || paired.has(step)) continue;
      const link = step.difference.desired!;
      const far =
        link.spec.kind === 'veth' ? ends.get(`${link.spec.peer.netns} ${link.spec.peer.name}`) : undefined;
      if (far !== undefined) paired.set(far, step);
      makeLink(site, link, step, far ?? null, { sites, outcomes, conflicts, touched });
    }
    site.requests.flush();
  }
  for (const [far, near] of paired)
    if (!outcomes.isDone(near)) outcomes.skip(far, outcomes.of(near).reason ?? '');
  for (const site of touched) site.rereadLinks();
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
  /** Sites whose ifindexes are to be learnt anew. */
  readonly touched: Set<Site>;
}

function makeLink(site: Site, link: DesiredLink, step: Step, far: Step | null, around: Surroundings): void {
  const { sites, outcomes, conflicts, touched } = around;
  const both = far === null ? [step] : [step, far];
  const { spec } = link;
  if (spec.kind === 'existing') {
    if (site.indexOf(link.name) !== 0)
      site.born.push({ link, step }); // the `lo` of a namespace just made
    else outcomes.skip(step, `link ${link.name} does not exist; it is waited for, never made`);
    return;
  }
  const { group } = site.ownership;
  if (spec.kind !== 'veth') {
    site.requests.linkAdd(step, { link, ifindex: site.reserveIndex(0) }, { group, peer: null });
    site.born.push({ link, step });
    touched.add(site);
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
  site.requests.linkAdd(both, { link, ifindex }, { group, peer });
  site.born.push({ link, step });
  farSite.born.push({ link: farLink, step: far ?? step });
  touched.add(site).add(farSite);
}

/** The far end of a veth that no file describes: up, with nothing on it. */
function plainEnd(peerNetns: string, peerName: string, name: string): DesiredLink {
  const spec = { kind: 'veth', peer: { netns: peerNetns, name: peerName } } as const;
  return { name, spec, up: true, mtu: null, mac: null, master: null, adopt: false, source: NOWHERE };
}
