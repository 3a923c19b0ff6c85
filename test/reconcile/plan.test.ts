import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOTHING_APPLIED } from '../../src/reconcile/applied.ts';
import { diff } from '../../src/reconcile/diff.ts';
import { differenceKey } from '../../src/reconcile/difference.ts';
import { type Plan, plan, type Step } from '../../src/reconcile/plan.ts';
import { parseIp } from '../../src/state/ip.ts';
import type { DesiredNetwork, ObservedNetwork } from '../../src/state/network.ts';
import type { Route } from '../../src/state/route.ts';
import { asObserved, changed, desire, done, twoHosts } from './networks.ts';

const nothing: ObservedNetwork = { namespaces: new Map(), freshSysctls: new Map() };

function planFor(desired: DesiredNetwork, observed: ObservedNetwork, adopt = false): Plan {
  const { differences } = diff(desired, observed, { adopt, applied: NOTHING_APPLIED });
  return plan(differences, desired, observed);
}

const told = ({ action, stage, difference }: Step): string =>
  `${stage} ${action} ${difference.netns} ${difference.kind} ${differenceKey(difference)}`;

/** Where the first step that a pattern fits stands; raises where none does. */
function position(steps: readonly string[], pattern: RegExp): number {
  const at = steps.findIndex((step) => pattern.test(step));
  if (at < 0) throw new Error(`no step is ${pattern}`);
  return at;
}

describe('plan', () => {
  it('is empty where nothing differs', () => {
    const desired = desire(twoHosts);
    expect(planFor(desired, done(desired))).toEqual({ steps: [], conflicts: [] });
  });

  it('makes things in the order they need each other', () => {
    const steps = planFor(desire(twoHosts), nothing).steps.map(told);
    const order = [
      /create host0 netns host0/,
      /host0 sysctl net.ipv4.ip_forward/,
      /create host0 link up0/,
      /host0 sysctl net.ipv4.conf.veth0/,
      /create host0 address up0/,
      /create host0 route 10.20.1.2\/32/, // by a device
      /create host0 route 10.20.1.3\/32/, // through a gateway
    ].map((pattern) => position(steps, pattern));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const inside = [/ns1 neighbour eth0 169.254.1.1/, /ns1 route 169.254.1.1\/32/, /ns1 route default/].map(
      (p) => position(steps, p),
    );
    expect(inside).toEqual([...inside].sort((a, b) => a - b));
  });

  it('has every difference in one step or among the conflicts', () => {
    const desired = desire(twoHosts);
    const observed = changed(done(desired), 'host0', ({ routes, addresses }) => ({
      routes: routes.slice(1),
      addresses: addresses.map((address) => ({ ...address, scope: 200 })),
    }));
    const { differences } = diff(desired, observed, { adopt: false, applied: NOTHING_APPLIED });
    const { steps, conflicts } = plan(differences, desired, observed);
    const planned = [...steps.map((step) => step.difference), ...conflicts];
    expect(planned).toHaveLength(differences.length);
    expect(new Set(planned)).toEqual(new Set(differences));
  });

  it('has no step for a conflict, and one once it is adopted', () => {
    const desired = desire(twoHosts);
    const observed = changed(done(desired), 'host0', ({ addresses }) => ({
      addresses: addresses.map((address) => ({ ...address, scope: 200, protocol: 0 })),
    }));
    const strict = planFor(desired, observed);
    expect(strict.steps).toEqual([]);
    expect(strict.conflicts.length).toBeGreaterThan(0);
    const adopting = planFor(desired, observed, true);
    expect(adopting.conflicts).toEqual([]);
    expect(adopting.steps.map((step) => step.action)).toEqual(strict.conflicts.map(() => 'recreate'));
  });

  it('removes in reverse: routes through a gateway, routes by a device, addresses, links, namespaces last', () => {
    const items = (rest: string): string =>
      `name: one\nnetns:\n  keep: {}\n  box:\n    manage: owned\n${rest}`;
    const full = desire(
      items(`    links: { br0: { kind: bridge, addresses: [10.0.0.1/24], neighbours: [{ dst: 10.0.0.2, mac: 02:00:00:00:00:02 }] } }
    routes: [{ dst: 10.1.0.0/16, via: 10.0.0.9, dev: br0 }, { dst: 10.2.0.0/16, dev: br0 }]
`),
    );
    const steps = planFor(desire(items('    links: { br1: { kind: bridge } }\n')), done(full)).steps.map(
      told,
    );
    const order = [
      /create box link br1/,
      /delete box route 10.1.0.0/,
      /delete box route 10.2.0.0/,
      /delete box neighbour/,
      /delete box address/,
      /delete box link br0/,
    ].map((pattern) => position(steps, pattern));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    const gone = planFor({ ...full, namespaces: new Map() }, done(full)).steps;
    expect(gone.map((step) => [step.stage, step.action])).toEqual([
      ['farewells', 'delete'],
      ['farewells', 'delete'],
    ]);
  });

  it('deletes a link that stands in a new one’s way before it makes that one', () => {
    const box = (links: string): string => `name: one\nnetns: { box: { links: ${links} } }\n`;
    const pair = desire(box('{ a: { kind: veth, peer: { name: b } } }'));
    const steps = planFor(desire(box('{ b: { kind: bridge } }')), done(pair)).steps.map(told);
    expect(position(steps, /delete box link a$/)).toBeLessThan(position(steps, /box link b$/));
  });

  it('does not depend on the order of the differences but for those of equal rank', () => {
    const desired = desire(twoHosts);
    const { differences } = diff(desired, nothing, { adopt: false, applied: NOTHING_APPLIED });
    const stagesOf = (steps: readonly Step[]): string[] => steps.map((step) => step.stage);
    const expected = stagesOf(plan(differences, desired, nothing).steps);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...differences], {
          minLength: differences.length,
          maxLength: differences.length,
        }),
        (shuffled) => {
          expect(stagesOf(plan(shuffled, desired, nothing).steps)).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('says what of others a step takes along', () => {
    const box = (links: string): DesiredNetwork =>
      desire(`name: one\nnetns: { box: { manage: owned, links: { ${links} } } }\n`);
    const before = box('br0: { kind: bridge, addresses: [10.0.0.1/24] }');
    const theirs: Route = {
      ...{ dst: parseIp('10.7.0.0')!, dstLength: 16, table: 254, metric: 0, type: 1, scope: 253 },
      ...{ via: null, dev: 'br0', src: null, mtu: 0, onlink: false, nexthops: null },
    };
    const observed = changed(done(before), 'box', () => ({ routes: [asObserved(theirs, 4)] }));
    const steps = planFor(box('br1: { kind: bridge }'), observed).steps;
    const step = steps.find((one) => told(one).endsWith('delete box link br0'));
    expect(step?.notes).toEqual([expect.stringContaining('1 route')]);
  });
});
