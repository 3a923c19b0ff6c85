// The manual page, made from the words that --help prints: man(7) for `man calico-reconcile`.
import type { Command } from 'commander';
import { packageVersion } from './package-version.ts';

/** What the page says beside verbs and options. */
const files: readonly (readonly [path: string, meaning: string])[] = [
  ['/run/netns', 'the names of network namespaces, shared with ip-netns(8)'],
  [
    '/run/calico-reconcile',
    'locks, and what was applied last; nothing that decides what may be deleted: that is marked in the kernel',
  ],
];

const environment: readonly (readonly [name: string, meaning: string])[] = [
  ['NO_COLOR', 'print without colour'],
  ['CI', 'print without colour'],
  ['CALICO_RECONCILE_DEBUG', 'print the stack of an internal error'],
];

const statuses: readonly (readonly [status: string, meaning: string])[] = [
  ['0', 'in sync, or done'],
  ['1', 'something failed, could not be read, or the input or usage is wrong'],
  ['2', 'diff and apply --dry-run: there are differences, all of them pending (the file changed)'],
  ['3', 'diff and apply --dry-run: there are differences, some of them drift (the kernel changed)'],
];

/** The page of a program; ends in a newline. */
export function formatManual(program: Command): string {
  const name = program.name();
  const lines = [
    '.\\" Made from the words of --help: npm run docs',
    `.TH ${quote(name.toUpperCase())} 8 "" ${quote(`${name} ${packageVersion()}`)}`,
    '.SH NAME',
    `${roff(name)} \\- ${roff(sentence(program.description()))}`,
    '.SH SYNOPSIS',
    `.B ${roff(name)}`,
    `.I VERB`,
    '[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...',
    '.SH VERBS',
    ...program.commands.flatMap((verb) => verbSection(name, verb)),
    '.SH OPTIONS',
    ...program.options.flatMap((option) => item(roff(option.flags), option.description)),
    '.SH EXIT STATUS',
    ...statuses.flatMap(([status, meaning]) => item(status, meaning)),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([variable, meaning]) => item(variable, meaning)),
    '.SH FILES',
    ...files.flatMap(([path, meaning]) => item(roff(path), meaning)),
    '.SH SEE ALSO',
    '.BR ip (8),',
    '.BR ip-netns (8),',
    '.BR ip-route (8),',
    '.BR bird (8)',
  ];
  return `${lines.join('\n')}\n`;
}

function verbSection(name: string, verb: Command): string[] {
  const lines = [
    `.SS ${quote(`${name} ${verb.name()} ${usageOf(verb)}`.trim())}`,
    roff(capital(verb.description())),
  ];
  for (const argument of verb.registeredArguments)
    if (argument.description !== '')
      lines.push(...item(`\\fI${roff(argument.name())}\\fR`, argument.description));
  for (const option of verb.options) lines.push(...item(`\\fB${roff(option.flags)}\\fR`, optionText(option)));
  const examples = examplesOf(verb);
  if (examples.length > 0)
    lines.push(
      '.PP',
      'Examples:',
      '.PP',
      '.nf',
      ...examples.map((line) => `.RS 4\n${roff(line)}\n.RE`),
      '.fi',
    );
  return lines;
}

function usageOf(verb: Command): string {
  return verb.registeredArguments
    .map((argument) => {
      const word = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? word : `[${word}]`;
    })
    .join(' ');
}

function optionText(option: Command['options'][number]): string {
  const choices = option.argChoices === undefined ? '' : `; one of ${option.argChoices.join(', ')}`;
  const initial = option.defaultValue === undefined ? '' : `; default: ${option.defaultValue}`;
  return `${option.description}${choices}${initial}`;
}

/** The examples of the verb's own help: its lines that begin with `$`. */
function examplesOf(verb: Command): string[] {
  let help = '';
  verb.configureOutput({
    writeOut: (text) => {
      help += text;
    },
  });
  verb.outputHelp();
  return [...help.matchAll(/^ {2}(\$ .*)$/gm)].map((match) => match[1]!);
}

function item(term: string, text: string): string[] {
  return ['.TP', term, roff(text)];
}

/** Text in which nothing is a request or an escape. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
}

function quote(text: string): string {
  return `"${roff(text).replaceAll('"', '\\(dq')}"`;
}

function sentence(text: string): string {
  return text.replace(/\.$/, '').replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

function capital(text: string): string {
  return `${text.replace(/^[a-z]/, (letter) => letter.toUpperCase())}.`;
}
