// What the doctor found, for people and as JSON.
import type { Finding, Severity } from '../doctor/finding.ts';
import type { Difference } from '../reconcile/difference.ts';
import type { DesiredNetwork } from '../state/network.ts';
import type { Remedy } from '../trace/fault.ts';
import { faultAsJson, formatMending, formatRemedy } from './fault.ts';
import type { Fields } from './item.ts';
import { printable } from './printable.ts';
import { type Meaning, plain, type Style } from './style.ts';
import { counted } from './text.ts';

/** A finding with the difference between file and kernel behind it (null: none, or a finding about the machine). */
export interface Diagnosis {
  readonly finding: Finding;
  readonly difference: Difference | null;
}

const meanings: Readonly<Record<Severity, Meaning>> = {
  good: 'missing',
  note: 'faint',
  warning: 'changed',
  failure: 'failed',
};

/** One finding a paragraph, worst last, and a summary; ends in a newline. `network`: null where no file was given. */
export function formatDoctor(
  network: DesiredNetwork | null,
  diagnoses: readonly Diagnosis[],
  style: Style = plain,
): string {
  const lines = sorted(diagnoses).flatMap((diagnosis) => paragraph(network, diagnosis, style));
  return `${[...lines, '', formatSummary(diagnoses, style)].join('\n')}\n`;
}

const order: readonly Severity[] = ['good', 'note', 'warning', 'failure'];

function sorted(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  return order.flatMap((severity) => diagnoses.filter(({ finding }) => finding.severity === severity));
}

const INDENT = ' '.repeat(9);

function paragraph(
  network: DesiredNetwork | null,
  { finding, difference }: Diagnosis,
  style: Style,
): string[] {
  const { severity, message, evidence, remedy, fault } = finding;
  const head = `${style(meanings[severity], severity.padEnd(8))} ${printable(message)}`;
  const below = evidence === null ? [] : [printable(evidence)];
  if (fault !== null && network !== null) below.push(...formatMending(network, { fault, difference }, style));
  else if (remedy !== null) below.push(`${style('strong', 'mend:')} ${wordsOf(remedy)}`);
  return [head, ...below.map((line) => `${INDENT}${line}`)];
}

function wordsOf(remedy: Remedy): string {
  return remedy.kind === 'advice' ? printable(remedy.text) : (formatRemedy(remedy) ?? '');
}

function formatSummary(diagnoses: readonly Diagnosis[], style: Style): string {
  const count = (severity: Severity): number =>
    diagnoses.filter(({ finding }) => finding.severity === severity).length;
  const parts = [
    [count('failure'), 'failure'],
    [count('warning'), 'warning'],
    [count('note'), 'note'],
  ] as const;
  const told = parts.filter(([n]) => n > 0).map(([n, noun]) => counted(n, noun));
  return style('strong', told.length === 0 ? 'nothing stands in the way' : told.join(', '));
}

/** What `--format json` prints. */
export function doctorAsJson(network: DesiredNetwork | null, diagnoses: readonly Diagnosis[]): Fields {
  return {
    version: 1,
    topology: network?.name ?? null,
    findings: sorted(diagnoses).map(({ finding, difference }) => {
      const { code, severity, message, evidence, remedy, fault } = finding;
      const explained =
        fault !== null && network !== null ? faultAsJson(network, { fault, difference }) : null;
      return {
        code,
        severity,
        netns: fault?.netns ?? null,
        dev: fault?.dev ?? null,
        message,
        evidence,
        source: explained?.source ?? null,
        command: explained?.command ?? formatRemedy(remedy),
        advice: remedy?.kind === 'advice' ? remedy.text : null,
      };
    }),
  };
}
