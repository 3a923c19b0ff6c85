// Where a command's words go: results and everything else, each with its style. Commands write nowhere else.
import { Progress } from '../report/progress.ts';
import { coloured, plain, type Style } from '../report/style.ts';
import { asFile, type TextOptions } from '../report/text.ts';

export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Problems, progress and logs. */
  readonly err: (text: string) => void;
  readonly outStyle: Style;
  readonly errStyle: Style;
  /** Columns of the terminal that results go to; null where they go to a pipe or a file. */
  readonly columns: number | null;
  /** Columns of the terminal that problems and progress go to; absent where they go elsewhere. */
  readonly errColumns?: number;
  readonly env: NodeJS.ProcessEnv;
}

/** The process's own stdout and stderr: coloured on a terminal unless NO_COLOR or CI says otherwise. */
export function processTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const wanted = !env.NO_COLOR && !env.CI && env.TERM !== 'dumb';
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    outStyle: wanted && stdout.isTTY ? coloured : plain,
    errStyle: wanted && stderr.isTTY ? coloured : plain,
    columns: stdout.isTTY ? (stdout.columns ?? asFile.width) : null,
    ...(stderr.isTTY && env.TERM !== 'dumb' ? { errColumns: stderr.columns || asFile.width } : {}),
    env,
  };
}

/** Says on the terminal how far a long run has come. */
export function progressOn(terminal: Terminal): Progress {
  return new Progress({
    write: terminal.err,
    columns: terminal.errColumns ?? null,
    now: () => performance.now(),
  });
}

/** The same terminal without colour. */
export function uncoloured(terminal: Terminal): Terminal {
  return { ...terminal, outStyle: plain, errStyle: plain };
}

/** How many differences a terminal is shown unless it asks for all. */
const SHOWN = 50;

/** Columns that a report needs at least, and those beyond which it does not spread. */
const NARROWEST = 40;
const WIDEST = 120;

/** How a report is laid out there: to its width and cut on a terminal, whole in a pipe or a file. */
export function textOptions({ outStyle, columns }: Terminal, all: boolean): TextOptions {
  if (columns === null) return { ...asFile, style: outStyle };
  const width = Math.min(WIDEST, Math.max(NARROWEST, columns));
  return { style: outStyle, width, limit: all ? asFile.limit : SHOWN };
}
