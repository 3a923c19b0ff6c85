// Which pairs are tried: all of them up to a bound, beyond it a sample in which every endpoint sends and receives.
import type { Family } from '../state/ip.ts';
import { addressIn, type Endpoint } from '../trace/endpoint.ts';

export interface EndpointPair {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly family: Family;
}

/** Endpoints up to which every pair is tried unless something else is asked for. */
export const ALL_PAIRS_UP_TO = 50;
/** Partners of each endpoint beyond that. */
export const DEFAULT_SAMPLE = 4;

/** The pairs of both families, each in both directions; `sample`: partners of each endpoint, null for all. */
export function choosePairs(endpoints: readonly Endpoint[], sample: number | null): EndpointPair[] {
  return ([4, 6] as const).flatMap((family) => {
    const able = endpoints.filter((endpoint) => addressIn(endpoint, family) !== null);
    return able.flatMap((from, index) =>
      partners(able.length, index, sample).map((partner) => ({ from, to: able[partner]!, family })),
    );
  });
}

/** The neighbours at growing distances round the circle, so that a sample crosses hosts: next, halfway, and between. */
function partners(count: number, index: number, sample: number | null): number[] {
  const others = count - 1;
  const wanted = sample === null ? others : Math.min(sample, others);
  return Array.from({ length: wanted }, (_, i) => {
    const distance = 1 + Math.floor((i * others) / wanted);
    return (index + distance) % count;
  });
}
