// One entry of the log, as a line for people or as a line of JSON.

export type LogFormat = 'text' | 'json';

/** What is told beside the message, for machines; a name that is absent has nothing to tell. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Entry {
  /** What kind of thing happened, one word of a fixed set. */
  readonly event: string;
  /** For people, printable. */
  readonly message: string;
  readonly fields: Fields;
}

/** The line, with its time in UTC; ends in a newline. */
export function formatEntry({ event, message, fields }: Entry, time: Date, format: LogFormat): string {
  const stamp = time.toISOString();
  if (format === 'text') return `${stamp} ${message}\n`;
  return `${JSON.stringify({ time: stamp, event, message, ...fields })}\n`;
}
