// Verify: real packets between endpoints, small ones and ones as large as the sender's link takes, and what came of them.
import { lookUpRoute } from '../kernel/lookup.ts';
import { type Family, familyOf, type Ip } from '../state/ip.ts';
import { addressIn, type Endpoint } from '../trace/endpoint.ts';
import type { World } from '../trace/world.ts';
import { type Exchange, exchange, type Pair } from './exchange.ts';
import type { EndpointPair } from './pairs.ts';
import { ping } from './ping.ts';
import { Station } from './station.ts';

export interface PairResult {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly family: Family;
  /** `reached`; `lost`: on the way there; `unanswered`: on the way back; `unsent`: the sender or receiver has no such address, or the kernel refused. */
  readonly outcome: 'reached' | 'lost' | 'unanswered' | 'unsent';
  /** Milliseconds there and back; null without an answer. */
  readonly rtt: number | null;
  /** An errno's name where the outcome is `unsent`. */
  readonly refused: string | null;
  /** The largest packet that was tried, with DF, and whether it came through; null where no small one did. */
  readonly full: { readonly size: number; readonly reached: boolean } | null;
}

export interface VerifyOptions {
  /** How long to wait for lost packets, in ms. */
  readonly timeout: number;
}

const TRIES = 3;
/** IPv6 addresses are tentative until duplicate address detection has ended, a few seconds at most. */
const BIND_TRIES = 30;
const BIND_PAUSE = 100;

/** Sends packets between all pairs, in their order. */
export function verify(world: World, pairs: readonly EndpointPair[], options: VerifyOptions): PairResult[] {
  const stations = new Stations(world);
  try {
    const local = pairs.map((pair) => stations.pairOf(pair));
    const small = exchangeAll(local, options);
    const sizes = pairs.map((pair, i) => (small[i]?.answered ? fullSize(world, pair) : 0));
    const full = sendFull(world, pairs, local, sizes, options);
    return pairs.map((pair, i) => {
      const reachable = local[i];
      if (reachable === undefined || reachable === null) return pingRemote(pair, options);
      if (typeof reachable === 'string')
        return { ...pair, outcome: 'unsent', rtt: null, refused: reachable, full: null };
      return { ...pair, ...judge(small[i]!), full: full[i] ?? null };
    });
  } finally {
    stations.close();
  }
}

function judge({
  arrived,
  answered,
  rtt,
  refused,
}: Exchange): Pick<PairResult, 'outcome' | 'rtt' | 'refused'> {
  if (answered) return { outcome: 'reached', rtt, refused: null };
  if (arrived) return { outcome: 'unanswered', rtt: null, refused: null };
  return refused === null
    ? { outcome: 'lost', rtt: null, refused: null }
    : { outcome: 'unsent', rtt: null, refused };
}

type Reachable = { readonly from: Station; readonly to: Station } | string | null;

/** Exchanges between the pairs whose both ends are here; null for the others. */
function exchangeAll(
  pairs: readonly Reachable[],
  { timeout }: VerifyOptions,
  sizes?: readonly number[],
): (Exchange | null)[] {
  const tried: Pair[] = [];
  const places: number[] = [];
  for (const [index, pair] of pairs.entries()) {
    if (pair === null || typeof pair === 'string' || sizes?.[index] === 0) continue;
    tried.push({ ...pair, size: sizes?.[index] ?? 0 });
    places.push(index);
  }
  const results: (Exchange | null)[] = pairs.map(() => null);
  for (const [i, result] of exchange(tried, { timeout, tries: TRIES }).entries())
    results[places[i]!] = result;
  return results;
}

/** Sends full-size packets; where a router on the way said that it takes less, as large as it said. */
function sendFull(
  world: World,
  pairs: readonly EndpointPair[],
  local: readonly Reachable[],
  sizes: readonly number[],
  options: VerifyOptions,
): PairResult['full'][] {
  const first = exchangeAll(local, options, sizes);
  const learned = pairs.map((pair, i) => {
    const failed = first[i] !== null && !first[i]!.answered;
    const size = failed ? fullSize(world, pair) : 0;
    return size < sizes[i]! ? size : 0;
  });
  const second = exchangeAll(local, options, learned);
  return pairs.map((_, i) => {
    if (first[i] === null) return null;
    if (second[i] !== null) return { size: learned[i]!, reached: second[i]!.answered };
    return { size: sizes[i]!, reached: first[i]!.answered };
  });
}

/** Bytes: what the sender's route takes, by its link, its own MTU, or what the kernel learned of the path. */
function fullSize(world: World, { from, to, family }: EndpointPair): number {
  const [src, dst] = [addressIn(from, family), addressIn(to, family)];
  const netns = from.netns === null ? null : world.open(from.netns);
  if (netns === null || from.netns === null || src === null || dst === null) return 0;
  const { answer } = lookUpRoute(netns, { dst, src, iif: 0, oif: 0 });
  if (answer === null) return 0;
  const link = world.linkByIndex(from.netns, answer.oif)?.mtu ?? 0;
  return answer.mtu === 0 ? link : Math.min(answer.mtu, link);
}

/** An endpoint on another machine answers echo requests only. */
function pingRemote({ from, to, family }: EndpointPair, { timeout }: VerifyOptions): PairResult {
  const dst = addressIn(to, family)!;
  const { received, rtts, refused } = ping(from.netns!, dst, { count: TRIES, timeout: timeout / TRIES });
  const outcome = received > 0 ? 'reached' : refused === null ? 'lost' : 'unsent';
  return { from, to, family, outcome, rtt: rtts.find((rtt) => rtt !== null) ?? null, refused, full: null };
}

/** The stations of a run, each opened once. */
class Stations {
  readonly #world: World;
  readonly #opened = new Map<string, Station | string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Both ends of a pair; an errno's name where one cannot be had; null where the receiver is on another machine. */
  pairOf({ from, to, family }: EndpointPair): Reachable {
    const [here, there] = [this.#at(from, family), this.#at(to, family)];
    if (typeof here === 'string') return here;
    if (here === null || there === null) return null;
    return typeof there === 'string' ? there : { from: here, to: there };
  }

  close(): void {
    for (const station of this.#opened.values()) if (typeof station !== 'string') station.close();
  }

  #at({ netns, addresses }: Endpoint, family: Family): Station | string | null {
    const address = addresses.find((one) => familyOf(one) === family);
    if (netns === null || address === undefined) return null;
    const key = `${netns} ${address}`;
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const opened = this.#world.open(netns);
    const station = opened === null ? 'ENOENT' : openPatiently(opened, address);
    this.#opened.set(key, station);
    return station;
  }
}

function openPatiently(netns: Parameters<typeof Station.open>[0], address: Ip): Station | string {
  for (let attempt = 0; ; attempt++) {
    const station = Station.open(netns, address);
    if (station !== 'EADDRNOTAVAIL' || familyOf(address) === 4 || attempt === BIND_TRIES) return station;
    Atomics.wait(pause, 0, 0, BIND_PAUSE);
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
