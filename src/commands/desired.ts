// The desired network of a command line: its files, and the hosts it names.
import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Progress } from '../report/progress.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { readModel, readTopology, type TopologyModel, TopologyReader } from '../topology/read.ts';

export interface HostOptions {
  /** The hosts this run touches; absent: this machine and every simulated host. */
  readonly host?: readonly string[];
}

/** Bytes of files that take a second or so to read. */
const LARGE = 16 << 20;

/** Reads and expands the files for the hosts of this run; throws a TopologyError with every problem. */
export function readDesired(
  files: readonly string[],
  options: HostOptions,
  progress?: Progress,
): DesiredNetwork {
  progress?.begin(`reading ${files.join(' ')}`, areLarge(files));
  return readTopology(files, { hosts: options.host ?? null, hostname: hostname() });
}

/** Reads as readDesired does, again and again, and each time only what changed. */
export function desiredReader(files: readonly string[], options: HostOptions): () => DesiredNetwork {
  const reader = new TopologyReader();
  return () => reader.read(files, { hosts: options.host ?? null, hostname: hostname() });
}

/** The files as hosts and workloads as well as expanded; throws a TopologyError with every problem. */
export function readTopologyModel(files: readonly string[], options: HostOptions): TopologyModel {
  return readModel(files, { hosts: options.host ?? null, hostname: hostname() });
}

function areLarge(files: readonly string[]): boolean {
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return files.reduce((bytes, file) => bytes + size(file), 0) > LARGE;
}
