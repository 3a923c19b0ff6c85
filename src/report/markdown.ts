// The drift report as Markdown, for a comment on a pull request or a job's summary: a table, and the commands that
// would mend it, folded away. Cut to what a comment may hold, and then it says how much is left out.
import { summarize } from '../reconcile/difference.ts';
import type { InspectResult } from '../reconcile/inspect.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { describeChanges, describeItem, describePlace, placeOf } from './describe.ts';
import { mendingCommands } from './ip/mend.ts';
import { printable } from './printable.ts';
import { counted, formatInSync, formatSummary, signOf } from './text.ts';

/** Characters; a comment on GitHub holds 65 536. */
const LONGEST = 60_000;

/** The report; ends in a newline. */
export function formatMarkdown(
  network: DesiredNetwork,
  { differences, ignored, items, plan }: InspectResult,
): string {
  if (differences.length === 0) return `**${formatInSync(network.name, items, ignored)}**\n`;
  const summary = summarize(differences, ignored);
  const head = [`**${formatSummary(network.name, summary)}**`, ''];
  const rows = differences.map((difference) => {
    const changes = describeChanges(difference).map(code);
    const cause = difference.cause === null ? [] : [code(printable(difference.cause))];
    const what = [code(describeItem(difference)), ...changes, ...cause].join('<br>');
    const place = describePlace(network.files, placeOf(difference));
    const cells = [
      code(signOf(difference).sign),
      code(printable(difference.netns)),
      what,
      `${difference.class}${difference.conflict ? ', conflict' : ''}`,
      place === null ? 'in no file' : code(place),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const table = cut(rows, LONGEST / 2, 'difference');
  const titles = ['| | netns | item | class | place |', '| --- | --- | --- | --- | --- |'];
  const inOrder = plan.steps.map((step) => step.difference);
  const commands = mendingCommands(network, inOrder).flatMap((command) => command?.split('\n') ?? []);
  return `${[...head, ...titles, ...table.lines, ...table.rest, ...fold(commands)].join('\n')}\n`;
}

/** Commands folded away, in a fence that none of them can end. */
function fold(commands: readonly string[]): string[] {
  if (commands.length === 0) return [];
  const { lines, rest } = cut(commands, LONGEST / 2, 'command');
  const fence = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  const title = `<details><summary>${counted(commands.length, 'command')} that would mend it</summary>`;
  return ['', title, '', `${fence}sh`, ...lines, fence, ...rest, '', '</details>'];
}

/** As many lines as the room holds, and what to say of the rest. */
function cut(lines: readonly string[], room: number, noun: string): { lines: string[]; rest: string[] } {
  let length = 0;
  const count = lines.findIndex((line) => {
    length += line.length + 1;
    return length > room;
  });
  if (count < 0) return { lines: [...lines], rest: [] };
  return {
    lines: lines.slice(0, count),
    rest: ['', `… and ${counted(lines.length - count, `more ${noun}`)}`],
  };
}

/** A code span in a table's cell, whatever the text holds. */
function code(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  const padding = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${padding}${text.replaceAll('|', '\\|')}${padding}${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}
