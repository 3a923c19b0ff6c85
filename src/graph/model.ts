// A network as a picture's parts: boxes (namespaces with several links), nodes in them (links, and namespaces with one
// link, which is what a workload is), and edges (veths, ports of bridges, tunnels). Pure.
import type { DesiredLink, LinkEnd } from '../state/link.ts';
import type { DesiredNamespace, DesiredNetwork } from '../state/network.ts';
import type { Condition } from './condition.ts';
import { addressesOf, addressRange, inNumericOrder, nameRange } from './label.ts';

export type NodeShape = 'workload' | 'fold' | 'link' | 'bridge' | 'tunnel';

export interface GraphNode {
  readonly id: string;
  readonly shape: NodeShape;
  /** What it is called, and below that its addresses. */
  readonly lines: readonly string[];
  /** The box it stands in; null for none. */
  readonly box: string | null;
  /** Of what stands here in the kernel; null where nothing was compared, or all is as it must be. */
  readonly condition: Condition | null;
}

export interface GraphEdge {
  /** The end further inside: workload, then its veth, then the links to other hosts, then what lies between hosts. */
  readonly from: string;
  readonly to: string;
  /** `forward`: the host hands packets from one to the other. */
  readonly kind: 'veth' | 'port' | 'tunnel' | 'forward';
}

export interface GraphBox {
  readonly id: string;
  readonly title: string;
  readonly condition: Condition | null;
}

export interface Graph {
  readonly title: string;
  readonly boxes: readonly GraphBox[];
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** What the kernel has at a place of the picture; `dev` null: anywhere in the namespace. */
export type ConditionOf = (netns: string, dev: string | null) => Condition | null;

/** One-link namespaces of a box from which on they are folded into one node. */
const FOLD_FROM = 9;

/** The picture of a desired network. */
export function drawNetwork(network: DesiredNetwork, conditionOf: ConditionOf = () => null): Graph {
  const drawing = new Drawing(network, conditionOf);
  for (const namespace of network.namespaces.values()) drawing.addNamespace(namespace);
  drawing.addWires();
  return drawing.finish();
}

class Drawing {
  readonly #network: DesiredNetwork;
  readonly #conditionOf: ConditionOf;
  readonly #boxes: GraphBox[] = [];
  readonly #nodes = new Map<string, GraphNode>();
  readonly #edges = new Map<string, GraphEdge>();
  /** The node by which each end of a veth is shown: its own, its bridge's, or the workload's. */
  readonly #nodeOf = new Map<string, string>();

  constructor(network: DesiredNetwork, conditionOf: ConditionOf) {
    this.#network = network;
    this.#conditionOf = conditionOf;
  }

  addNamespace(namespace: DesiredNamespace): void {
    const links = [...namespace.links.values()].filter(({ name }) => name !== 'lo');
    const bridges = links.filter(({ spec, name }) => spec.kind === 'bridge' && isShared(links, name));
    if (links.length <= 1) this.#addLeaf(namespace, links[0] ?? null);
    else if (bridges.length > 0 && links.every((link) => bridges.includes(link) || link.master !== null))
      this.#addSwitch(namespace, links, bridges);
    else this.#addBox(namespace, links);
  }

  /** A namespace with one link: what is in it stands in one node, in the box of its far end. */
  #addLeaf(namespace: DesiredNamespace, link: DesiredLink | null): void {
    const { name } = namespace;
    const id = nodeId(name, '');
    const far = link?.spec.kind === 'veth' ? link.spec.peer.netns : null;
    const box = far !== null && this.#isBox(far) ? far : null;
    const head = link === null || link.name === 'eth0' ? name : `${name}: ${link.name}`;
    const condition = this.#conditionOf(name, null);
    this.#nodes.set(id, {
      id,
      shape: 'workload',
      lines: [head, ...addressesOf(namespace, null)],
      box,
      condition,
    });
    if (link !== null) this.#nodeOf.set(endKey({ netns: name, name: link.name }), id);
  }

  /** A namespace of bridges and their ports only: its bridges, and the ports within the edges. */
  #addSwitch(
    namespace: DesiredNamespace,
    links: readonly DesiredLink[],
    bridges: readonly DesiredLink[],
  ): void {
    const { name } = namespace;
    for (const bridge of bridges) {
      const head = bridges.length === 1 ? name : `${name}: ${bridge.name}`;
      const condition = this.#conditionOf(name, bridges.length === 1 ? null : bridge.name);
      const id = nodeId(name, bridge.name);
      const lines = [head, ...addressesOf(namespace, bridge.name)];
      this.#nodes.set(id, { id, shape: 'bridge', lines, box: null, condition });
    }
    for (const link of links)
      if (link.master !== null)
        this.#nodeOf.set(endKey({ netns: name, name: link.name }), nodeId(name, link.master));
    const [first, ...others] = bridges;
    // A router: what its bridges hand each other.
    for (const other of others) this.#addEdge(nodeId(name, first!.name), nodeId(name, other.name), 'port');
  }

  #addBox(namespace: DesiredNamespace, links: readonly DesiredLink[]): void {
    const { name } = namespace;
    this.#boxes.push({ id: name, title: name, condition: this.#conditionOf(name, null) });
    for (const link of links) {
      const id = nodeId(name, link.name);
      const shape = link.spec.kind === 'bridge' ? 'bridge' : isTunnel(link) ? 'tunnel' : 'link';
      const lines = [link.name, ...addressesOf(namespace, link.name)];
      const condition = this.#conditionOf(name, link.name);
      this.#nodes.set(id, { id, shape, lines, box: name, condition });
      this.#nodeOf.set(endKey({ netns: name, name: link.name }), id);
    }
    for (const link of links) {
      const lower = link.master ?? ('parent' in link.spec ? link.spec.parent : null);
      if (lower !== null && namespace.links.has(lower))
        this.#addEdge(nodeId(name, lower), nodeId(name, link.name), 'port');
    }
  }

  addWires(): void {
    for (const { name: netns, links } of this.#network.namespaces.values()) {
      for (const link of links.values()) {
        if (link.spec.kind !== 'veth') continue;
        const here = this.#nodeOf.get(endKey({ netns, name: link.name }));
        const there = this.#nodeOf.get(endKey(link.spec.peer));
        if (here !== undefined && there !== undefined) this.#addEdge(here, there, 'veth');
      }
    }
    this.#addTunnels();
  }

  /** Tunnels of one kind lead from each host to each: one node in the middle says it. */
  #addTunnels(): void {
    const ends = new Map<string, string[]>();
    for (const { name: netns, links } of this.#network.namespaces.values()) {
      for (const link of links.values()) {
        if (!isTunnel(link)) continue;
        const title = link.spec.kind === 'vxlan' ? `VXLAN ${link.spec.id}` : 'IPIP';
        const list = ends.get(title) ?? [];
        ends.set(title, list);
        list.push(nodeId(netns, link.name));
      }
    }
    for (const [title, nodes] of ends) {
      if (nodes.length < 2) continue;
      const id = nodeId('', title);
      this.#nodes.set(id, { id, shape: 'tunnel', lines: [title], box: null, condition: null });
      for (const node of nodes) if (this.#nodes.has(node)) this.#addEdge(node, id, 'tunnel');
    }
  }

  finish(): Graph {
    for (const box of this.#boxes) {
      this.#fold(box.id);
      this.#addForwarding(box.id);
    }
    return {
      title: this.#network.name,
      boxes: [...this.#boxes].sort((a, b) => inNumericOrder(a.title, b.title)),
      nodes: [...this.#nodes.values()],
      edges: [...this.#edges.values()].map((edge) => this.#outwards(edge)),
    };
  }

  /** Many workloads of one host become one node, and so do their veths. */
  #fold(box: string): void {
    const leaves = [...this.#nodes.values()].filter((node) => node.box === box && node.shape === 'workload');
    if (leaves.length < FOLD_FROM) return;
    const id = nodeId(box, 'folded');
    const lines = [`${leaves.length} workloads`, nameRange(leaves.map(({ lines: [name] }) => name!))];
    const addresses = this.#addressesOf(leaves);
    if (addresses !== null) lines.push(addresses);
    const condition = worst(leaves.map((leaf) => leaf.condition));
    for (const leaf of leaves) {
      for (const [key, edge] of this.#edges) {
        if (edge.from !== leaf.id && edge.to !== leaf.id) continue;
        const veth = edge.from === leaf.id ? edge.to : edge.from;
        if (this.#nodes.get(veth)?.shape === 'link') this.#nodes.delete(veth);
        this.#edges.delete(key);
      }
      this.#nodes.delete(leaf.id);
    }
    this.#nodes.set(id, { id, shape: 'fold', lines, box, condition });
  }

  /** What a host forwards between: the veths of its workloads, and its links to other hosts. */
  #addForwarding(box: string): void {
    const inside = [...this.#nodes.values()].filter((node) => node.box === box);
    const near = inside.filter((node) => node.shape === 'fold' || this.#depth(node.id) === 1);
    const out = inside.filter((node) => this.#depth(node.id) === 2 && node.shape !== 'bridge');
    for (const from of near) for (const to of out) this.#addEdge(from.id, to.id, 'forward');
  }

  #outwards(edge: GraphEdge): GraphEdge {
    const { from, to, kind } = edge;
    return this.#depth(from) <= this.#depth(to) ? edge : { from: to, to: from, kind };
  }

  /** How far from the workloads a node stands: 0 itself, 1 its veth, 2 other links of a host, 3 between hosts. */
  #depth(id: string): number {
    const node = this.#nodes.get(id);
    if (node === undefined || node.shape === 'workload' || node.shape === 'fold') return 0;
    if (node.box === null) return 3;
    const partners = [...this.#edges.values()].flatMap(({ from, to, kind }) =>
      kind === 'forward' ? [] : from === id ? [to] : to === id ? [from] : [],
    );
    return partners.some((partner) => this.#nodes.get(partner)?.shape === 'workload') ? 1 : 2;
  }

  #addressesOf(leaves: readonly GraphNode[]): string | null {
    const held = leaves.flatMap(({ id }) =>
      (this.#network.namespaces.get(id.slice(0, id.indexOf('\n')))?.addresses ?? []).map(
        ({ address }) => address,
      ),
    );
    return addressRange(held);
  }

  #addEdge(from: string, to: string, kind: GraphEdge['kind']): void {
    const [a, b] = from < to ? [from, to] : [to, from];
    if (a !== b) this.#edges.set(`${a}\n${b}`, { from: a, to: b, kind });
  }

  #isBox(name: string): boolean {
    const links = [...(this.#network.namespaces.get(name)?.links.values() ?? [])];
    return links.filter((link) => link.name !== 'lo').length > 1;
  }
}

function isShared(links: readonly DesiredLink[], bridge: string): boolean {
  return links.some(({ master }) => master === bridge);
}

function isTunnel({ spec }: DesiredLink): boolean {
  return spec.kind === 'vxlan' || spec.kind === 'ipip';
}

function worst(conditions: readonly (Condition | null)[]): Condition | null {
  const order: readonly Condition[] = ['missing', 'changed', 'extra'];
  return order.find((condition) => conditions.includes(condition)) ?? null;
}

function nodeId(netns: string, name: string): string {
  return `${netns}\n${name}`;
}

function endKey(end: LinkEnd): string {
  return `${end.netns}\n${end.name}`;
}
