import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Applied, NOTHING_APPLIED, recordApplied } from '../../src/reconcile/applied.ts';
import { diff } from '../../src/reconcile/diff.ts';
import { type Difference, differenceKey } from '../../src/reconcile/difference.ts';
import { parseIp } from '../../src/state/ip.ts';
import { linkGroup } from '../../src/state/mark.ts';
import type { DesiredNetwork, ObservedNamespace, ObservedNetwork } from '../../src/state/network.ts';
import { formatRouteKey, type Route } from '../../src/state/route.ts';
import { asObserved, changed, desire, done, twoHosts } from './networks.ts';

const desired = desire(twoHosts);
const observed = done(desired);
const applied = recordApplied(desired, null);

function differences(
  wanted: DesiredNetwork,
  found: ObservedNetwork,
  options: { readonly applied?: Applied; readonly adopt?: boolean } = {},
): readonly Difference[] {
  return diff(wanted, found, { adopt: false, applied, ...options }).differences;
}

const told = (list: readonly Difference[]): string[] =>
  list.map((one) => {
    const word = one.conflict ? 'conflict' : one.class;
    return `${word} ${one.change} ${one.netns} ${one.kind} ${differenceKey(one)}`;
  });

const host0 = (change: (netns: ObservedNamespace) => Partial<ObservedNamespace>): ObservedNetwork =>
  changed(observed, 'host0', change);

const isRoute = (key: string) => (route: Route) => formatRouteKey(route) === key;
const toNs1 = isRoute('10.20.1.3/32');

describe('diff', () => {
  it('finds nothing on a machine that is as desired', () => {
    expect(told(differences(desired, observed))).toEqual([]);
    expect(told(differences(desired, observed, { applied: NOTHING_APPLIED }))).toEqual([]);
  });

  it('finds everything missing, and pending, on an empty machine', () => {
    const empty = { namespaces: new Map(), freshSysctls: new Map() };
    const found = differences(desired, empty, { applied: NOTHING_APPLIED });
    const count = [...desired.namespaces.values()].reduce(
      (sum, { links, addresses, neighbours, routes, sysctls }) =>
        sum + 1 + links.size + addresses.length + neighbours.length + routes.length + sysctls.size,
      0,
    );
    expect(found).toHaveLength(count);
    expect(found.every((one) => one.change === 'missing' && one.class === 'pending' && !one.conflict)).toBe(
      true,
    );
  });

  it('calls a lost item drift once it was applied, and pending before', () => {
    const lost = host0(({ routes }) => ({ routes: routes.filter((route) => !toNs1(route)) }));
    expect(told(differences(desired, lost))).toEqual(['drift missing host0 route 10.20.1.3/32']);
    expect(told(differences(desired, lost, { applied: NOTHING_APPLIED }))).toEqual([
      'pending missing host0 route 10.20.1.3/32',
    ]);
  });

  it('calls an item of ours that nobody wants extra', () => {
    const wrong = asObserved(
      { ...observed.namespaces.get('host0')!.routes[0]!, dst: parseIp('10.9.9.9')! },
      169,
    );
    const found = host0(({ routes }) => ({ routes: [...routes, { ...wrong, dstLength: 32 }] }));
    expect(told(differences(desired, found))).toEqual(['drift extra host0 route 10.9.9.9/32']);
  });

  it('tells a conflict from drift by what was applied', () => {
    const taken = host0(({ routes }) => ({
      routes: routes.map((route) =>
        toNs1(route) ? { ...route, protocol: 12, via: parseIp('192.168.1.99') } : route,
      ),
    }));
    expect(told(differences(desired, taken, { applied: NOTHING_APPLIED }))).toEqual([
      'conflict changed host0 route 10.20.1.3/32',
    ]);
    expect(told(differences(desired, taken, { applied: NOTHING_APPLIED, adopt: true }))).toEqual([
      'pending changed host0 route 10.20.1.3/32',
    ]);
    expect(told(differences(desired, taken))).toEqual(['drift changed host0 route 10.20.1.3/32']);
    expect(differences(desired, taken)[0]!.cause).toContain('bird');
  });

  it('is content with what others made just so', () => {
    const theirs = host0(({ routes, addresses, links }) => ({
      routes: routes.map((route) => ({ ...route, protocol: 4 })),
      addresses: addresses.map((address) => ({ ...address, protocol: 0 })),
      links: new Map([...links].map(([name, link]) => [name, { ...link, group: 0, alias: '' }])),
    }));
    expect(told(differences(desired, theirs, { applied: NOTHING_APPLIED }))).toEqual([]);
  });

  it('finds a link that is of another kind, or has its other end elsewhere, to be made anew', () => {
    const rekinded = host0(({ links }) => ({
      links: new Map(links).set('up0', { ...links.get('up0')!, kind: 'bridge', peer: null }),
    }));
    const [one] = differences(desired, rekinded);
    expect(one).toMatchObject({ kind: 'link', change: 'changed', class: 'drift', conflict: false });
    expect(one!.cause).toContain('not a veth');
    const moved = host0(({ links }) => ({
      links: new Map(links).set('up0', { ...links.get('up0')!, peer: { netns: 'ns1', name: 'x' } }),
    }));
    expect(differences(desired, moved)[0]!.cause).toContain('ns1');
  });

  it('finds a link of our group that no file has, and leaves one that is marked by another topology', () => {
    const spare = (group: number, alias: string): ObservedNetwork =>
      host0(({ links }) => ({
        links: new Map(links).set('spare', {
          ...links.get('up0')!,
          name: 'spare',
          ifindex: 99,
          group,
          alias,
        }),
      }));
    expect(told(differences(desired, spare(linkGroup('two'), '')))).toEqual(['drift extra host0 link spare']);
    expect(told(differences(desired, spare(7, 'calico-reconcile:other')))).toEqual([]);
  });

  it('has a namespace of ours that left the file go, with all that is in it as one difference', () => {
    const without = {
      ...desired,
      namespaces: new Map([...desired.namespaces].filter(([name]) => name !== 'ns1')),
    };
    expect(told(differences(without, observed)).filter((line) => line.includes('ns1'))).toEqual([
      'pending extra ns1 netns ns1',
    ]);
  });

  it('leaves what the topology says is known, and counts it', () => {
    const lost = host0(({ routes }) => ({ routes: routes.filter((route) => !toNs1(route)) }));
    const ignoring = desire(`${twoHosts}ignore: ["host0 route 10.20.1.*"]\n`);
    const found = diff(ignoring, lost, { adopt: false, applied: NOTHING_APPLIED });
    expect(told(found.differences)).toEqual([]);
    expect(told(found.ignored)).toEqual(['pending missing host0 route 10.20.1.3/32']);
  });
});

describe('the differences', () => {
  const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
    fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

  it('do not depend on the order in which the kernel tells of things', () => {
    const expected = told(differences(desired, damaged(observed)));
    expect(expected.length).toBeGreaterThan(5);
    const netns = damaged(observed).namespaces.get('host0')!;
    fc.assert(
      fc.property(
        shuffled(netns.routes),
        shuffled([...netns.links]),
        shuffled([...damaged(observed).namespaces]),
        (routes, links, namespaces) => {
          const machine = changed({ ...observed, namespaces: new Map(namespaces) }, 'host0', () => ({
            routes,
            links: new Map(links),
          }));
          expect(told(differences(desired, machine)).sort()).toEqual([...expected].sort());
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are the same for the same input', () => {
    const once = differences(desired, damaged(observed));
    expect(differences(desired, damaged(observed))).toEqual(once);
  });

  it('are those items that were lost, for any loss', () => {
    const names = [...desired.namespaces.keys()];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat({ max: 40 }), (name, seed) => {
        const netns = observed.namespaces.get(name)!;
        const lostRoute = netns.routes[seed % Math.max(1, netns.routes.length)];
        const lostAddress = netns.addresses[seed % Math.max(1, netns.addresses.length)];
        const machine = changed(observed, name, () => ({
          routes: netns.routes.filter((route) => route !== lostRoute),
          addresses: netns.addresses.filter((address) => address !== lostAddress),
        }));
        const lost = Number(lostRoute !== undefined) + Number(lostAddress !== undefined);
        const found = differences(desired, machine);
        expect(found).toHaveLength(lost);
        expect(found.every((one) => one.change === 'missing' && one.netns === name)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

/** Something of every kind lost, changed or too much on host0, and a namespace gone. */
function damaged(machine: ObservedNetwork): ObservedNetwork {
  const namespaces = new Map([...machine.namespaces].filter(([name]) => name !== 'ns1'));
  return changed({ ...machine, namespaces }, 'host0', (netns) => ({
    routes: [
      ...netns.routes.slice(1),
      asObserved({ ...netns.routes[0]!, dst: parseIp('10.9.0.0')!, dstLength: 16 }, 169),
    ],
    addresses: [],
    links: new Map([...netns.links].map(([name, link]) => [name, { ...link, up: false }])),
  }));
}
