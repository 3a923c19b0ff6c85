// `render`: the expanded topology, as a topology file, as JSON, or as the commands that would build it.
import { formatBuildScript } from '../report/ip/build.ts';
import { formatJson } from '../report/json.ts';
import { asTopology } from '../report/topology.ts';
import { formatTopology } from '../report/yaml.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { type HostOptions, readDesired } from './desired.ts';
import type { ExitStatus } from './exit-status.ts';
import type { Terminal } from './terminal.ts';

export interface RenderOptions extends HostOptions {
  readonly format: 'yaml' | 'json' | 'ip';
}

const formats: Readonly<Record<RenderOptions['format'], (network: DesiredNetwork) => string>> = {
  yaml: formatTopology,
  json: (network) => formatJson(asTopology(network)),
  ip: formatBuildScript,
};

export function render(files: readonly string[], options: RenderOptions, terminal: Terminal): ExitStatus {
  terminal.out(formats[options.format](readDesired(files, options)));
  return 0;
}
