// `graph`: a picture of a topology; with --live, what the kernel has of it in colours.
import { conditionsOf } from '../graph/condition.ts';
import { formatDot } from '../graph/dot.ts';
import { formatMermaid } from '../graph/mermaid.ts';
import { drawNetwork, type Graph } from '../graph/model.ts';
import { Machine } from '../kernel/machine.ts';
import type { Difference } from '../reconcile/difference.ts';
import { inspect } from '../reconcile/pass.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { type HostOptions, readDesired } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface GraphOptions extends HostOptions {
  readonly format: 'mermaid' | 'dot' | 'svg';
  readonly live?: boolean;
}

export async function graph(
  files: readonly string[],
  options: GraphOptions,
  terminal: Terminal,
): Promise<ExitStatus> {
  const network = readDesired(files, options);
  const drawing = drawNetwork(network, options.live ? conditionsOf(differencesOf(network)) : undefined);
  terminal.out(await format(drawing, options.format));
  return 0;
}

function differencesOf(network: DesiredNetwork): readonly Difference[] {
  const machine = Machine.open();
  try {
    return inspect(machine, network, { adopt: false }).differences;
  } finally {
    machine.close();
  }
}

async function format(drawing: Graph, name: GraphOptions['format']): Promise<string> {
  if (name === 'mermaid') return formatMermaid(drawing);
  if (name === 'dot') return formatDot(drawing);
  return (await import('../graph/svg.ts')).formatSvg(drawing);
}
