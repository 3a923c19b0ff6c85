// The drift report as GitHub's workflow commands: an annotation on the line that asked for it, then the summary.
// Drift and conflicts are errors, what is pending is a warning. What a name holds never becomes a command.
import { type Difference, summarize } from '../reconcile/difference.ts';
import type { InspectResult } from '../reconcile/inspect.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { locate } from '../state/place.ts';
import { describeSentence, placeOf } from './describe.ts';
import { formatInSync, formatSummary } from './text.ts';

/** One annotation a line, and a line for people; ends in a newline. */
export function formatAnnotations(
  network: DesiredNetwork,
  { differences, ignored, items }: Pick<InspectResult, 'differences' | 'ignored' | 'items'>,
): string {
  if (differences.length === 0) return `${formatInSync(network.name, items, ignored)}\n`;
  const lines = differences.map((difference) => annotation(network, difference));
  lines.push(formatSummary(network.name, summarize(differences, ignored)));
  return `${lines.join('\n')}\n`;
}

function annotation(network: DesiredNetwork, difference: Difference): string {
  const level = difference.class === 'drift' || difference.conflict ? 'error' : 'warning';
  const title = `${network.name}: ${difference.class}${difference.conflict ? ', conflict' : ''}`;
  const location = locate(network.files, placeOf(difference));
  const properties: (readonly [string, string | number])[] = [
    ...(location === null
      ? []
      : ([
          ['file', location.file],
          ['line', location.line],
          ['col', location.column],
        ] as const)),
    ['title', title],
  ];
  const words = properties.map(([name, value]) => `${name}=${escapeProperty(String(value))}`).join(',');
  return `::${level} ${words}::${escapeData(describeSentence(difference))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
