// Where a command's words go: results and everything else, each with its style. Commands write nowhere else.
import { coloured, plain, type Style } from '../report/style.ts';

export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** Problems, progress and logs. */
  readonly err: (text: string) => void;
  readonly outStyle: Style;
  readonly errStyle: Style;
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
    env,
  };
}

/** The same terminal without colour. */
export function uncoloured(terminal: Terminal): Terminal {
  return { ...terminal, outStyle: plain, errStyle: plain };
}
