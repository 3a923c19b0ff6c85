// `validate`: every problem of a topology at once, or one line that there is none.
import { printable } from '../report/printable.ts';
import { counted } from '../report/text.ts';
import { validateTopology } from '../topology/read.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export function validate(files: readonly string[], terminal: Terminal): ExitStatus {
  const topology = validateTopology(files);
  terminal.out(`${printable(topology.name)}: valid, ${counted(topology.files.length, 'file')}\n`);
  return 0;
}
