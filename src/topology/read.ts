// Topology files to the desired network of this run: load, validate, expand; or every problem at once.
import { TopologyError } from '../errors.ts';
import type { DesiredNetwork } from '../state/network.ts';
import type { SourceFile } from '../state/place.ts';
import { allSlices, type ReadOptions, touchedHosts } from './expand/slice.ts';
import { expand } from './expand.ts';
import {
  type FileContents,
  joinFiles,
  type LoadedFile,
  type LoadedTopology,
  loadFile,
  loadTopology,
  readFiles,
  reloadFile,
} from './load.ts';
import { RouteRecall } from './model/route-recall.ts';
import type { Topology } from './model/topology.ts';
import { type Finding, type ProblemCode, toProblems } from './source/findings.ts';
import { validate } from './validate.ts';

export type { ReadOptions };

/** What expansion finds that earlier faults cannot have caused. */
const independent: ReadonlySet<ProblemCode> = new Set(['itemsDisagree', 'unknownLink', 'unknownNetns']);

/** The desired network of the files for the hosts of this run; throws a TopologyError with every problem. */
export function readTopology(paths: readonly string[], options: ReadOptions): DesiredNetwork {
  return expandLoaded(loadTopology(paths), options);
}

/** Reads a topology again and again: of those files whose bytes are others than the last time, as little as can be. */
export class TopologyReader {
  #files: ReadonlyMap<string, LoadedFile> = new Map();
  #routeRecall: RouteRecall | null = null;

  /** As readTopology. */
  read(paths: readonly string[], options: ReadOptions): DesiredNetwork {
    const files = readFiles(paths).map((contents) => {
      const known = this.#files.get(contents.name);
      if (known === undefined) return loadFile(contents);
      return isSame(known, contents) ? known : (reloadFile(known, contents) ?? loadFile(contents));
    });
    this.#files = new Map(files.map((file) => [file.name, file]));
    const routeRecall = new RouteRecall(this.#routeRecall);
    this.#routeRecall = routeRecall;
    return expandLoaded({ ...joinFiles(files), routeRecall }, options);
  }
}

function isSame(known: FileContents, { bytes }: FileContents): boolean {
  return known.bytes !== null && bytes !== null && known.bytes.equals(bytes);
}

/** The desired network of a topology that is already loaded. */
export function expandLoaded(loaded: LoadedTopology, options: ReadOptions): DesiredNetwork {
  return modelLoaded(loaded, options).network;
}

/** The topology in its own words, hosts and workloads, beside the network it expands to. */
export interface TopologyModel {
  readonly topology: Topology;
  readonly network: DesiredNetwork;
}

/** Reads the files as hosts and workloads as well as expanded; throws a TopologyError with every problem. */
export function readModel(paths: readonly string[], options: ReadOptions): TopologyModel {
  return modelLoaded(loadTopology(paths), options);
}

function modelLoaded(loaded: LoadedTopology, options: ReadOptions): TopologyModel {
  const topology = validate(loaded);
  if (topology === null || loaded.findings.length > 0) throw problemsOf(loaded, topology);
  const { network, findings } = expand(topology, touchedHosts(topology, options), plainFiles(loaded));
  if (findings.length > 0) throw new TopologyError(toProblems(findings, loaded.files));
  return { topology, network };
}

/** Checks the files for every host, not only those of this run; throws a TopologyError with every problem. */
export function validateTopology(paths: readonly string[]): {
  readonly name: string;
  readonly files: readonly SourceFile[];
} {
  return validateLoaded(loadTopology(paths));
}

/** Checks a topology that is already loaded, for every host. */
export function validateLoaded(loaded: LoadedTopology): {
  readonly name: string;
  readonly files: readonly SourceFile[];
} {
  const topology = validate(loaded);
  if (topology === null || loaded.findings.length > 0) throw problemsOf(loaded, topology);
  const findings = findInSlices(topology, loaded);
  if (findings.length > 0) throw new TopologyError(toProblems(findings, loaded.files));
  return { name: topology.name, files: plainFiles(loaded) };
}

/** Of a topology that is already at fault, also what expansion would find apart from that. */
function problemsOf(loaded: LoadedTopology, topology: Topology | null): TopologyError {
  const more =
    topology === null ? [] : findInSlices(topology, loaded).filter(({ code }) => independent.has(code));
  return new TopologyError(toProblems([...loaded.findings, ...more], loaded.files));
}

function findInSlices(topology: Topology, loaded: LoadedTopology): Finding[] {
  return allSlices(topology).flatMap((touched) => expand(topology, touched, loaded.files).findings);
}

/** The files without their texts, which nobody needs once all is sound. */
function plainFiles(loaded: LoadedTopology): SourceFile[] {
  return loaded.files.map(({ name, lineStarts }) => ({ name, lineStarts }));
}
