// A topology as its files say it: sound values, references resolved, every default filled in.
import type { Bgp } from './bgp.ts';
import type { Host } from './host.ts';
import type { WrittenNamespace } from './namespace.ts';
import type { Pool } from './pool.ts';
import type { Tunnels } from './tunnel.ts';
import type { Underlay } from './underlay.ts';
import type { Workload } from './workload.ts';

export interface Topology {
  readonly name: string;
  /** The mark of routes, addresses and neighbours: 1-255. */
  readonly protocol: number;
  readonly hosts: ReadonlyMap<string, Host>;
  readonly underlays: readonly Underlay[];
  readonly pools: readonly Pool[];
  readonly tunnels: Tunnels;
  readonly bgp: Bgp;
  /** In the order of their names. */
  readonly workloads: readonly Workload[];
  readonly namespaces: ReadonlyMap<string, WrittenNamespace>;
  readonly ignore: readonly string[];
}
