// The network that the watch is measured on: a host with many workloads, many more routes, and neighbours, and a second
// host behind a bridge; and what a reader of its file wants of it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DesiredNetwork } from '../../src/state/network.ts';
import { parseTopology } from '../../src/topology/load.ts';
import { expandLoaded } from '../../src/topology/read.ts';

export interface FabricSize {
  readonly workloads: number;
  /** Beside the workloads' own. */
  readonly routes: number;
  readonly neighbours: number;
}

export const HOST = 'host0';

export interface Fabric {
  readonly file: string;
  readonly network: DesiredNetwork;
}

/** Writes the topology into a directory. */
export function writeFabric(directory: string, size: FabricSize): Fabric {
  const text = topologyText(size);
  const file = join(directory, 'fabric.yaml');
  writeFileSync(file, text);
  const loaded = parseTopology([{ name: file, bytes: Buffer.from(text) }]);
  return { file, network: expandLoaded(loaded, { hosts: null, hostname: 'here' }) };
}

export function topologyText({ workloads, routes, neighbours }: FabricSize): string {
  const lines = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');
  return `name: fabric
hosts:
  ${HOST}: { netns: ${HOST}, uplink: { dev: ens192, address: 192.168.1.32/24 } }
  host1: { netns: host1, uplink: { dev: ens192, address: 192.168.1.16/24 } }
underlay:
  lan: { hosts: [${HOST}, host1] }
pools:
  - { cidr: 10.20.0.0/16, encapsulation: none }
workloads:
${lines(workloads, (i) => `  w${i}: { host: ${HOST}, address: 10.20.${i >> 8}.${i & 255} }`)}netns:
  ${HOST}:
    links:
      nb0:
        kind: veth
        peer: { name: nb1 }
        addresses: [172.20.0.1/16]
        neighbours:
${lines(neighbours, (i) => `          - { dst: 172.20.1.${i}, mac: 02:00:00:00:01:${(i & 255).toString(16).padStart(2, '0')} }`)}    routes:
${lines(routes, (i) => `      - { dst: 10.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32, via: 192.168.1.16, dev: ens192 }`)}`;
}
