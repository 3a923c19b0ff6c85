// Exchanges: a packet from one station to another and its answer, for many pairs. First one pair after the other, so
// that latencies are honest; what is lost then is sent again, all at once, and waited for together.
import type { Message, Station } from './station.ts';

export interface Pair {
  readonly from: Station;
  readonly to: Station;
  /** Bytes of the packet with its headers; 0: a small one. */
  readonly size: number;
}

export interface Exchange {
  /** The packet reached the other station. */
  readonly arrived: boolean;
  /** Its answer came back. */
  readonly answered: boolean;
  /** Milliseconds there and back; null without an answer. */
  readonly rtt: number | null;
  /** Why the kernel refused to send, as an errno's name; null where it did not. */
  readonly refused: string | null;
}

export interface ExchangeOptions {
  /** How long to wait for what was lost at first, in ms. */
  readonly timeout: number;
  /** How often it is sent again in that time. */
  readonly tries: number;
}

/** Milliseconds that the first packet of a pair is waited for before the next pair has its turn. */
const PATIENCE = 20;
/** After so many losses in a row the first turn waits no longer: something larger is broken. */
const LOSSES = 25;
const STEP = 2;

interface State {
  arrived: boolean;
  answered: boolean;
  rtt: number | null;
  refused: string | null;
  sentAt: number;
}

let nextExchange = 1;

/** Carries out one exchange for each pair, in their order. */
export function exchange(pairs: readonly Pair[], options: ExchangeOptions): Exchange[] {
  const first = nextExchange;
  nextExchange += pairs.length;
  const states: State[] = pairs.map(() => ({
    arrived: false,
    answered: false,
    rtt: null,
    refused: null,
    sentAt: 0,
  }));
  const take = (station: Station, message: Message | null): boolean => {
    const index = message === null ? -1 : message.exchange - first;
    const pair = pairs[index];
    const state = states[index];
    if (message === null || pair === undefined || state === undefined) return false;
    if (!message.isAnswer && pair.to === station) {
      state.arrived = true;
      pair.to.send(pair.from, { exchange: message.exchange, isAnswer: true });
      return true;
    }
    if (message.isAnswer && pair.from === station && !state.answered) {
      state.answered = true;
      state.rtt = performance.now() - state.sentAt;
      return true;
    }
    return false;
  };
  const send = (index: number): void => {
    const { from, to, size } = pairs[index]!;
    states[index]!.sentAt = performance.now();
    states[index]!.refused = from.send(to, { exchange: first + index, isAnswer: false }, size);
  };
  takeTurns(pairs, states, send, take);
  const lost = states.flatMap((state, index) => (state.answered ? [] : [index]));
  if (lost.length > 0) sendAgain(pairs, states, lost, send, take, options);
  return states.map(({ arrived, answered, rtt, refused }) => ({ arrived, answered, rtt, refused }));
}

type Send = (index: number) => void;
type Take = (station: Station, message: Message | null) => boolean;

function takeTurns(pairs: readonly Pair[], states: readonly State[], send: Send, take: Take): void {
  let losses = 0;
  for (const [index, { from, to }] of pairs.entries()) {
    const state = states[index]!;
    send(index);
    const patience = losses < LOSSES ? PATIENCE : 0;
    if (state.refused === null && wait(to, () => state.arrived, patience, take))
      wait(from, () => state.answered, patience, take);
    losses = state.answered ? 0 : losses + 1;
  }
}

/** Takes messages off a station until something holds; false when the time (ms) is over. */
function wait(station: Station, holds: () => boolean, time: number, take: Take): boolean {
  const deadline = performance.now() + time;
  while (!holds()) {
    const left = deadline - performance.now();
    const message = station.receive(Math.max(0, left));
    take(station, message);
    if (message === null && left <= 0) break;
  }
  return holds();
}

function sendAgain(
  pairs: readonly Pair[],
  states: readonly State[],
  lost: readonly number[],
  send: Send,
  take: Take,
  { timeout, tries }: ExchangeOptions,
): void {
  const stations = new Set(lost.flatMap((index) => [pairs[index]!.from, pairs[index]!.to]));
  for (let attempt = 0; attempt < tries; attempt++) {
    const left = lost.filter((index) => !states[index]!.answered);
    if (left.length === 0) return;
    for (const index of left) send(index);
    const deadline = performance.now() + timeout / tries;
    while (performance.now() < deadline && left.some((index) => !states[index]!.answered)) {
      let taken = false;
      for (const station of stations) {
        for (let message = station.receive(0); message !== null; message = station.receive(0)) {
          take(station, message);
          taken = true;
        }
      }
      if (!taken) Atomics.wait(pause, 0, 0, STEP);
    }
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
