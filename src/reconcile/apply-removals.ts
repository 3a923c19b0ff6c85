// Deletes what is extra in a namespace, in the reverse of the order it was needed in. The kernel itself guards routes;
// the marks of addresses, neighbours and links are read once more right before.
import { readAddresses, readLinks, readNeighbours } from '../kernel/observe.ts';
import { addressKey } from '../state/address.ts';
import { defaultMtu } from '../state/link.ts';
import { neighbourKey } from '../state/neighbour.ts';
import { deleteAddress, isIpv4On } from './apply-addresses.ts';
import { takenByAddress } from './collateral.ts';
import type { Outcomes } from './outcomes.ts';
import { isFallback } from './ownership.ts';
import type { Step } from './plan.ts';
import { putBack } from './put-back.ts';
import type { Site } from './site.ts';

/** Flips a group's number into that of the links to be deleted: a whole group goes as quickly as one link. */
const CONDEMNED = 0x20000000;

export function carryOutRemovals(site: Site, steps: readonly Step[], outcomes: Outcomes): void {
  const { requests } = site;
  const links = steps.filter((step) => step.difference.kind === 'link');
  const guarded = steps.some(
    (step) => step.difference.kind === 'address' || step.difference.kind === 'neighbour',
  );
  const still = guarded ? marksNow(site) : null;
  for (const step of steps) {
    const { difference } = step;
    if (difference.observed === null) continue;
    switch (difference.kind) {
      case 'route':
        requests.routeDelete(step, difference.observed, difference.observed.protocol, site.indexOf);
        break;
      case 'fdb':
        requests.fdbDelete(step, difference.observed, site.indexOf(difference.observed.dev));
        break;
      case 'neighbour':
        if (!still?.has(neighbourKey(difference.observed)))
          outcomes.skip(step, 'it is no longer ours to delete');
        else requests.neighbourDelete(step, difference.observed, site.indexOf(difference.observed.dev));
        break;
      case 'address': {
        const { observed } = difference;
        if (!still?.has(addressKey(observed))) {
          outcomes.skip(step, 'it is no longer ours to delete');
          break;
        }
        const others = site.desired.addresses.some((address) => isIpv4On(address, observed.dev));
        site.take(takenByAddress(site.observed, observed, others));
        deleteAddress(site, step, observed);
        break;
      }
    }
  }
  requests.flush();
  putBack(site, steps);
  if (links.length > 0) deleteLinks(site, links);
}

/** The identities of addresses and neighbours that are extra at this moment. */
function marksNow(site: Site): ReadonlySet<string> {
  const names = new Map(readLinks(site.netns).map((link) => [link.ifindex, link.name]));
  const nameOf = (ifindex: number): string | null => names.get(ifindex) ?? null;
  const keys = new Set<string>();
  for (const address of readAddresses(site.netns, nameOf)) {
    if (site.ownership.isExtraAddress(address)) keys.add(addressKey(address));
  }
  for (const neighbour of readNeighbours(site.netns, nameOf)) {
    if (site.ownership.isExtraNeighbour(neighbour)) keys.add(neighbourKey(neighbour));
  }
  return keys;
}

/**
 * Deletes extra links with as few requests as can be: one by one they cost 16 ms each. Where they are all that bears
 * our group, the group goes; else they are moved into a group of their own, and deleted with it, in the same send.
 */
export function deleteLinks(site: Site, steps: readonly Step[]): void {
  const { requests, ownership } = site;
  const standing = new Map(readLinks(site.netns).map((link) => [link.name, link]));
  const doomed: Doomed[] = [];
  for (const step of steps) {
    const observed = step.difference.kind === 'link' ? step.difference.observed : null;
    const link = observed === null ? undefined : standing.get(observed.name);
    if (link === undefined || observed === null || link.ifindex !== observed.ifindex) continue; // its peer took it along
    if (ownership.isExtraLink({ ...observed, group: link.group, alias: link.alias }))
      doomed.push({ step, ifindex: link.ifindex });
  }
  if (doomed.length === 0) return;
  const ours = [...standing.values()].filter((link) => link.group === ownership.group);
  const doomedIndexes = new Set(doomed.map(({ ifindex }) => ifindex));
  if (ours.length === doomed.length && ours.every((link) => doomedIndexes.has(link.ifindex))) {
    requests.linkDeleteGroup(
      doomed.map(({ step }) => step),
      ownership.group,
    );
    requests.flush();
    letGo(site, doomed);
    return;
  }
  const chunk = site.netns.socket.batchLimit - 1;
  for (let from = 0; from < doomed.length; from += chunk) {
    const part = doomed.slice(from, from + chunk);
    for (const { step, ifindex } of part)
      requests.linkSet(step, ifindex, { group: ownership.group ^ CONDEMNED });
    requests.linkDeleteGroup(
      part.map(({ step }) => step),
      ownership.group ^ CONDEMNED,
    );
    requests.flush();
  }
  letGo(site, doomed);
}

/** A tunnel that the kernel made by itself outlives its deletion: it goes back to how the kernel made it. */
function letGo(site: Site, doomed: readonly Doomed[]): void {
  for (const { step, ifindex } of doomed) {
    const { difference } = step;
    if (difference.kind !== 'link' || !isFallback(difference.observed!.name)) continue;
    const kept = { up: false, group: 0, alias: '' };
    const mtu = difference.observed!.kind === 'ipip' ? { mtu: defaultMtu('ipip') } : {};
    // Refused where it was no such tunnel and is gone.
    site.requests.linkSet(null, ifindex, { ...kept, ...mtu });
  }
  site.requests.flush();
}

interface Doomed {
  readonly step: Step;
  readonly ifindex: number;
}
