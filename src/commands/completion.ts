// `completion`: scripts by which shells complete verbs, options and their values, made from the command line's own words.
import type { Command, Option } from 'commander';
import { ReconcileError } from '../errors.ts';
import type { Terminal } from './terminal.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Prints the script of a shell. */
export function completion(program: Command, shell: string, terminal: Terminal): number {
  const known = shells.find((name) => name === shell);
  if (known === undefined) {
    throw new ReconcileError('usage', `there is no completion for ${shell}`, {
      hint: `the shells are ${shells.join(', ')}`,
    });
  }
  terminal.out(formatCompletion(program, known));
  return 0;
}

/** The script that completes a program's command line; ends in a newline. */
export function formatCompletion(program: Command, shell: Shell): string {
  const verbs = program.commands.map(describeVerb);
  const globals = program.options.map((option) => option.long!).concat('--help');
  if (shell === 'bash') return bash(program.name(), verbs, globals);
  if (shell === 'zsh') return zsh(program.name(), verbs, globals);
  return fish(program.name(), verbs, program.options);
}

interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly Option[];
  /** Values of the first argument where it is one of a few; null where it is a file. */
  readonly choices: readonly string[] | null;
}

function describeVerb(command: Command): Verb {
  return {
    name: command.name(),
    summary: command.description(),
    options: command.options,
    choices: command.registeredArguments[0]?.argChoices ?? null,
  };
}

/** Options that take one of a few values, as `--format` does. */
function choicesOf({ options }: Verb): [name: string, values: readonly string[]][] {
  return options.flatMap((option) =>
    option.argChoices === undefined ? [] : [[option.long!, option.argChoices]],
  );
}

function bash(name: string, verbs: readonly Verb[], globals: readonly string[]): string {
  const cases = verbs.map((verb) => {
    const values = choicesOf(verb).map(
      ([option, choices]) =>
        `        ${option}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$word")); return ;;`,
    );
    const options = [...verb.options.map((option) => option.long!), '--help'].join(' ');
    const positional =
      verb.choices === null
        ? '      COMPREPLY=($(compgen -f -- "$word"))'
        : `      COMPREPLY=($(compgen -W '${verb.choices.join(' ')}' -- "$word"))`;
    return [
      `    ${verb.name})`,
      ...(values.length === 0 ? [] : ['      case "$before" in', ...values, '      esac']),
      `      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '${options}' -- "$word")); return; fi`,
      positional,
      '      ;;',
    ].join('\n');
  });
  return `# ${name}: completion for bash. In ~/.bashrc: source <(${name} completion bash)
_${variable(name)}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} verb='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then verb=\${COMP_WORDS[i]}; break; fi
  done
  case "$verb" in
    '')
      COMPREPLY=($(compgen -W '${[...verbs.map((verb) => verb.name), ...globals].join(' ')}' -- "$word"))
      ;;
${cases.join('\n')}
  esac
}
complete -o filenames -F _${variable(name)} ${name}
`;
}

function zsh(name: string, verbs: readonly Verb[], globals: readonly string[]): string {
  const cases = verbs.map((verb) => {
    const options = verb.options.map((option) => {
      const values = option.argChoices === undefined ? '' : `(${option.argChoices.join(' ')})`;
      const value = option.required ? `:${option.attributeName()}:${values}` : '';
      return `'*${option.long}[${zshText(option.description)}]${value}'`;
    });
    const positional = verb.choices === null ? "'*:file:_files'" : `'1:value:(${verb.choices.join(' ')})'`;
    return `    ${verb.name}) _arguments ${[...options, positional].join(' ')} ;;`;
  });
  return `#compdef ${name}
# ${name}: completion for zsh. In ~/.zshrc, after compinit: source <(${name} completion zsh)
_${variable(name)}() {
  local -a verbs
  verbs=(
${verbs.map((verb) => `    '${verb.name}:${zshText(verb.summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then compadd -- ${globals.join(' ')}; else _describe verb verbs; fi
    return
  fi
  local verb=$words[2]
  shift words; (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
  esac
}
compdef _${variable(name)} ${name}
`;
}

function fish(name: string, verbs: readonly Verb[], globals: readonly Option[]): string {
  const lines = [
    `# ${name}: completion for fish. In ~/.config/fish/config.fish: ${name} completion fish | source`,
  ];
  const whenNone = `__fish_use_subcommand`;
  for (const option of globals)
    lines.push(
      `complete -c ${name} -n ${whenNone} -l ${option.long!.slice(2)} -d '${fishText(option.description)}'`,
    );
  for (const verb of verbs) {
    lines.push(`complete -c ${name} -n ${whenNone} -f -a ${verb.name} -d '${fishText(verb.summary)}'`);
    const when = `'__fish_seen_subcommand_from ${verb.name}'`;
    if (verb.choices !== null) lines.push(`complete -c ${name} -n ${when} -f -a '${verb.choices.join(' ')}'`);
    for (const option of verb.options) {
      const values = option.argChoices === undefined ? '' : ` -f -a '${option.argChoices.join(' ')}'`;
      const required = option.required ? ' -r' : '';
      const text = fishText(option.description);
      lines.push(
        `complete -c ${name} -n ${when} -l ${option.long!.slice(2)}${required}${values} -d '${text}'`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function variable(name: string): string {
  return name.replaceAll('-', '_');
}

function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
}

function fishText(text: string): string {
  return text.replace(/['\\]/g, '\\$&');
}
