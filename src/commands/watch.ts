// `watch`: converges at the start, on file edits, on SIGHUP and by a timer, and heals by event between; one log line an
// event. What it does shows on /metrics and to systemd, where they are asked for.
import { ReconcileError } from '../errors.ts';
import { Machine } from '../kernel/machine.ts';
import { checkPropagation } from '../kernel/propagation.ts';
import { EventLog } from '../report/log.ts';
import type { LogFormat } from '../report/log-entry.ts';
import { printable } from '../report/printable.ts';
import { METRICS_TYPE } from '../report/prometheus.ts';
import { WatchMetrics } from '../report/watch-metrics.ts';
import { type DesiredNetwork, SELF } from '../state/network.ts';
import { Daemon } from '../watch/daemon.ts';
import { type Endpoint, isLoopback, listen, parseListen } from '../watch/endpoint.ts';
import { Keeper, type WatchEvent } from '../watch/keeper.ts';
import { Supervision } from '../watch/supervision.ts';
import { type Occasion, watch as watchFiles } from '../watch/watch.ts';
import { watchBirds } from './bgp.ts';
import { desiredReader, type HostOptions } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import { requirePrivileges } from './privileges.ts';
import type { Terminal } from './terminal.ts';

export interface WatchCommandOptions extends HostOptions {
  /** Seconds. */
  readonly resync: number;
  readonly log: LogFormat;
  /** `ADDR:PORT`. */
  readonly metrics?: string;
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
  const log = new EventLog(terminal.err, options.log);
  const metrics = new WatchMetrics();
  const supervision = new Supervision(terminal.env);
  const endpoint = await openEndpoint(options, metrics, log);
  const stop = new AbortController();
  const machine = Machine.open();
  try {
    await run(files, options, { log, metrics, supervision, machine, stop });
    return 0;
  } finally {
    machine.close();
    endpoint?.close();
    supervision.close();
  }
}

interface Parts {
  readonly log: EventLog;
  readonly metrics: WatchMetrics;
  readonly supervision: Supervision;
  readonly machine: Machine;
  readonly stop: AbortController;
}

async function run(files: readonly string[], options: WatchCommandOptions, parts: Parts): Promise<void> {
  const { log, metrics, supervision, machine, stop } = parts;
  const fatal: unknown[] = [];
  const birds = watchBirds(machine, log);
  metrics.onRead(() => birds.measure(metrics));
  const daemon = new Daemon({
    machine,
    onHealed: (healed) => {
      birds.keep(healed.network);
      log.healed(healed);
      metrics.healed(healed.outcomes, healed.milliseconds, healed.fights.length);
    },
    onTrouble: (error) => {
      log.trouble(error);
      metrics.trouble();
    },
    onFatal: (error) => {
      fatal.push(error);
      stop.abort();
    },
    onKernelEvent: (kind) => metrics.kernelEvent(kind),
    onWake: () => metrics.wake(),
    onOverflow: (netns, lost) => {
      metrics.overflow(lost);
      log.overflow(netns, lost);
    },
  });
  const read = desiredReader(files, options);
  const keeper = new Keeper({
    load: () => load(read),
    converge: (network, { kind }) => {
      const result = kind === 'edit' ? daemon.edit(network) : daemon.pass(network);
      birds.keep(network);
      return result;
    },
    onEvent: (event) => tell(event, parts),
  });
  const onStop = (signal: NodeJS.Signals): void => {
    log.say('stopping', `${signal}: stopping; the network stays as it is`, { signal });
    supervision.stopping();
    stop.abort();
  };
  // A reload that is asked for during the first pass is made after it.
  let reload: ((reason: string) => void) | null = null;
  let isAsked = false;
  const onReload = (): void => {
    if (reload === null) isAsked = true;
    else reload('SIGHUP');
  };
  process.once('SIGTERM', onStop).once('SIGINT', onStop).on('SIGHUP', onReload);
  try {
    await watchFiles({
      paths: files,
      resyncSeconds: options.resync,
      signal: stop.signal,
      onError: (error) => log.filesUnwatched(error),
      onHeld: (path) => log.held(path),
      pass: (occasion) => pass(keeper, occasion, supervision),
      onReady: (ring) => {
        reload = ring;
        if (isAsked) ring('SIGHUP');
      },
    });
    if (fatal.length > 0) throw fatal[0];
  } finally {
    process.off('SIGTERM', onStop).off('SIGINT', onStop).off('SIGHUP', onReload);
    daemon.close();
    metrics.onRead(() => {});
    await birds.close();
  }
}

/** Reads the files; namespaces that may not be made, or that nobody outside could see, are refused before any is. */
function load(read: () => DesiredNetwork): DesiredNetwork {
  const network = read();
  requirePrivileges('watch', network.namespaces.keys());
  if ([...network.namespaces.keys()].some((name) => name !== SELF)) checkPropagation();
  return network;
}

function pass(keeper: Keeper, occasion: Occasion, supervision: Supervision): void {
  if (occasion.kind === 'edit' || occasion.kind === 'reload') supervision.reloading();
  keeper.pass(occasion);
  if (occasion.kind !== 'resync') supervision.ready('watching');
}

function tell(event: WatchEvent, { log, metrics, supervision }: Parts): void {
  if (event.kind === 'refused') {
    log.refused(event.error);
    metrics.refused();
    return;
  }
  const { network, occasion, result, milliseconds } = event;
  log.converged(event);
  metrics.converged(occasion.kind, result, milliseconds);
  const undone = result.outcomes.filter(({ outcome }) => outcome !== 'done').length;
  supervision.status(
    `${network.name}: ${result.items} items, ${undone === 0 ? 'in sync' : `${undone} undone`}`,
  );
}

/** How many resyncs may be missed before the watch is not well. */
const MISSED_PASSES = 3;

async function openEndpoint(
  { metrics: text, resync }: WatchCommandOptions,
  metrics: WatchMetrics,
  log: EventLog,
): Promise<Endpoint | null> {
  if (text === undefined) return null;
  const address = parseListen(text);
  if (address === null) {
    const message = `--metrics ${text}: an address and a port were expected`;
    throw new ReconcileError('usage', message, { hint: '--metrics 127.0.0.1:9469, or [::1]:9469' });
  }
  const endpoint = await listen(address, {
    metrics: { type: METRICS_TYPE, text: () => metrics.format() },
    illness: () => {
      const { lastPass } = metrics;
      const age = lastPass === null ? 0 : Date.now() / 1000 - lastPass;
      return age > MISSED_PASSES * resync + 60 ? `the last pass ended ${Math.round(age)} s ago` : null;
    },
    unreadiness: () => (metrics.lastPass === null ? 'the first pass has not ended' : null),
  });
  const at = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${endpoint.port}`;
  const who = isLoopback(address.host)
    ? ''
    : '; warning: everyone who reaches this address can read what this host is made of';
  log.say('listening', `metrics on http://${printable(at)}/metrics${who}`, { address: at });
  return endpoint;
}
