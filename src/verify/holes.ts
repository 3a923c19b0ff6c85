// Holes: pairs that do not reach each other, and why. Each is traced; those with one cause stand together.
import type { Difference } from '../reconcile/difference.ts';
import { formatIp } from '../state/ip.ts';
import { addressIn } from '../trace/endpoint.ts';
import { type Fault, itemRef } from '../trace/fault.ts';
import { differenceBehind } from '../trace/mend.ts';
import { walk } from '../trace/walk.ts';
import type { Way } from '../trace/way.ts';
import type { World } from '../trace/world.ts';
import type { PairResult } from './verify.ts';

/** Pairs that one cause keeps apart. */
export interface Hole {
  readonly pairs: readonly PairResult[];
  readonly fault: Fault;
  /** The difference between file and kernel that the fault comes from; null for none. */
  readonly difference: Difference | null;
  /** The way of the first pair's packet; null where none could be sent. */
  readonly way: Way | null;
}

/** Whether a pair has a hole: small packets do not come through, or full-size ones do not. */
export function isHole(result: PairResult): boolean {
  return result.outcome !== 'reached' || result.full?.reached === false;
}

/** The holes by cause, in the order in which they are met. */
export function explainHoles(
  world: World,
  results: readonly PairResult[],
  differences: readonly Difference[],
): Hole[] {
  const holes = new Map<string, { pairs: PairResult[]; fault: Fault; way: Way | null }>();
  for (const result of results.filter(isHole)) {
    const { fault, way } = explain(world, result);
    const key = `${fault.code} ${fault.netns} ${fault.dev ?? ''} ${fault.message}`;
    const known = holes.get(key);
    if (known === undefined) holes.set(key, { pairs: [result], fault, way });
    else known.pairs.push(result);
  }
  return [...holes.values()].map((hole) => ({
    ...hole,
    difference: differenceBehind(hole.fault, differences),
  }));
}

function explain(world: World, result: PairResult): { fault: Fault; way: Way | null } {
  const { from, to, family, outcome, refused } = result;
  const [src, dst] = [addressIn(from, family)!, addressIn(to, family)!];
  if (outcome === 'unsent' && (refused === 'EADDRNOTAVAIL' || refused === 'ENOENT')) {
    return { fault: notThere(world, result), way: null };
  }
  const ways = [walk(world, { netns: from.netns!, src, dst })];
  if (to.netns !== null) ways.push(walk(world, { netns: to.netns, src: dst, dst: src }));
  // What is known of the loss says which way to look first: a packet that arrived died on its way back.
  if (outcome === 'unanswered') ways.reverse();
  const dying = ways.find((way) => way.fault !== null);
  if (dying?.fault) return { fault: dying.fault, way: dying };
  const wanted = outcome === 'reached' ? ['mtuHole', 'firewall'] : ['wrongPeer', 'firewall', 'mtuHole'];
  for (const code of wanted) {
    for (const way of ways) {
      const fault = way.suspects.find((suspect) => suspect.code === code);
      if (fault !== undefined) return { fault, way };
    }
  }
  return { fault: unexplained(result), way: ways[0]! };
}

/** An end that lacks its namespace or its address. */
function notThere(world: World, { from, to, family }: PairResult): Fault {
  for (const end of [from, to]) {
    const address = addressIn(end, family)!;
    const netns = end.netns!;
    const observed = world.namespace(netns);
    if (observed === null) {
      const items = [itemRef(netns, 'netns', netns)];
      return {
        code: 'noNamespace',
        netns,
        dev: null,
        message: `there is no namespace ${netns}`,
        items,
        remedy: null,
      };
    }
    if (observed.addresses.some((held) => held.address === address)) continue;
    const wanted = world.desired.namespaces.get(netns)?.addresses.find((one) => one.address === address);
    const items =
      wanted === undefined
        ? []
        : [
            itemRef(netns, 'link', wanted.dev),
            itemRef(netns, 'address', `${wanted.dev} ${formatIp(address)}/${wanted.prefixlen}`),
          ];
    const message = `${netns} does not have its address ${formatIp(address)}`;
    return { code: 'noAddress', netns, dev: wanted?.dev ?? null, message, items, remedy: null };
  }
  return unexplained({ from, to, family, outcome: 'unsent', rtt: null, refused: null, full: null });
}

function unexplained({ from, to, family, outcome, full }: PairResult): Fault {
  const dst = formatIp(addressIn(to, family)!);
  const what = outcome === 'reached' ? `packets of ${full?.size ?? 0} bytes are lost` : 'packets are lost';
  return {
    code: 'unexplained',
    netns: from.netns ?? '',
    dev: null,
    message: `${what} between ${from.name} and ${to.name}, although every lookup on the way is sound`,
    items: [],
    remedy: {
      kind: 'advice',
      text: `look for them in each namespace on the way: tcpdump -ni any host ${dst}`,
    },
  };
}
