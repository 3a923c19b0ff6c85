// The words that several verbs share: a verb with its examples, and the options that more than one of them takes.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { kinds, parseIgnore } from '../state/ignore.ts';
import type { Terminal } from './terminal.ts';

/** What a verb does once its words are read; its exit status: an ExitStatus, but for a lab's command. */
export type Verb = (terminal: Terminal) => number | Promise<number>;

/** Runs a verb and keeps its status. */
export type Run = (verb: Verb) => Promise<void>;

export const FILES = 'topology files, directories of them, or - for standard input';

/** A verb with what it does and its examples, one a line. */
export function addVerb(
  program: Command,
  name: string,
  summary: string,
  examples: readonly string[],
): Command {
  const text = ['', 'Examples:', ...examples.map((example) => `  $ ${example}`)].join('\n');
  return program.command(name).description(summary).addHelpText('after', text);
}

/** `--format`, the first being the default. */
export function formatOption(...formats: readonly [string, ...string[]]): Option {
  return new Option('--format <format>', 'how to print it').choices(formats).default(formats[0]);
}

/** `--host`, repeatable. */
export function hostOption(): Option {
  const text =
    'a host of the topology that this run touches; repeatable (default: this machine and every simulated host)';
  return new Option('--host <name>', text).argParser(collect);
}

/** `--ignore`, repeatable. */
export function ignoreOption(): Option {
  const text =
    "a known difference, 'NETNS [KIND [KEY]]' with * and ?, counted and not shown; repeatable (beside the topology's own)";
  return new Option('--ignore <pattern>', text).argParser(
    (pattern, before: readonly string[] | undefined) => {
      if (parseIgnore(pattern) === null)
        throw new InvalidArgumentError(`It is NETNS [KIND [KEY]]; kinds are ${kinds.join(', ')}.`);
      return collect(pattern, before);
    },
  );
}

/** Gathers the values of an option that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** A number of seconds from 1 to a day. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 1 && seconds <= 86_400))
    throw new InvalidArgumentError('It is a number of seconds, 1 to 86400.');
  return seconds;
}
