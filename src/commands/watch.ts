// `watch`: converges at the start, on file edits, on SIGHUP and by a timer, and heals by event between; one log line an
// event.
import { ReconcileError } from '../errors.ts';
import { Machine } from '../kernel/machine.ts';
import { EventLog } from '../report/log.ts';
import { printable } from '../report/printable.ts';
import { Daemon } from '../watch/daemon.ts';
import { Keeper } from '../watch/keeper.ts';
import { watch as watchFiles } from '../watch/watch.ts';
import { type HostOptions, readDesired } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import { requirePrivileges } from './privileges.ts';
import type { Terminal } from './terminal.ts';

export interface WatchCommandOptions extends HostOptions {
  /** Seconds. */
  readonly resync: number;
}

export async function watch(
  files: readonly string[],
  options: WatchCommandOptions,
  terminal: Terminal,
): Promise<ExitStatus> {
  if (files.includes('-')) {
    throw new ReconcileError('usage', 'watch cannot read standard input a second time', {
      hint: 'give it a file',
    });
  }
  requirePrivileges('watch', []);
  const log = new EventLog(terminal.err);
  const machine = Machine.open();
  const daemon = new Daemon({
    machine,
    onHealed: (healed) => log.healed(healed),
    onOverflow: (netns) => log.say(`events of namespace ${printable(netns)} were lost; it is read again`),
  });
  const keeper = new Keeper({
    load: () => {
      const desired = readDesired(files, options);
      requirePrivileges('watch', desired.namespaces.keys());
      return desired;
    },
    converge: (network) => daemon.pass(network),
    onEvent: (event) => {
      if (event.kind === 'refused') log.refused(event.error);
      else log.converged(event.network.name, event.network.files, event.reason, event.result);
    },
  });
  const stop = new AbortController();
  const onStop = (signal: NodeJS.Signals): void => {
    log.say(`${signal}: stopping; the network stays as it is`);
    stop.abort();
  };
  let reload: NodeJS.SignalsListener | null = null;
  process.once('SIGTERM', onStop).once('SIGINT', onStop);
  try {
    await watchFiles({
      paths: files,
      resyncSeconds: options.resync,
      signal: stop.signal,
      onError: (error) =>
        log.say(
          `cannot watch the files: ${error instanceof Error ? printable(error.message) : 'unknown error'}`,
        ),
      pass: (reason) => {
        keeper.pass(reason);
        log.endPass();
      },
      onReady: (wake) => {
        reload = () => wake('SIGHUP');
        process.on('SIGHUP', reload);
      },
    });
    return 0;
  } finally {
    process.off('SIGTERM', onStop).off('SIGINT', onStop);
    if (reload !== null) process.off('SIGHUP', reload);
    daemon.close();
    machine.close();
  }
}
