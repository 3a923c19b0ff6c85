// Words of a POSIX shell's command line: whatever a name holds, it stays one word and nothing in it runs.
import { SELF } from '../../state/network.ts';
import { unprintable } from '../printable.ts';

/** One command line; every word is quoted where it needs to be. */
export function commandLine(words: readonly (string | number)[]): string {
  return words.map((word) => quote(String(word))).join(' ');
}

/** An `ip` command in a namespace: `ip -n host0 …`, or `ip …` for the namespace the shell runs in. */
export function ip(netns: string, ...words: readonly (string | number)[]): string {
  return commandLine(netns === SELF ? ['ip', ...words] : ['ip', '-n', netns, ...words]);
}

/** The text as one word of sh; characters that a terminal would obey are written by printf. */
export function quote(text: string): string {
  if (/^[A-Za-z0-9_.,:/@%+=-]+$/.test(text)) return text;
  if (text.search(unprintable) < 0) return `'${text.replaceAll("'", `'\\''`)}'`;
  const format = text
    .replace(/[\\%]/g, (char) => (char === '%' ? '%%' : '\\\\'))
    .replaceAll("'", '\\047')
    .replace(unprintable, octal);
  return `"$(printf '${format}')"`;
}

/** A comment line that cannot end early. */
export function comment(text: string): string {
  return `# ${text.replace(unprintable, ' ')}`;
}

function octal(char: string): string {
  let escaped = '';
  for (const byte of Buffer.from(char)) escaped += `\\${byte.toString(8).padStart(3, '0')}`;
  return escaped;
}
