// Permanent neighbours, proxies and forwarding entries: what differs.
import { fdbKey } from '../state/fdb.ts';
import { neighbourKey } from '../state/neighbour.ts';
import type { Comparison, Finding } from './diff.ts';

export function* diffNeighbours(comparison: Comparison): Generator<Finding> {
  const { desired, observed, ownership } = comparison;
  const found = new Map(observed.neighbours.map((neighbour) => [neighbourKey(neighbour), neighbour]));
  const wanted = new Set<string>();
  for (const neighbour of desired.neighbours) {
    const key = neighbourKey(neighbour);
    wanted.add(key);
    const standing = found.get(key);
    if (standing === undefined) {
      yield {
        kind: 'neighbour',
        desired: neighbour,
        observed: null,
        change: 'missing',
        foreign: false,
        cause: null,
      };
      continue;
    }
    const ours = ownership.owns(standing);
    const same = standing.proxy || (standing.mac === neighbour.mac && standing.permanent);
    if (same && (!ours || ownership.marksNow(standing))) continue;
    yield {
      kind: 'neighbour',
      desired: neighbour,
      observed: standing,
      change: 'changed',
      foreign: !ours,
      cause: null,
    };
  }
  for (const [key, neighbour] of inOrder(found)) {
    if (wanted.has(key) || !ownership.isExtraNeighbour(neighbour)) continue;
    yield {
      kind: 'neighbour',
      desired: null,
      observed: neighbour,
      change: 'extra',
      foreign: false,
      cause: null,
    };
  }
}

/** Forwarding entries bear no mark of their own: a permanent one on a link of ours is ours. */
export function* diffFdb(comparison: Comparison): Generator<Finding> {
  const { desired, observed, ownership } = comparison;
  const found = new Map(observed.fdb.filter((entry) => entry.stated).map((entry) => [fdbKey(entry), entry]));
  const wanted = new Set<string>();
  for (const entry of desired.fdb) {
    const key = fdbKey(entry);
    wanted.add(key);
    if (found.has(key)) continue;
    yield { kind: 'fdb', desired: entry, observed: null, change: 'missing', foreign: false, cause: null };
  }
  for (const [key, entry] of inOrder(found)) {
    const link = observed.links.get(entry.dev);
    if (wanted.has(key) || link === undefined || !ownership.ownsLink(link)) continue;
    yield { kind: 'fdb', desired: null, observed: entry, change: 'extra', foreign: false, cause: null };
  }
}

/** The kernel's order of neighbours follows a random seed of its own. */
function inOrder<Item>(found: ReadonlyMap<string, Item>): Array<[key: string, item: Item]> {
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}
