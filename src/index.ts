// The public API: read a topology, inspect or converge the machine, trace and verify, report.

export type { ErrorCode } from './errors.ts';
export { KernelError, type Problem, ReconcileError, TopologyError } from './errors.ts';
export { Machine } from './kernel/machine.ts';
export {
  type Change,
  type Difference,
  type DifferenceClass,
  differenceKey,
  type Outcome,
  type Summary,
  summarize,
} from './reconcile/difference.ts';
export { type InspectResult, inspectObserved } from './reconcile/inspect.ts';
export {
  type ConvergeOptions,
  type ConvergeResult,
  converge,
  type Destroyed,
  destroy,
  inspect,
} from './reconcile/pass.ts';
export type { Action, Plan, Step } from './reconcile/plan.ts';
export { recall, type Snapshot } from './reconcile/snapshot.ts';
export { type SnapshotScope, takeSnapshot } from './reconcile/take-snapshot.ts';
export { formatAnnotations } from './report/github.ts';
export { formatBuildScript } from './report/ip/build.ts';
export { mendingCommands } from './report/ip/mend.ts';
export {
  differencesAsJson,
  type JsonDifference,
  type JsonOutcome,
  type JsonReport,
  type JsonStep,
  outcomesAsJson,
  planAsJson,
} from './report/json.ts';
export { formatJunit } from './report/junit.ts';
export { formatMarkdown } from './report/markdown.ts';
export { formatProblems } from './report/problems.ts';
export { asSarif } from './report/sarif.ts';
export { decodeSnapshot } from './report/snapshot/decode.ts';
export { encodeSnapshot } from './report/snapshot/encode.ts';
export { formatDifferences, type TextOptions } from './report/text.ts';
export { asTopology } from './report/topology.ts';
export { formatTopology } from './report/yaml.ts';
export type { DesiredNamespace, DesiredNetwork, Manage } from './state/network.ts';
export { type Location, locate, type Place, type SourceFile } from './state/place.ts';
export { readModel, readTopology, type TopologyModel, validateTopology } from './topology/read.ts';
export { type Endpoint, endpointsOf, findEndpoint } from './trace/endpoint.ts';
export type { Fault, FaultCode, Remedy } from './trace/fault.ts';
export { type Packet, walk } from './trace/walk.ts';
export type { Step as WayStep, Verdict, Way } from './trace/way.ts';
export { World } from './trace/world.ts';
export { explainHoles, type Hole, isHole } from './verify/holes.ts';
export { choosePairs, type EndpointPair } from './verify/pairs.ts';
export { type PairResult, type VerifyOptions, verify } from './verify/verify.ts';
