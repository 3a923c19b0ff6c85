// Random edits: a topology and another that has kept much of it, down to single settings of single links.
import fc from 'fast-check';
import type { Tree } from './places.ts';
import { buildTopology, type Sketch, topologySketch } from './topology.ts';

/** Of a hundred parts this many stay. */
const KEPT = 65;

/** A topology and what an edit makes of it. */
export const edit: fc.Arbitrary<readonly [before: Tree, after: Tree]> = fc
  .record({
    before: topologySketch,
    other: topologySketch,
    // Whether each part stays, read in a circle; what shrinks to 0 stays.
    dice: fc.array(fc.nat({ max: 99 }), { minLength: 60, maxLength: 60 }),
  })
  .map(({ before, other, dice }) => {
    let at = 0;
    const keeps = (): boolean => dice[at++ % dice.length]! < KEPT;
    return [buildTopology(before), buildTopology(mixSketches(before, other, keeps))] as const;
  });

function mixSketches(before: Sketch, other: Sketch, keeps: () => boolean): Sketch {
  const mixed = mix(before, other, keeps);
  const each = <Part>(from: readonly Part[], to: readonly Part[]): Part[] =>
    from.map((part, i) => (keeps() ? part : to[i]!));
  return {
    ...mixed,
    links: before.links.map((link, i) => (keeps() ? link : mix(link, other.links[i]!, keeps))),
    existing: keeps() ? before.existing : other.existing,
    loopbacks: each(before.loopbacks, other.loopbacks),
    routes: each(before.routes, other.routes).map((routes, i) =>
      keeps() ? routes : [...routes.filter(keeps), ...other.routes[i]!.slice(0, 2)],
    ),
    sysctls: before.sysctls.map((tree, i) => (keeps() ? tree : mix(tree, other.sysctls[i]!, keeps))),
    manage: each(before.manage, other.manage),
    fabric:
      before.fabric === null || other.fabric === null
        ? mixed.fabric
        : {
            ...mix(before.fabric, other.fabric, keeps),
            workloads: before.fabric.workloads.map((workload, i) => {
              const next = other.fabric?.workloads[i] ?? null;
              return workload === null || next === null || keeps() ? workload : mix(workload, next, keeps);
            }),
          },
  };
}

/** Each value from one of the two. */
function mix<Parts extends object>(before: Parts, other: Parts, keeps: () => boolean): Parts {
  const keys = Object.keys({ ...before, ...other }) as (keyof Parts)[];
  const entries = keys.map((key) => [key, keeps() ? before[key] : other[key]] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Parts;
}
