// Faults for people: what is wrong, where the file asked for better, and the command that mends it.
import type { Difference } from '../reconcile/difference.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { locate } from '../state/place.ts';
import type { Fault, Remedy } from '../trace/fault.ts';
import { describePlace, describeSentence, placeOf } from './describe.ts';
import { writeSysctl } from './ip/item.ts';
import { mendingCommands } from './ip/mend.ts';
import { commandLine, ip, quote } from './ip/shell.ts';
import type { Value } from './item.ts';
import { printable } from './printable.ts';
import { plain, type Style } from './style.ts';

/** A fault with the difference behind it (null: kernel and file agree about it). */
export interface ExplainedFault {
  readonly fault: Fault;
  readonly difference: Difference | null;
}

/** Lines under a fault's own: the item that differs, its place, and what to run. */
export function formatMending(
  network: DesiredNetwork,
  { fault, difference }: ExplainedFault,
  style: Style = plain,
): string[] {
  const lines: string[] = [];
  if (difference !== null) {
    lines.push(describeSentence(difference));
    const place = describePlace(network.files, placeOf(difference));
    if (place !== null) lines.push(`asked for at ${place}`);
  }
  const command = mendingCommand(network, { fault, difference });
  if (command !== null)
    lines.push(...command.split('\n').map((line) => `${style('strong', 'mend:')} ${line}`));
  else if (fault.remedy?.kind === 'advice')
    lines.push(`${style('strong', 'mend:')} ${printable(fault.remedy.text)}`);
  if (difference === null || network.files.length === 0) return lines;
  const files = network.files.map((file) => quote(file.name)).join(' ');
  if (difference.kind !== 'bgp') {
    const adopt = difference.conflict ? ' --adopt' : '';
    lines.push(`${style('strong', 'or:')}   calico-reconcile apply${adopt} ${files}`);
  } else if (difference.observed === null && isSimulated(network, difference.netns)) {
    lines.push(`${style('strong', 'mend:')} calico-reconcile watch ${files}`);
  }
  return lines;
}

/** Whether the namespace's BIRD is one that a watch runs. */
function isSimulated(network: DesiredNetwork, netns: string): boolean {
  return network.bgp.some((speaker) => speaker.netns === netns && speaker.simulated);
}

/** The commands that mend a fault, one a line; null where there are none. */
export function mendingCommand(
  network: DesiredNetwork,
  { fault, difference }: ExplainedFault,
): string | null {
  const ofDifference = difference === null ? null : (mendingCommands(network, [difference])[0] ?? null);
  return ofDifference ?? formatRemedy(fault.remedy);
}

/** A fault as plain data: every field always there. */
export function faultAsJson(
  network: DesiredNetwork,
  explained: ExplainedFault,
): { readonly [name: string]: Value } {
  const { fault, difference } = explained;
  const source = difference === null ? null : locate(network.files, placeOf(difference));
  return {
    code: fault.code,
    netns: fault.netns,
    dev: fault.dev,
    message: fault.message,
    difference: difference === null ? null : describeSentence(difference),
    source: source === null ? null : { file: source.file, line: source.line, column: source.column },
    command: mendingCommand(network, explained),
  };
}

/** The command of a remedy; null for advice in words. */
export function formatRemedy(remedy: Remedy | null): string | null {
  switch (remedy?.kind) {
    case 'ip':
      return ip(remedy.netns, ...remedy.words);
    case 'shell':
      return commandLine(remedy.words);
    case 'sysctl':
      return writeSysctl(remedy.netns, remedy);
    default:
      return null;
  }
}
