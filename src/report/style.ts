// Colour, by meaning. A report asks for meanings; whether they become colours is decided once, by who owns the output.

export type Meaning = 'missing' | 'changed' | 'extra' | 'conflict' | 'failed' | 'strong' | 'faint';

export type Style = (meaning: Meaning, text: string) => string;

const codes: Readonly<Record<Meaning, readonly [number, number]>> = {
  missing: [32, 39],
  changed: [33, 39],
  extra: [31, 39],
  conflict: [35, 39],
  failed: [31, 39],
  strong: [1, 22],
  faint: [2, 22],
};

/** Text as it is. */
export const plain: Style = (_meaning, text) => text;

/** Text in the sixteen colours every terminal has. */
export const coloured: Style = (meaning, text) => {
  const [on, off] = codes[meaning];
  return `\x1b[${on}m${text}\x1b[${off}m`;
};
