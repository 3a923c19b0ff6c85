// Digests: a value taken in piece by piece, and told as one whole number below 2^52 that is not 0. Two 32-bit lanes of
// multiply-and-mix; no string is made for a route.

let low = 0;
let high = 0;

/** Begins a digest. Digests do not overlap: one is finished before the next begins. */
export function beginDigest(seed: number): void {
  low = seed | 0;
  high = ~seed | 0;
}

export function digestNumber(value: number): void {
  low = Math.imul(low ^ value, 0x9e3779b1);
  low ^= low >>> 15;
  high = Math.imul(high ^ value, 0x85ebca6b) + low;
  high ^= high >>> 13;
}

export function digestText(text: string): void {
  for (let i = 0; i < text.length; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
    high = Math.imul(high ^ text.charCodeAt(i), 0x85ebca6b) + low;
  }
  digestNumber(text.length);
}

/** Takes in an address, a name or nothing, each told apart. */
export function digestValue(value: number | string | null): void {
  if (value === null) digestNumber(0x5bd1e995);
  else if (typeof value === 'number') digestNumber(value);
  else digestText(value);
}

export function endDigest(): number {
  digestNumber(0x2545f491);
  digestNumber(0x1b873593);
  return ((high >>> 0) & 0xfffff) * 0x1_0000_0000 + (low >>> 0) || 1;
}
