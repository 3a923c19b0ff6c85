// The command line: verbs, options, help. Each verb's module is loaded when it runs, so that help and version are quick.
import { Argument, Command, CommanderError, Option } from 'commander';
import { plain } from '../report/style.ts';
import type { ApplyOptions } from './apply.ts';
import type { DestroyOptions } from './destroy.ts';
import type { DiffOptions } from './diff.ts';
import { reportFailure } from './failure.ts';
import {
  addVerb,
  collect,
  FILES,
  formatOption,
  hostOption,
  ignoreOption,
  parseSeconds,
  type Run,
} from './options.ts';
import { packageVersion } from './package-version.ts';
import type { RenderOptions } from './render.ts';
import { addSeeingVerbs } from './seeing-verbs.ts';
import type { SnapshotOptions } from './snapshot.ts';
import { type Terminal, uncoloured } from './terminal.ts';
import type { WatchCommandOptions } from './watch.ts';

/** Runs one command line (without node and script) to its exit status; whatever goes wrong is said on the terminal. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  let status = 0;
  const program = createProgram(terminal, async (verb) => {
    status = await verb(program.opts<{ color: boolean }>().color ? terminal : uncoloured(terminal));
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1;
    reportFailure(error, program.opts<{ color: boolean }>().color ? terminal : uncoloured(terminal));
    return 1;
  }
}

/** The program's verbs and options, to be described and not run. */
export function describeProgram(): Command {
  const nothing = { out: () => {}, err: () => {}, outStyle: plain, errStyle: plain, columns: null, env: {} };
  return createProgram(nothing, async () => {});
}

function createProgram(terminal: Terminal, run: Run): Command {
  const program = new Command('calico-reconcile')
    .description(
      "Reconciles a machine's links, addresses, routes, neighbours and sysctls with a topology file.",
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .option('--no-color', 'print without colour (as do NO_COLOR, CI and a pipe)')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      // A usage error is one line, its suggestion included.
      outputError: (text, write) => write(`${text.trim().replaceAll('\n', ' ')}\n`),
    })
    .exitOverride();
  addReadingVerbs(program, run);
  addChangingVerbs(program, run);
  addSeeingVerbs(program, run);
  addVerb(program, 'completion', 'print the completion script of a shell', [
    'source <(calico-reconcile completion bash)',
    'calico-reconcile completion fish > ~/.config/fish/completions/calico-reconcile.fish',
  ])
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action((shell: string) =>
      run(async (to) => (await import('./completion.ts')).completion(program, shell, to)),
    );
  return program;
}

function addReadingVerbs(program: Command, run: Run): void {
  addVerb(program, 'validate', 'check topology files: schema, references, conflicts', [
    'calico-reconcile validate two-hosts.yaml',
    'calico-reconcile validate base.yaml hosts.d/',
  ])
    .argument('<files...>', FILES)
    .action((files: string[]) =>
      run(async (terminal) => (await import('./validate.ts')).validate(files, terminal)),
    );

  addVerb(program, 'render', 'print the expanded topology', [
    'calico-reconcile render two-hosts.yaml',
    'calico-reconcile render --format ip two-hosts.yaml > build.sh',
  ])
    .argument('<files...>', FILES)
    .addOption(formatOption('yaml', 'json', 'ip'))
    .addOption(hostOption())
    .action((files: string[], options: RenderOptions) =>
      run(async (terminal) => (await import('./render.ts')).render(files, options, terminal)),
    );

  addVerb(program, 'diff', 'report how the kernel differs from the topology; changes nothing', [
    'calico-reconcile diff two-hosts.yaml',
    'calico-reconcile diff --format json --exit-zero two-hosts.yaml',
  ])
    .argument('<files...>', FILES)
    .addOption(formatOption('text', 'json', 'junit', 'sarif', 'github', 'markdown'))
    .option('--observed <snapshot>', 'compare with a snapshot instead of this machine; - is standard input')
    .addOption(ignoreOption())
    .option('--all', 'show every difference; a terminal gets the first 50 otherwise')
    .option('--quiet', 'print nothing; the exit status tells')
    .option('--exit-zero', 'exit 0 whatever the differences')
    .addOption(hostOption())
    .addHelpText('after', '\nExit status: 0 in sync, 1 failure, 2 differences pending, 3 some of them drift.')
    .action((files: string[], options: DiffOptions) =>
      run(async (terminal) => (await import('./diff.ts')).diff(files, options, terminal)),
    );

  addVerb(program, 'snapshot', 'print the live state as JSON, for diff --observed and bug reports', [
    'calico-reconcile snapshot two-hosts.yaml > snapshot.json',
    'calico-reconcile snapshot --all > snapshot.json',
  ])
    .argument('[files...]', FILES)
    .addOption(new Option('--netns <name>', 'a namespace to read; repeatable').argParser(collect))
    .option('--all', 'read every namespace')
    .addOption(hostOption())
    .action((files: string[], options: SnapshotOptions) =>
      run(async (terminal) => (await import('./snapshot.ts')).snapshot(files, options, terminal)),
    );

  addVerb(program, 'schema', 'print the JSON Schema of the topology format', [
    'calico-reconcile schema > topology.schema.json',
    "calico-reconcile schema | jq '.properties | keys'",
  ]).action(() => run(async (terminal) => (await import('./schema.ts')).schema(terminal)));
}

function addChangingVerbs(program: Command, run: Run): void {
  addVerb(program, 'apply', 'make the kernel what the topology says, then read back and prove it', [
    'calico-reconcile apply --dry-run two-hosts.yaml',
    'calico-reconcile apply two-hosts.yaml',
  ])
    .argument('<files...>', FILES)
    .option('--dry-run', 'print the plan and change nothing')
    .option('--adopt', 'overwrite what stands, different and not ours, where the topology wants something')
    .option('--prune-all', 'go on even where more than half of what is ours would be deleted')
    .option('--all', 'say every step; of more than 1 000 that go well, the first 1 000 are said one by one')
    .addOption(formatOption('text', 'json'))
    .addOption(hostOption())
    .addHelpText('after', '\nExit status: 0 in sync, 1 something is left undone; with --dry-run as diff.')
    .action((files: string[], options: ApplyOptions) =>
      run(async (terminal) => (await import('./apply.ts')).apply(files, options, terminal)),
    );

  addVerb(
    program,
    'watch',
    'converge and keep converged: by kernel events, on file edits, on SIGHUP, by a timer',
    [
      'calico-reconcile watch /etc/calico-reconcile/',
      'calico-reconcile watch --log json --metrics 127.0.0.1:9469 two-hosts.yaml',
    ],
  )
    .argument('<files...>', FILES)
    .addOption(
      new Option('--resync <seconds>', 'seconds between full passes').default(60).argParser(parseSeconds),
    )
    .addOption(new Option('--log <format>', 'how to log').choices(['text', 'json']).default('text'))
    .option('--metrics <addr:port>', 'serve /metrics, /healthz and /readyz there')
    .addOption(hostOption())
    .action((files: string[], options: WatchCommandOptions) =>
      run(async (terminal) => (await import('./watch.ts')).watch(files, options, terminal)),
    );

  addVerb(program, 'destroy', "remove everything that bears the topology's mark, and nothing else", [
    'calico-reconcile destroy two-hosts.yaml',
    'calico-reconcile destroy --name two-hosts',
  ])
    .argument('[files...]', FILES)
    .option('--name <name>', "the topology's name, where its files are gone")
    .action((files: string[], options: DestroyOptions) =>
      run(async (terminal) => (await import('./destroy.ts')).destroy(files, options, terminal)),
    );
}
