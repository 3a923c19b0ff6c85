// Text from a kernel or a file as it may be shown: names hold anything, and a terminal obeys what it is sent.

/** Control, format (bidirectional too), line-separating and lone surrogate characters. */
export const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text with every unprintable character as `\n`, `\t` or `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(
    unprintable,
    (char) => shortEscapes[char] ?? `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
}

/** The text with every unprintable character as JSON and YAML's double quotes write it: `\u001b`. */
export function escapeInQuotes(text: string): string {
  return text.replace(unprintable, (char) => {
    let escaped = '';
    for (let i = 0; i < char.length; i++) escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`;
    return escaped;
  });
}

const marks = /\p{Mn}|\p{Me}/u;
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** How many columns of a terminal the text takes. */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += marks.test(char) ? 0 : wide.test(char) ? 2 : 1;
  return width;
}
