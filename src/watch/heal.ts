// Heals: reads again only what events named, compares it with what is wanted there, and mends it at once. The diff, the
// plan and the apply are those of a whole pass; only their share of the network is smaller.
import type { Machine } from '../kernel/machine.ts';
import { observeParts, type Part } from '../kernel/observe-part.ts';
import type { Applied } from '../reconcile/applied.ts';
import { apply } from '../reconcile/apply.ts';
import { diff } from '../reconcile/diff.ts';
import { type Difference, keyOf, type Outcome } from '../reconcile/difference.ts';
import { plan } from '../reconcile/plan.ts';
import { type Route, routeKey } from '../state/route.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import type { DesiredIndex } from './desired-index.ts';
import type { Dirt, NamespaceDirt } from './dirt.ts';

export interface HealOptions {
  readonly applied: Applied;
  readonly adopt: boolean;
  /** Items that are to be left alone for now. */
  readonly holds: (difference: Difference) => boolean;
}

/** Steps may make others possible, and the kernel may take things along: so often is read again. */
const ROUNDS = 4;

/** Mends what is dirty; returns what became of every difference found, the last word on each. */
export function heal(machine: Machine, index: DesiredIndex, dirt: Dirt, options: HealOptions): Outcome[] {
  for (const name of machine.refresh()) dirt.whole(name, 'the namespace was deleted');
  widen(machine, dirt);
  const shares = dirt.entries();
  const desired = index.restrict(shares);
  const partial = new Set([...shares].filter(([, share]) => !share.whole).map(([name]) => name));
  const isRead = [...shares.values()].some(
    (share) => share.whole || share.devices.size > 0 || share.ownSysctls,
  );
  const results = new Map<string, Outcome>();
  for (let round = 1; round <= ROUNDS; round++) {
    const observed = observeParts(machine, partsOf(index, shares), (netns, dev) => index.peerOf(netns, dev));
    const found = diff(desired, observed, { adopt: options.adopt, applied: options.applied, partial });
    const explained = found.differences.map((difference) => explain(difference, shares));
    const due = explained.filter((difference) => !options.holds(difference) && !difference.conflict);
    const keys = new Set(due.map(keyOf));
    for (const [key, outcome] of results) {
      if (outcome.outcome === 'done' && keys.has(key))
        results.set(key, { ...outcome, outcome: 'failed', reason: 'it did not stay' });
    }
    if (due.length === 0 || due.every((difference) => results.get(keyOf(difference))?.outcome === 'failed'))
      break;
    const steps = plan(due, desired, observed);
    for (const outcome of apply(machine, steps, desired, observed, {
      combine: round === 1,
      onStep: () => {},
    })) {
      results.set(keyOf(outcome.difference), outcome);
    }
    // Where only routes were told of, the kernel's answer is proof enough.
    if (!isRead) break;
  }
  return [...results.values()];
}

/** A namespace that is not there is wanted whole, and so are the ends of its veths elsewhere. */
function widen(machine: Machine, dirt: Dirt): void {
  for (const [name, share] of [...dirt.entries()]) {
    if (!share.whole && machine.namespace(name) === null) dirt.whole(name, 'the namespace was deleted');
  }
}

function partsOf(index: DesiredIndex, shares: ReadonlyMap<string, NamespaceDirt>): Map<string, Part> {
  const parts = new Map<string, Part>();
  for (const [name, share] of shares) {
    const wanted = index.at(name);
    const ofDevices = [...share.devices.keys()].flatMap((dev) => wanted?.sysctlsByDevice.get(dev) ?? []);
    const sysctls = share.whole
      ? [...(wanted?.desired.sysctls.keys() ?? [])]
      : [...ofDevices, ...(share.ownSysctls ? (wanted?.ownSysctls ?? []) : [])].map(({ key }) => key);
    parts.set(name, {
      whole: share.whole,
      devices: share.devices,
      routes: [...share.routes.values()].flat(),
      sysctls,
    });
  }
  return parts;
}

/** Puts to a difference what events told of its cause. */
function explain(difference: Difference, shares: ReadonlyMap<string, NamespaceDirt>): Difference {
  const dirt = shares.get(difference.netns);
  if (dirt === undefined || difference.class !== 'drift') return difference;
  const { causes } = dirt;
  const dev = deviceOf(difference);
  const ofRoute =
    difference.kind === 'route'
      ? causes.get(routeKey((difference.desired ?? difference.observed) as Route))
      : undefined;
  const cause = difference.cause ?? ofRoute ?? causes.get('') ?? (dev === null ? undefined : causes.get(dev));
  return cause === undefined ? difference : { ...difference, cause };
}

function deviceOf(difference: Difference): string | null {
  switch (difference.kind) {
    case 'netns':
      return null;
    case 'link':
      return (difference.desired ?? difference.observed)!.name;
    case 'sysctl':
      return parseDeviceSysctl((difference.desired ?? difference.observed)!.key)?.dev ?? null;
    default:
      return (difference.desired ?? difference.observed)!.dev;
  }
}
