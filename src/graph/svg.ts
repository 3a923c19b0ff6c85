// A picture as SVG, laid out by Graphviz (compiled to WebAssembly, so that no program is needed).
import { instance } from '@viz-js/viz';
import { formatDot } from './dot.ts';
import type { Graph } from './model.ts';

/** The drawing as an SVG document; ends in a newline. */
export async function formatSvg(graph: Graph): Promise<string> {
  const viz = await instance();
  return viz.renderString(formatDot(graph), { format: 'svg' });
}
