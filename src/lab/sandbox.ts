// The sandbox: a program of ours run again in network, mount and process namespaces of its own, with a fresh /run,
// so that whatever it does to the network is gone when it ends. Needs util-linux's `unshare`; root or not.
// It never touches the namespaces it was started in.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { ReconcileError } from '../errors.ts';
import { packageFile } from '../package-file.ts';

/** Holds the network namespace that the sandbox was started from, as /proc/self/ns/net reads there. */
const MARK = 'CALICO_RECONCILE_SANDBOX';

/** What boot.ts reads the outer process's signals from. */
export const CONTROL_FD = 3;

/** Signals that reach the program inside when the outer process gets them. */
export const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const;

const base = ['--net', '--mount', '--propagation', 'private', '--fork', '--kill-child=SIGKILL'];
const withProcesses = ['--pid', '--mount-proc'];
const asRootInside = ['--user', '--map-root-user'];

/** Whether this process runs in a sandbox: it was told so, and its network namespace is not the one outside. */
export function insideSandbox(): boolean {
  const outside = process.env[MARK];
  return outside !== undefined && outside !== readlinkSync('/proc/self/ns/net');
}

/** Runs a Node program (a path, and its arguments) in a new sandbox on this process's terminal; its exit status. */
export async function runInSandbox(program: string, args: readonly string[]): Promise<number> {
  const flags = workingFlags();
  const boot = packageFile('dist/lab/boot.js');
  const child = spawn(
    'unshare',
    [...flags, '--', process.execPath, ...process.execArgv, boot, program, ...args],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env: { ...process.env, [MARK]: readlinkSync('/proc/self/ns/net') },
    },
  );
  const control = child.stdio[CONTROL_FD] as NodeJS.WritableStream;
  control.on('error', () => {}); // the program inside ended first: its exit status says the rest
  const forward = (signal: NodeJS.Signals): void => {
    // The terminal's own Ctrl-C reaches the whole foreground group, the program inside included.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    control.write(`${signal}\n`);
  };
  for (const signal of forwardedSignals) process.on(signal, forward);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
  } finally {
    for (const signal of forwardedSignals) process.off(signal, forward);
  }
}

/** The fullest set of flags that this machine allows us; raises a `permission` error that says what is missing. */
function workingFlags(): readonly string[] {
  const users = process.geteuid?.() === 0 ? [[], asRootInside] : [asRootInside];
  for (const user of users) {
    for (const processes of [withProcesses, []]) {
      const flags = [...user, ...base, ...processes];
      const trial = spawnSync('unshare', [...flags, '--', 'unshare', '--version'], { stdio: 'ignore' });
      if (trial.error !== undefined) {
        throw new ReconcileError(
          'platform',
          'the sandbox needs the program unshare, which is not installed',
          {
            hint: 'install util-linux',
            cause: trial.error,
          },
        );
      }
      if (trial.status === 0) return flags;
    }
  }
  throw new ReconcileError('permission', 'this machine does not let us make a network namespace', {
    hint: whatToDo(),
  });
}

function whatToDo(): string {
  if (process.geteuid?.() === 0) {
    return 'root lacks CAP_SYS_ADMIN here: start the container with --privileged, or run as root outside it';
  }
  if (setting('user/max_user_namespaces') === '0')
    return 'run as root, or: sysctl user.max_user_namespaces=10000';
  if (setting('kernel/unprivileged_userns_clone') === '0') {
    return 'run as root, or: sysctl kernel.unprivileged_userns_clone=1';
  }
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'run as root, or: sysctl kernel.apparmor_restrict_unprivileged_userns=0';
  }
  return 'run as root, or where user namespaces are allowed (a container needs --security-opt seccomp=unconfined)';
}

function setting(path: string): string | null {
  try {
    return readFileSync(`/proc/sys/${path}`, 'utf8').trim();
  } catch {
    return null; // this kernel has no such switch
  }
}
