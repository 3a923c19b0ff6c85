// The verbs that show how the network works, or why it does not: their words on the command line.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { HostOptions } from './desired.ts';
import type { DoctorOptions } from './doctor.ts';
import type { ExportOptions } from './export.ts';
import type { GraphOptions } from './graph.ts';
import { addVerb, collect, FILES, formatOption, hostOption, type Run } from './options.ts';
import type { TraceOptions } from './trace.ts';
import type { VerifyCommandOptions } from './verify.ts';

export function addSeeingVerbs(program: Command, run: Run): void {
  addVerb(
    program,
    'lab',
    'run a topology in a sandbox of its own, with a shell or a command in it; needs no root',
    [
      'calico-reconcile lab two-hosts.yaml',
      'calico-reconcile lab two-hosts.yaml -- ip netns exec ns0 ping -c 3 10.20.1.3',
    ],
  )
    .argument('<file>', 'a topology file, or a directory of them')
    .argument('[command...]', 'what to run in it; a shell where nothing is said')
    .addOption(hostOption())
    .addHelpText('after', '\nExit status: that of the command; everything is gone when it ends.')
    .action((file: string, command: string[], options: HostOptions) =>
      run(async (terminal) => (await import('./lab.ts')).lab(file, command, options, terminal)),
    );

  addVerb(program, 'verify', 'send packets between the workloads, and say who reaches whom', [
    'calico-reconcile verify two-hosts.yaml',
    'calico-reconcile verify --format json fabric.yaml > matrix.json',
  ])
    .argument('<files...>', FILES)
    .addOption(formatOption('text', 'json'))
    .option('--all', 'try every pair; beyond 50 endpoints a sample is tried otherwise')
    .addOption(
      new Option('--sample <count>', 'partners that each endpoint sends to').argParser(numberFrom(1, 65_536)),
    )
    .addOption(
      new Option('--timeout <ms>', 'how long to wait for lost packets')
        .default(1500)
        .argParser(numberFrom(10, 60_000)),
    )
    .addOption(hostOption())
    .addHelpText('after', '\nExit status: 0 every pair reaches each other, 1 there is a hole.')
    .action((files: string[], options: VerifyCommandOptions) =>
      run(async (terminal) => (await import('./verify.ts')).verify(files, options, terminal)),
    );

  addVerb(program, 'trace', "follow a packet and its answer by the kernel's own lookups; sends nothing", [
    'calico-reconcile trace two-hosts.yaml ns0 ns1',
    'calico-reconcile trace --json two-hosts.yaml ns0 192.168.1.16',
  ])
    .argument('<file>', 'a topology file, or a directory of them')
    .argument('<from>', 'a workload, a host, or an address of one')
    .argument('<to>', 'a workload, a host, or any address')
    .option('--json', 'print it as JSON')
    .addOption(
      new Option('--family <family>', 'which of its addresses').argParser((text) => {
        if (text !== '4' && text !== '6') throw new InvalidArgumentError('It is 4 or 6.');
        return Number(text);
      }),
    )
    .addOption(hostOption())
    .addHelpText('after', '\nExit status: 0 the packet arrives, or leaves this machine; 1 it dies.')
    .action((file: string, from: string, to: string, options: TraceOptions) =>
      run(async (terminal) => (await import('./trace.ts')).trace(file, from, to, options, terminal)),
    );

  addVerb(program, 'graph', 'print a picture of a topology; with --live, how the kernel differs in colours', [
    'calico-reconcile graph two-hosts.yaml',
    'calico-reconcile graph --format svg --live two-hosts.yaml > two-hosts.svg',
  ])
    .argument('<files...>', FILES)
    .addOption(formatOption('mermaid', 'dot', 'svg'))
    .option('--live', 'compare with the kernel: missing red, changed orange, extra violet')
    .addOption(hostOption())
    .action((files: string[], options: GraphOptions) =>
      run(async (terminal) => (await import('./graph.ts')).graph(files, options, terminal)),
    );

  addVerb(program, 'doctor', 'say what on this machine would stop a topology, and what to do', [
    'calico-reconcile doctor',
    'calico-reconcile doctor two-hosts.yaml',
  ])
    .argument('[files...]', `${FILES}; their network is examined too`)
    .addOption(formatOption('text', 'json'))
    .addOption(hostOption())
    .addHelpText('after', '\nExit status: 0 nothing stands in the way, 1 there is a failure.')
    .action((files: string[], options: DoctorOptions) =>
      run(async (terminal) => (await import('./doctor.ts')).doctor(files, options, terminal)),
    );

  addVerb(program, 'export', 'print live namespaces as a topology file; applied to them it changes nothing', [
    'calico-reconcile export --netns host0 --netns ns0 > network.yaml',
    'calico-reconcile export --all --name office > office.yaml',
  ])
    .argument('[files...]', 'topology files: their namespaces are exported')
    .addOption(new Option('--netns <name>', 'a namespace to export; repeatable').argParser(collect))
    .option('--all', 'export every namespace')
    .option(
      '--name <name>',
      'the name of the topology (default: that of the one that owns them, or exported)',
    )
    .addOption(hostOption())
    .action((files: string[], options: ExportOptions) =>
      run(async (terminal) => (await import('./export.ts')).exportTopology(files, options, terminal)),
    );
}

function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    return value;
  };
}
