#!/usr/bin/env node
// The program's entry: the one place that touches the process's exit status and its last-resort handlers.
import { reportFailure } from './commands/failure.ts';
import { runProgram } from './commands/program.ts';
import { expectShortRun } from './commands/short-run.ts';
import { processTerminal } from './commands/terminal.ts';

expectShortRun(process.argv.slice(2));
const terminal = processTerminal();

// A reader that has seen enough (`… | head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exitCode = 1;
  });
}
process.on('uncaughtException', (error) => {
  reportFailure(error, terminal);
  process.exit(1);
});

process.exitCode = await runProgram(process.argv.slice(2), terminal);
