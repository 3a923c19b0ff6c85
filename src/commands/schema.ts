// `schema`: the JSON Schema of the topology format, for editors.
import { formatJson } from '../report/json.ts';
import { topologySchema } from '../topology/schema.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export function schema(terminal: Terminal): ExitStatus {
  terminal.out(formatJson(topologySchema));
  return 0;
}
