// `diff`: the drift report, of this machine or of a snapshot. It sends dumps only, and takes no lock.
import { readFileSync } from 'node:fs';
import { ReconcileError } from '../errors.ts';
import { type InspectResult, inspectObserved } from '../reconcile/inspect.ts';
import { differencesAsJson, formatJson } from '../report/json.ts';
import type { Progress } from '../report/progress.ts';
import { formatDifferences } from '../report/text.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { type HostOptions, readDesired } from './desired.ts';
import { type ExitStatus, statusOfDifferences } from './exit-status.ts';
import { packageVersion } from './package-version.ts';
import { progressOn, type Terminal, textOptions } from './terminal.ts';

export const diffFormats = ['text', 'json', 'junit', 'sarif', 'github', 'markdown'] as const;

export interface DiffOptions extends HostOptions {
  readonly format: (typeof diffFormats)[number];
  /** A snapshot to compare with, instead of this machine. */
  readonly observed?: string;
  /** Patterns of known differences, beside those of the topology. */
  readonly ignore?: readonly string[];
  /** Differences are no failure: for jobs that only report. */
  readonly exitZero?: boolean;
  /** Nothing is printed: the exit status tells. */
  readonly quiet?: boolean;
  /** Every difference on a terminal, too. */
  readonly all?: boolean;
}

export async function diff(
  files: readonly string[],
  options: DiffOptions,
  terminal: Terminal,
): Promise<ExitStatus> {
  const progress = progressOn(terminal);
  const written = readDesired(files, options, progress);
  const desired = { ...written, ignore: [...written.ignore, ...(options.ignore ?? [])] };
  const result =
    options.observed === undefined
      ? await inspectMachine(desired, progress)
      : await inspectSnapshot(desired, options.observed, files);
  progress.clear();
  if (!options.quiet) terminal.out(await formatReport(desired, result, options, terminal));
  return options.exitZero ? 0 : statusOfDifferences(result.differences);
}

/** The report in the format asked for; only that format's module is loaded. */
async function formatReport(
  desired: DesiredNetwork,
  result: InspectResult,
  options: DiffOptions,
  terminal: Terminal,
): Promise<string> {
  switch (options.format) {
    case 'text':
      return formatDifferences(desired, result, textOptions(terminal, options.all ?? false));
    case 'json':
      return formatJson(differencesAsJson(desired, result));
    case 'junit':
      return (await import('../report/junit.ts')).formatJunit(desired, result);
    case 'sarif': {
      const { asSarif } = await import('../report/sarif.ts');
      return formatJson(asSarif(desired, result, { version: packageVersion() }));
    }
    case 'github':
      return (await import('../report/github.ts')).formatAnnotations(desired, result);
    case 'markdown':
      return (await import('../report/markdown.ts')).formatMarkdown(desired, result);
  }
}

/** Compares with this machine; what reads it is loaded here, so that a snapshot is compared without it. */
async function inspectMachine(desired: DesiredNetwork, progress: Progress): Promise<InspectResult> {
  const { Machine } = await import('../kernel/machine.ts');
  const { inspect } = await import('../reconcile/pass.ts');
  const machine = Machine.open();
  try {
    return inspect(machine, desired, { adopt: false, progress });
  } finally {
    progress.clear();
    machine.close();
  }
}

async function inspectSnapshot(
  desired: DesiredNetwork,
  path: string,
  files: readonly string[],
): Promise<InspectResult> {
  if (path === '-' && files.includes('-')) {
    throw new ReconcileError('usage', 'standard input is either the topology or the snapshot, not both');
  }
  const { decodeSnapshot } = await import('../report/snapshot/decode.ts');
  const { recall } = await import('../reconcile/snapshot.ts');
  const { observed, applied } = recall(decodeSnapshot(readText(path), path), desired);
  return inspectObserved(desired, observed, { adopt: false, applied });
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (code ?? 'it cannot be read');
    throw new ReconcileError('file', `${path}: ${reason}`, { cause: error });
  }
}
