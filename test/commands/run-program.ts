// Runs a command line inside the test, with both outputs kept.
import { runProgram } from '../../src/commands/program.ts';
import { coloured, plain } from '../../src/report/style.ts';

export interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** As from a pipe. */
export function run(...argv: string[]): Promise<Run> {
  return runWith(plain, {}, argv);
}

/** As from a terminal that takes colour. */
export function runOnTerminal(...argv: string[]): Promise<Run> {
  return runWith(coloured, {}, argv);
}

/** With an environment. */
export function runIn(env: NodeJS.ProcessEnv, ...argv: string[]): Promise<Run> {
  return runWith(plain, env, argv);
}

async function runWith(style: typeof plain, env: NodeJS.ProcessEnv, argv: readonly string[]): Promise<Run> {
  let out = '';
  let err = '';
  const status = await runProgram(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    outStyle: style,
    errStyle: style,
    columns: style === coloured ? 80 : null,
    env,
  });
  return { status, out, err };
}
