// The problems of a topology, each with its place, the line it stands on, a caret under what is meant, and a hint.
import type { Problem } from '../errors.ts';
import { displayWidth, printable } from './printable.ts';
import { plain, type Style } from './style.ts';

/** Columns of a source line that are shown; longer lines are cut around the place. */
const EXCERPT_WIDTH = 96;
const LEAD_WIDTH = 48;

/** All problems, one paragraph each, and their number; ends in a newline. */
export function formatProblems(problems: readonly Problem[], style: Style = plain): string {
  const paragraphs = problems.map((problem) => formatProblem(problem, style));
  const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
  return `${[...paragraphs, `${style('strong', count)}\n`].join('\n')}`;
}

/** One problem; ends in a newline. */
export function formatProblem(problem: Problem, style: Style = plain): string {
  const place = `${printable(problem.file)}:${problem.line}:${problem.column}`;
  const lines = [`${style('strong', `${place}:`)} ${style('failed', printable(problem.message))}`];
  const margin = ' '.repeat(Math.max(4, String(problem.line).length));
  if (problem.excerpt !== null) {
    const { text, caret } = underline(problem.excerpt.text, problem.column - 1, problem.excerpt.length);
    lines.push(`${style('faint', `${String(problem.line).padStart(margin.length)} |`)} ${text}`);
    lines.push(`${style('faint', `${margin} |`)} ${style('failed', caret)}`);
  }
  if (problem.hint !== null) lines.push(`${style('faint', `${margin} =`)} hint: ${printable(problem.hint)}`);
  return `${lines.join('\n')}\n`;
}

/** The part of a line around `[start, start + length)`, in UTF-16 units, and the carets that stand under it. */
function underline(line: string, start: number, length: number): { text: string; caret: string } {
  const from = Math.max(0, Math.min(start - LEAD_WIDTH, line.length - EXCERPT_WIDTH));
  const to = Math.min(line.length, from + EXCERPT_WIDTH);
  const end = Math.min(to, start + Math.max(1, length));
  const lead = (from > 0 ? '…' : '') + printable(line.slice(from, start));
  const meant = printable(line.slice(start, end));
  const rest = printable(line.slice(end, to)) + (to < line.length ? '…' : '');
  const carets = '^'.padEnd(Math.max(1, displayWidth(meant)), '~');
  return { text: (lead + meant + rest).trimEnd(), caret: ' '.repeat(displayWidth(lead)) + carets };
}
