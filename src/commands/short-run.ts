// V8 compiles a second time, with care, what has run often. In a program that ends within a second most of that comes too
// late to pay for itself, and takes the other processor from whoever has work for it.
import { setFlagsFromString } from 'node:v8';

/** Verbs that stay: there it pays. */
const staying: ReadonlySet<string> = new Set(['watch', 'lab']);
/** The newest V8 that is known to have the flag: it would complain of one that it does not know. */
const NEWEST_V8 = 13;
/** How much work, in V8's measure, comes before a function is looked at again; its own value is 67 584. */
const BUDGET = 250_000;

/** Tells V8 to wait longer before it compiles again, unless the verb is one that stays. */
export function expectShortRun(argv: readonly string[]): void {
  const isKnown = Number.parseInt(process.versions.v8, 10) <= NEWEST_V8;
  if (isKnown && !argv.some((word) => staying.has(word))) setFlagsFromString(`--interrupt-budget=${BUDGET}`);
}
