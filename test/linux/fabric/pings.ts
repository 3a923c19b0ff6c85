// Who reaches whom in a topology, with real packets in every family that both have; and packets of a size of one's own.
import { spawnSync } from 'node:child_process';
import { ping } from '../../../src/lab/probe.ts';
import { familyOf, formatIp, type Ip } from '../../../src/state/ip.ts';
import type { DesiredNetwork } from '../../../src/state/network.ts';
import { loadTopology } from '../../../src/topology/load.ts';
import { readTopology } from '../../../src/topology/read.ts';
import { validate } from '../../../src/topology/validate.ts';

export interface Station {
  readonly netns: string;
  readonly addresses: readonly Ip[];
}

/** The network of a file. */
export function networkOfFile(file: string): DesiredNetwork {
  return readTopology([file], { hosts: null, hostname: 'nowhere' });
}

/** Every workload of a file, replicas included. */
export function stationsOf(file: string): Station[] {
  return (validate(loadTopology([file]))?.workloads ?? []).map(({ netns, addresses }) => ({
    netns,
    addresses: addresses.map(({ address }) => address),
  }));
}

/** `NETNS > ADDRESS` of every pair that does not answer; and how many were tried. */
export function lostPairs(stations: readonly Station[]): { readonly tried: number; readonly lost: string[] } {
  const lost: string[] = [];
  let tried = 0;
  for (const from of stations) {
    const families = new Set(from.addresses.map(familyOf));
    for (const to of stations) {
      if (to === from) continue;
      for (const address of to.addresses.filter((one) => families.has(familyOf(one)))) {
        tried++;
        const { received } = ping(from.netns, address, { count: 1, timeout: 3000 });
        if (received === 0) lost.push(`${from.netns} > ${formatIp(address)}`);
      }
    }
  }
  return { tried, lost };
}

/** Whether one packet of a whole size in bytes, IP header included, gets there and back, and may not be fragmented. */
export function passesWhole(netns: string, to: string, size: number): boolean {
  const header = to.includes(':') ? 48 : 28;
  const args = ['-n', '-c', '1', '-W', '5', '-M', 'do', '-s', String(size - header), to];
  return (
    spawnSync('ip', ['netns', 'exec', netns, 'ping', ...args], {
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    }).status === 0
  );
}
