// A picture as a graph of Graphviz: https://graphviz.org/doc/info/lang.html.
import type { Condition } from './condition.ts';
import type { Graph, GraphBox, GraphEdge, GraphNode, NodeShape } from './model.ts';

/** Colours of a part's border and ground, by what the kernel has of it. */
export const colours: Readonly<Record<Condition, { readonly line: string; readonly ground: string }>> = {
  missing: { line: '#b42318', ground: '#fde4e1' },
  changed: { line: '#b54708', ground: '#fdeed3' },
  extra: { line: '#6941c6', ground: '#ece5fb' },
};

/** Colours of a sound part, by its shape. */
export const grounds: Readonly<Record<NodeShape, string>> = {
  workload: '#e3f1e5',
  fold: '#e3f1e5',
  link: '#ffffff',
  bridge: '#e4ecf7',
  tunnel: '#f3f0e6',
};

const shapes: Readonly<Record<NodeShape, string>> = {
  workload: 'box',
  fold: 'folder',
  link: 'box',
  bridge: 'ellipse',
  tunnel: 'box',
};

const edgeStyles: Readonly<Record<GraphEdge['kind'], string>> = {
  veth: 'color="#475467"',
  port: 'color="#98a2b3"',
  tunnel: 'color="#a58a3c", style=dashed',
  forward: 'color="#98a2b3", style=dotted',
};

/** The graph in DOT; ends in a newline. */
export function formatDot(graph: Graph): string {
  const ids = new Map(graph.nodes.map((node, i) => [node.id, `n${i}`]));
  const mirrored = rightHandSide(graph);
  const lines = [
    `graph ${quote(graph.title)} {`,
    `  label=${quote(graph.title)}; labelloc=t; fontname="Helvetica"; fontsize=18; rankdir=LR; nodesep=0.2; ranksep=0.6;`,
    '  node [fontname="Helvetica", fontsize=11, style="filled,rounded", color="#667085", margin="0.2,0.08"];',
    '  edge [fontname="Helvetica", fontsize=9];',
  ];
  for (const [i, box] of graph.boxes.entries()) lines.push(...formatBox(box, i, graph.nodes, ids));
  for (const node of graph.nodes) if (node.box === null) lines.push(`  ${formatNode(node, ids)}`);
  for (const { from, to, kind } of graph.edges) {
    const [a, b] = [ids.get(from), ids.get(to)];
    if (a === undefined || b === undefined) continue;
    const ends = mirrored.has(from) ? [b, a] : [a, b];
    lines.push(`  ${ends.join(' -- ')} [${edgeStyles[kind]}];`);
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

/** Boxes from which on they stand on both sides of what joins them. */
const TWO_SIDES_FROM = 6;

/** The nodes of every other box, where there are many: their edges lead the other way. */
function rightHandSide({ boxes, nodes }: Graph): ReadonlySet<string> {
  if (boxes.length < TWO_SIDES_FROM) return new Set();
  const right = new Set(boxes.filter((_, i) => i % 2 === 1).map((box) => box.id));
  return new Set(nodes.filter((node) => node.box !== null && right.has(node.box)).map((node) => node.id));
}

function formatBox(
  box: GraphBox,
  index: number,
  nodes: readonly GraphNode[],
  ids: ReadonlyMap<string, string>,
): string[] {
  const { line, ground } =
    box.condition === null ? { line: '#98a2b3', ground: '#f7f8fa' } : colours[box.condition];
  return [
    `  subgraph cluster${index} {`,
    `    label=${quote(box.title)}; fontsize=13; style="rounded,filled"; color=${quote(line)}; fillcolor=${quote(ground)};`,
    ...nodes.filter((node) => node.box === box.id).map((node) => `    ${formatNode(node, ids)}`),
    '  }',
  ];
}

function formatNode(node: GraphNode, ids: ReadonlyMap<string, string>): string {
  const colour = node.condition === null ? null : colours[node.condition];
  const attributes = [
    `label=${quote(node.lines.join('\n'))}`,
    `shape=${shapes[node.shape]}`,
    `fillcolor=${quote(colour?.ground ?? grounds[node.shape])}`,
    ...(colour === null ? [] : [`color=${quote(colour.line)}`, 'penwidth=2']),
  ];
  return `${ids.get(node.id)} [${attributes.join(', ')}];`;
}

/** A quoted string of DOT, in which `\n` is a line break, and Graphviz reads the entities of HTML. */
function quote(text: string): string {
  return `"${text.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
