// `lab`: a topology in a sandbox of its own, for any user: applied, verified, watched, with a shell or a command in it.
import { ReconcileError } from '../errors.ts';
import { Machine } from '../kernel/machine.ts';
import { formatHints } from '../lab/hints.ts';
import { furnish, runInside, shellFor, startWatch } from '../lab/room.ts';
import { insideSandbox, runInSandbox } from '../lab/sandbox.ts';
import { packageFile } from '../package-file.ts';
import { converge } from '../reconcile/pass.ts';
import { formatConverged } from '../report/steps.ts';
import { formatVerify } from '../report/verify.ts';
import { endpointsOf } from '../trace/endpoint.ts';
import { isHole } from '../verify/holes.ts';
import { awaitSessions } from './bgp.ts';
import { type HostOptions, readTopologyModel } from './desired.ts';
import type { Terminal } from './terminal.ts';
import { verifyModel } from './verify.ts';

/** Tells the program that runs in the sandbox that it is the lab's inner half. */
const INNER = 'CALICO_RECONCILE_LAB_INNER';
const VERIFY_TIMEOUT = 1500;

/** Runs the lab; the exit status of the command in it, or of its shell. */
export async function lab(
  file: string,
  command: readonly string[],
  options: HostOptions,
  terminal: Terminal,
): Promise<number> {
  if (file === '-') {
    throw new ReconcileError('usage', 'a lab cannot read standard input: its shell or command does', {
      hint: 'give it a file',
    });
  }
  const cli = packageFile('dist/cli.js');
  if (insideSandbox() && process.env[INNER] !== undefined)
    return inner(cli, file, command, options, terminal);
  readTopologyModel([file], options); // what is wrong with the file is said before anything is made
  process.env[INNER] = '1';
  const hosts = hostArguments(options);
  return runInSandbox(cli, ['lab', ...hosts, '--', file, ...command]);
}

async function inner(
  cli: string,
  file: string,
  command: readonly string[],
  options: HostOptions,
  terminal: Terminal,
): Promise<number> {
  delete process.env[INNER]; // a lab within the lab is one of its own
  const model = readTopologyModel([file], options);
  const machine = Machine.open();
  const outer = terminal.errStyle;
  try {
    const result = converge(machine, model.network, { adopt: false, pruneAll: false });
    terminal.err(formatConverged(model.network.name, result, outer));
    if (model.network.bgp.length === 0) showReach(machine, model, command, terminal);
  } finally {
    machine.close();
  }
  const env = furnish(cli, process.env);
  const watch = await startWatch(cli, [...hostArguments(options), '--', file], env);
  try {
    if (model.network.bgp.length > 0) await showReachByBgp(model, command, terminal);
    const [program, ...args] = command;
    if (program !== undefined) return await runInside(program, args, env);
    terminal.err(`\n${formatHints(model.network, endpointsOf(model), file)}\n`);
    const shell = shellFor(model.network.name, env);
    await runInside(shell.program, shell.args, shell.env);
    return 0;
  } finally {
    watch.kill('SIGTERM');
  }
}

/** Sends packets between all workloads, and says who reaches whom. */
function showReach(machine: Machine, model: Model, command: readonly string[], terminal: Terminal): void {
  const report = verifyModel(machine, model, { timeout: VERIFY_TIMEOUT });
  if (report.results.length > 0) terminal.err(formatVerify(report, terminal.errStyle));
  if (command.length === 0 && report.results.some(isHole)) terminal.err('\n');
}

/** The same, once the watch's daemons have told each other of their routes. */
async function showReachByBgp(model: Model, command: readonly string[], terminal: Terminal): Promise<void> {
  const machine = Machine.open();
  try {
    await awaitSessions(machine, model.network);
    showReach(machine, model, command, terminal);
  } finally {
    machine.close();
  }
}

type Model = ReturnType<typeof readTopologyModel>;

function hostArguments({ host = [] }: HostOptions): string[] {
  return host.flatMap((name) => ['--host', name]);
}
