// Apply: carries out a plan, stage by stage and in each namespace by namespace. One failure costs one item: what does
// not depend on it goes through, and everything is told in the outcomes.
import type { Machine } from '../kernel/machine.ts';
import { readAddresses, readNeighbours } from '../kernel/observe.ts';
import { readRoutes } from '../kernel/observe-routes.ts';
import { Requests } from '../kernel/requests.ts';
import type { NetlinkSocket } from '../kernel/socket.ts';
import { groupBy } from '../state/group.ts';
import { claimName, ownerAlias } from '../state/mark.ts';
import type { DesiredNetwork, ObservedNetwork } from '../state/network.ts';
import { makeLinks } from './apply-links.ts';
import { carryOutRemovals, deleteLinks } from './apply-removals.ts';
import { carryOutSettings } from './apply-settings.ts';
import type { Outcome } from './difference.ts';
import { Outcomes, type Tag } from './outcomes.ts';
import type { Plan, Stage, Step } from './plan.ts';
import { putBackOnBridges } from './put-back.ts';
import { type KnownIndex, type Site, Sites } from './site.ts';
import { writeSysctls } from './write-sysctls.ts';

export interface ApplyOptions {
  /** Gather all settings of a link in one message: quick, but one that the kernel refuses costs them all. */
  readonly combine: boolean;
  readonly onStep: (step: Step, outcome: Outcome) => void;
  /** Called now and then: how many requests the kernel has answered, about as many as steps. */
  readonly onSent?: ((requests: number) => void) | undefined;
  /** The ifindex of a link where it is known without asking the kernel. */
  readonly knownIndex?: KnownIndex;
}

/** The `lo` of every namespace. */
const LOOPBACK_IFINDEX = 1;

export function apply(
  machine: Machine,
  plan: Plan,
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  options: ApplyOptions,
): Outcome[] {
  const outcomes = new Outcomes(options.onSent);
  const sites = new Sites(machine, desired, observed, outcomes, options.knownIndex);
  const results: Outcome[] = [];
  const tell = (steps: readonly Step[]): void => {
    for (const step of steps) {
      const outcome = outcomes.of(step);
      results.push(outcome);
      options.onStep(step, outcome);
    }
  };
  const stages = groupBy(plan.steps, ({ stage }) => stage);
  const ofStage = (stage: Stage): readonly Step[] => stages.get(stage) ?? [];

  const namespaces = ofStage('namespaces');
  for (const [name, steps] of groupBy(namespaces, netnsOf)) prepareNamespace(name, steps, sites, outcomes);
  tell(namespaces);

  const clearing = ofStage('clearing');
  for (const [site, steps] of atSites(clearing, sites, outcomes)) deleteLinks(site, steps);
  tell(clearing);

  const links = ofStage('links');
  const conflicts = new Set(
    plan.conflicts.filter((d) => d.kind === 'link').map((d) => `${d.netns} ${d.desired?.name}`),
  );
  makeLinks(atSites(links, sites, outcomes), sites, outcomes, conflicts);
  const settings = ofStage('settings');
  const settingsBySite = new Map(atSites(settings, sites, outcomes));
  for (const site of sites.opened()) {
    const steps = settingsBySite.get(site) ?? [];
    if (steps.length > 0 || site.born.length > 0) carryOutSettings(site, steps, outcomes, options.combine);
  }
  tell(links);
  tell(settings);

  const removals = ofStage('removals');
  for (const [site, steps] of atSites(removals, sites, outcomes)) carryOutRemovals(site, steps, outcomes);
  for (const site of sites.opened()) putBackOnBridges(site);
  tell(removals);

  const farewells = ofStage('farewells');
  sayFarewell(farewells, sites, outcomes);
  dropOldClaims(namespaces, sites);
  tell(farewells);
  return results;
}

function netnsOf({ difference }: Step): string {
  return difference.netns;
}

/** The steps of each namespace with its site; those of a namespace that is not there are skipped. */
function atSites(steps: readonly Step[], sites: Sites, outcomes: Outcomes): Array<[Site, Step[]]> {
  const placed: Array<[Site, Step[]]> = [];
  for (const [name, group] of groupBy(steps, netnsOf)) {
    const site = sites.at(name);
    if (site === null) outcomes.skip(group, `namespace ${name} does not exist`);
    else placed.push([site, group]);
  }
  return placed;
}

/** Makes or claims a namespace, then writes the sysctls that are the namespace's own. */
function prepareNamespace(name: string, steps: readonly Step[], sites: Sites, outcomes: Outcomes): void {
  const own = steps.find((step) => step.difference.kind === 'netns');
  if (own !== undefined) {
    try {
      const mark = (socket: NetlinkSocket, made: boolean): void => markNamespace(socket, sites.network, made);
      if (own.action === 'create') sites.machine.create(name, (socket) => mark(socket, true));
      else mark(sites.machine.namespace(name)!.socket, false);
    } catch (error) {
      outcomes.fail(own, error);
    }
  }
  const site = sites.at(name);
  const sysctls = steps.filter((step) => step !== own);
  if (site === null) outcomes.skip(sysctls, `namespace ${name} does not exist`);
  else writeSysctls(site, sysctls, outcomes);
}

/** Claims a namespace, and says on it that we made it. */
function markNamespace(socket: NetlinkSocket, network: DesiredNetwork, made: boolean): void {
  const refusals: Error[] = [];
  const requests = new Requests<null>(socket, (_tag, error) => refusals.push(error));
  if (made) requests.linkSet(null, LOOPBACK_IFINDEX, { alias: ownerAlias(network.name) });
  requests.altnameAdd(
    null,
    LOOPBACK_IFINDEX,
    claimName({ protocol: network.protocol, topology: network.name }),
  );
  requests.flush();
  if (refusals[0] !== undefined) throw refusals[0];
}

/** Deletes namespaces that we made; from others, that were there before us, only our claim goes. */
function sayFarewell(steps: readonly Step[], sites: Sites, outcomes: Outcomes): void {
  const made: Array<[Site, Step]> = [];
  for (const step of steps) {
    const site = sites.at(step.difference.netns);
    if (site === null) continue;
    if (site.observed.madeBy === sites.network.name) made.push([site, step]);
    else dropClaims(site, step, () => true);
  }
  // Those with most links first: deleting a host's ends takes the far ends out of the others in the same stroke.
  made.sort(([a], [b]) => b.observed.links.size - a.observed.links.size);
  for (const [site] of made) {
    site.requests.linkDeleteGroup(null, site.ownership.group);
    site.requests.flush();
  }
  // The names go last: while the kernel takes namespaces apart, changes of links wait.
  for (const [site, step] of made) {
    try {
      sites.machine.remove(site.name);
    } catch (error) {
      outcomes.fail(step, error);
    }
  }
}

/** Once everything bears the new number, the claims under old ones go; without them what still does would be foreign. */
function dropOldClaims(steps: readonly Step[], sites: Sites): void {
  const isOld = (protocol: number): boolean => protocol !== sites.network.protocol;
  for (const step of steps) {
    const site =
      step.difference.kind === 'netns' && step.action === 'change' ? sites.at(step.difference.netns) : null;
    const isClaimed = site?.observed.claims.some(
      (claim) => claim.topology === sites.network.name && isOld(claim.protocol),
    );
    if (site !== null && isClaimed && !bearsOldMarks(site)) dropClaims(site, step, isOld);
  }
}

/** Whether something still bears a number of ours that is not the one of today. */
function bearsOldMarks({ netns, ownership }: Site): boolean {
  const nameOf = (): null => null;
  const read = [readAddresses, readNeighbours, readRoutes] as const;
  return read.some((items) =>
    items(netns, nameOf).some((item) => ownership.owns(item) && !ownership.marksNow(item)),
  );
}

function dropClaims(site: Site, tag: Tag, isDropped: (protocol: number) => boolean): void {
  for (const claim of site.observed.claims) {
    if (claim.topology !== site.ownership.owner.topology || !isDropped(claim.protocol)) continue;
    site.requests.altnameDelete(tag, LOOPBACK_IFINDEX, claimName(claim));
  }
  site.requests.flush();
}
