// The results as a table of Markdown, which is what docs/performance.md holds.
import type { Result, Row } from './contest.ts';

const head = ['work', 'size', 'by', 'median', 'least to most', '× floor', 'CPU', 'peak RSS', ''];

export function formatTable(rows: readonly Row[]): string {
  const lines = [head, head.map(() => '---'), ...rows.flatMap(linesOf)];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function linesOf({ work, title, size, results }: Row): string[][] {
  return results.map((result, index) => [
    index === 0 ? `**${work}** ${title}` : '',
    index === 0 ? size.toLocaleString('en-US').replaceAll(',', ' ') : '',
    result.name,
    milliseconds(result.median),
    result.rounds.length > 1 ? `${milliseconds(result.least)} to ${milliseconds(result.most)}` : '',
    ratioOf(result),
    result.cpuMs === null ? '' : milliseconds(result.cpuMs),
    result.rssMb === null ? '' : `${result.rssMb.toFixed(0)} MB`,
    result.note?.split('\n')[0]?.slice(0, 120) ?? '',
  ]);
}

function ratioOf({ ratio }: Result): string {
  return ratio === null ? '' : ratio.toFixed(ratio < 10 ? 2 : 0);
}

function milliseconds(ms: number): string {
  return Number.isFinite(ms) ? `${ms < 10 ? ms.toFixed(2) : ms.toFixed(0)} ms` : '';
}
