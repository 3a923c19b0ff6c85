// A picture as a flowchart of Mermaid, which GitHub and GitLab draw in Markdown.
import type { Condition } from './condition.ts';
import { colours, grounds } from './dot.ts';
import type { Graph, GraphEdge, GraphNode, NodeShape } from './model.ts';

const shapes: Readonly<Record<NodeShape, readonly [string, string]>> = {
  workload: ['(', ')'],
  fold: ['[[', ']]'],
  link: ['[', ']'],
  bridge: ['([', '])'],
  tunnel: ['{{', '}}'],
};

const edges: Readonly<Record<GraphEdge['kind'], string>> = {
  veth: '---',
  port: '---',
  tunnel: '-.-',
  forward: '~~~',
};

/** The flowchart; ends in a newline. */
export function formatMermaid(graph: Graph): string {
  const ids = new Map(graph.nodes.map((node, i) => [node.id, `n${i}`]));
  const lines = ['---', `title: ${JSON.stringify(graph.title)}`, '---', 'flowchart LR'];
  for (const [i, box] of graph.boxes.entries()) {
    lines.push(`  subgraph b${i} [${label([box.title])}]`);
    for (const node of graph.nodes) if (node.box === box.id) lines.push(`    ${formatNode(node, ids)}`);
    lines.push('  end');
    if (box.condition !== null) lines.push(`  class b${i} ${box.condition}`);
  }
  for (const node of graph.nodes) if (node.box === null) lines.push(`  ${formatNode(node, ids)}`);
  for (const { from, to, kind } of graph.edges) {
    const [a, b] = [ids.get(from), ids.get(to)];
    if (a !== undefined && b !== undefined) lines.push(`  ${a} ${edges[kind]} ${b}`);
  }
  for (const shape of Object.keys(grounds) as NodeShape[])
    lines.push(`  classDef ${shape} fill:${grounds[shape]},stroke:#667085,color:#101828`);
  for (const condition of Object.keys(colours) as Condition[]) {
    const { line, ground } = colours[condition];
    lines.push(`  classDef ${condition} fill:${ground},stroke:${line},color:#101828,stroke-width:2px`);
  }
  return `${lines.join('\n')}\n`;
}

function formatNode(node: GraphNode, ids: ReadonlyMap<string, string>): string {
  const [open, close] = shapes[node.shape];
  return `${ids.get(node.id)}${open}${label(node.lines)}${close}:::${node.condition ?? node.shape}`;
}

/** Quoted text, in which everything that Mermaid or HTML would obey is an entity. */
function label(lines: readonly string[]): string {
  const text = lines.map((line) => line.replace(/[&"#<>`\\]/g, (char) => `#${char.codePointAt(0)};`));
  return `"${text.join('<br/>')}"`;
}
