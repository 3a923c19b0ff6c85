// A lab from inside: what stands ready for whoever works in it, and the program they work with. Everything is written
// below the sandbox's own /run, and gone with it.
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { describeErrno, ReconcileError } from '../errors.ts';
import { quote } from '../report/ip/shell.ts';

const DIRECTORY = '/run/calico-reconcile-lab';

/** Where the watch of a lab writes what it does. */
export const LAB_LOG = `${DIRECTORY}/watch.log`;

/** Holds the watch's process id, for who wants to see a lab that nobody mends. */
const LAB_PID = `${DIRECTORY}/watch.pid`;

/** Makes `calico-reconcile` a command of the lab, whatever way it was started; the environment to work in. */
export function furnish(cli: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const bin = `${DIRECTORY}/bin`;
  mkdirSync(bin, { recursive: true });
  const command = `${bin}/calico-reconcile`;
  writeFileSync(command, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(cli)} "$@"\n`);
  chmodSync(command, 0o755);
  return { ...env, PATH: `${bin}:${env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` };
}

/** Starts the watch of a lab beside whatever is done in it; resolves once it is in force, or has ended. */
export async function startWatch(
  cli: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ChildProcess> {
  const log = openSync(LAB_LOG, 'a');
  const watch = spawn(process.execPath, [cli, 'watch', ...args], { stdio: ['ignore', log, log], env });
  writeFileSync(LAB_PID, `${watch.pid}\n`);
  for (let waited = 0; waited < LONGEST && watch.exitCode === null; waited += STEP) {
    if (readFileSync(LAB_LOG, 'utf8') !== '') break;
    await new Promise((resolve) => setTimeout(resolve, STEP));
  }
  return watch;
}

/** Milliseconds: a first pass over a large lab takes a while, and says so when it is done. */
const LONGEST = 5000;
const STEP = 20;

/** Runs a program in the lab, on this terminal; its exit status as a shell tells it. */
export async function runInside(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env });
  // Ctrl-C is for the program in the foreground; the lab ends when that does.
  const ignore = (): void => {};
  process.on('SIGINT', ignore).on('SIGQUIT', ignore);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause: NodeJS.ErrnoException) => {
        reject(new ReconcileError('usage', `${program}: ${whyNotRun(program, cause, env)}`, { cause }));
      });
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
  } finally {
    process.off('SIGINT', ignore).off('SIGQUIT', ignore);
  }
}

function whyNotRun(program: string, cause: NodeJS.ErrnoException, env: NodeJS.ProcessEnv): string {
  // A directory of PATH that this user may not look into answers EACCES for every name.
  const isAbsent = cause.code === 'EACCES' && !program.includes('/') && !isInPath(program, env.PATH ?? '');
  if (cause.code === 'ENOENT' || isAbsent) return 'there is no such program';
  return cause.code === undefined ? cause.message : describeErrno(cause.code);
}

function isInPath(program: string, path: string): boolean {
  return path.split(delimiter).some((directory) => existsSync(join(directory, program)));
}

/** The user's shell with a prompt that names the lab, and the arguments and environment that make it so. */
export function shellFor(
  name: string,
  env: NodeJS.ProcessEnv,
): { readonly program: string; readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  const program = env.SHELL ?? '/bin/sh';
  const prompt = `[lab ${name}]`;
  switch (basename(program)) {
    case 'bash': {
      const file = `${DIRECTORY}/bashrc`;
      writeFileSync(
        file,
        `[ -f ~/.bashrc ] && . ~/.bashrc\nPATH=${quote(env.PATH ?? '')}\nPS1='${prompt} \\w # '\n`,
      );
      return { program, args: ['--rcfile', file, '-i'], env };
    }
    case 'zsh': {
      const path = `PATH=${quote(env.PATH ?? '')}`;
      writeFileSync(
        `${DIRECTORY}/.zshrc`,
        `[ -f ~/.zshrc ] && . ~/.zshrc\n${path}\nPROMPT='${prompt} %~ # '\n`,
      );
      return { program, args: ['-i'], env: { ...env, ZDOTDIR: DIRECTORY } };
    }
    case 'fish': {
      const commands = `function fish_prompt; echo -n '${prompt} '(prompt_pwd)' # '; end`;
      return { program, args: ['-i', '-C', commands], env };
    }
    default:
      // Without job control: the terminal's foreground group is out of sight in a process namespace of our own.
      return { program, args: ['-i', '+m'], env: { ...env, PS1: `${prompt} # ` } };
  }
}
