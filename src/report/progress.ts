// How far a long run has come: a bar on a terminal, redrawn in place, and a line now and then elsewhere. What is over
// within a second says nothing.
import { printable } from './printable.ts';
import { grouped } from './text.ts';

export interface ProgressOptions {
  readonly write: (text: string) => void;
  /** Columns of the terminal; null where there is none. */
  readonly columns: number | null;
  /** Milliseconds, from any beginning. */
  readonly now: () => number;
}

/** Before this, in milliseconds, nothing is said. */
const PATIENCE = 1000;
/** Between two bars and between two lines, in milliseconds. */
const REDRAW = 100;
const RELINE = 5000;
/** So few steps are not worth a word, however long they take. */
const FEW = 1000;

const CLEAR = '\r\x1b[2K';
const BAR_WIDTH = 24;

export class Progress {
  readonly #options: ProgressOptions;
  readonly #start: number;
  #next: number;
  #isDrawn = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#start = options.now();
    this.#next = this.#start + PATIENCE;
  }

  /** Something begins that cannot tell how far it is; said at once where it is known to take long. */
  begin(what: string, isLong = false): void {
    const now = this.#options.now();
    if (isLong || now >= this.#start + PATIENCE) this.#say(() => `${printable(what)}…`, now);
  }

  /** So many of all steps are done. */
  step(done: number, all: number): void {
    if (all < FEW) return;
    const now = this.#options.now();
    if (now >= this.#next) this.#say((isBar) => formatSteps(Math.min(done, all), all, isBar), now);
  }

  /** Takes the bar away: something else is to be printed, or all is done. */
  clear(): void {
    if (this.#isDrawn) this.#options.write(CLEAR);
    this.#isDrawn = false;
  }

  #say(format: (isBar: boolean) => string, now: number): void {
    const { write, columns } = this.#options;
    if (columns === null) write(`${format(false)}\n`);
    else write(`${CLEAR}${format(true).slice(0, columns - 1)}`);
    this.#isDrawn = columns !== null;
    this.#next = now + (columns === null ? RELINE : REDRAW);
  }
}

function formatSteps(done: number, all: number, isBar: boolean): string {
  const counts = `${grouped(done)} of ${grouped(all)} steps`;
  if (!isBar) return `applying: ${counts}`;
  const full = Math.floor((done / all) * BAR_WIDTH);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  return `applying ${bar} ${String(Math.floor((done / all) * 100)).padStart(3)} %  ${counts}`;
}
