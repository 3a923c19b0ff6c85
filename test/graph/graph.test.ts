// Pictures: which parts there are, that text stays text in every format, and that the layout program takes it.
import { describe, expect, it } from 'vitest';
import { conditionsOf } from '../../src/graph/condition.ts';
import { formatDot } from '../../src/graph/dot.ts';
import { formatMermaid } from '../../src/graph/mermaid.ts';
import { drawNetwork, type Graph } from '../../src/graph/model.ts';
import { formatSvg } from '../../src/graph/svg.ts';
import type { Difference } from '../../src/reconcile/difference.ts';
import { parseTopology } from '../../src/topology/load.ts';
import { expandLoaded, readTopology } from '../../src/topology/read.ts';
import { run } from '../commands/run-program.ts';

const options = { hosts: null, hostname: 'none' };

function draw(text: string, conditionOf?: Parameters<typeof drawNetwork>[1]): Graph {
  const loaded = parseTopology([{ name: 'test.yaml', bytes: Buffer.from(text) }]);
  return drawNetwork(expandLoaded(loaded, options), conditionOf);
}

function example(name: string): Graph {
  return drawNetwork(readTopology([`topologies/${name}.yaml`], options));
}

function labels(graph: Graph, box: string | null): string[] {
  return graph.nodes.filter((node) => node.box === box).map(({ lines }) => lines.join(' '));
}

/** Edges as `a-b` of the first lines of their nodes. */
function edges(graph: Graph, kind: Graph['edges'][number]['kind']): string[] {
  const name = (id: string): string => graph.nodes.find((node) => node.id === id)?.lines[0] ?? '?';
  return graph.edges.filter((edge) => edge.kind === kind).map(({ from, to }) => `${name(from)}-${name(to)}`);
}

const many = `
name: many
hosts: { h: { netns: h, uplink: { dev: eth0, address: 192.168.0.1/24 } } }
underlay: { lan: { hosts: [h] } }
workloads: { w: { address: 10.65.0.1, replicas: 20 } }
`;

describe('the picture of two-hosts.yaml', () => {
  const graph = example('two-hosts');

  it('has a box for each host, with its uplink, its veth and its workload', () => {
    expect(graph.boxes.map(({ title }) => title)).toEqual(['host0', 'host1']);
    expect(labels(graph, 'host0')).toEqual(['ens192 192.168.1.32/24', 'veth0', 'ns0 10.20.1.2/24']);
  });

  it('joins workload, veth, uplink and wire from the inside out', () => {
    expect(labels(graph, null)).toEqual(['lan']);
    expect(edges(graph, 'veth').sort()).toEqual(['ens192-lan', 'ens192-lan', 'ns0-veth0', 'ns1-veth0']);
    expect(edges(graph, 'forward')).toEqual(['veth0-ens192', 'veth0-ens192']);
  });
});

describe('a picture', () => {
  it('joins tunnels of one kind in one node', () => {
    const graph = example('four-hosts-vxlan');
    expect(edges(graph, 'tunnel')).toEqual(Array(4).fill('vxlan.calico-VXLAN 4096'));
  });

  it('shows an underlay of several segments as bridges that hand each other packets', () => {
    expect(edges(example('four-hosts-vxlan'), 'port')).toEqual(['rack: br0-rack: br1']);
  });

  it('folds many workloads of a host into one node, with their range', () => {
    const graph = draw(many);
    expect(labels(graph, 'h')).toEqual([
      'eth0 192.168.0.1/24',
      '20 workloads w-0 … w-19 10.65.0.1 … 10.65.0.20',
    ]);
    expect(graph.edges.map(({ kind }) => kind).sort()).toEqual(['forward', 'veth']);
  });

  it('shows what the kernel lacks, and where something differs', () => {
    const difference = (netns: string, kind: string, change: string, key: object): Difference =>
      ({
        netns,
        kind,
        change,
        desired: key,
        observed: null,
        class: 'drift',
        conflict: false,
        cause: null,
      }) as never;
    const conditionOf = conditionsOf([
      difference('ns0', 'netns', 'missing', {}),
      difference('host0', 'link', 'missing', { name: 'veth0' }),
      difference('host1', 'address', 'extra', { dev: 'ens192' }),
    ]);
    const graph = drawNetwork(readTopology(['topologies/two-hosts.yaml'], options), conditionOf);
    const found = graph.nodes.map(({ id, condition }) => [id.replace('\n', ' ').trim(), condition]);
    expect(Object.fromEntries(found)).toEqual({
      'host0 ens192': null,
      'host0 veth0': 'missing',
      'host1 ens192': 'changed',
      'host1 veth0': null,
      'lan br0': null,
      ns0: 'missing',
      ns1: null,
    });
    expect(graph.boxes.map(({ condition }) => condition)).toEqual(['changed', 'changed']);
  });
});

describe('a format', () => {
  const hostile: Graph = {
    title: 'hostile',
    boxes: [{ id: 'b', title: '\\"<b>&#', condition: null }],
    nodes: [{ id: 'n', shape: 'link', lines: ['a"b', '<i>&amp;`'], box: 'b', condition: null }],
    edges: [],
  };

  it('of DOT keeps quotes and backslashes in text', () => {
    expect(formatDot(hostile)).toContain('label="\\\\\\"<b>&amp;#"');
    expect(formatDot(hostile)).toContain('label="a\\"b\\n<i>&amp;amp;`"');
  });

  it('of Mermaid turns what it would obey into entities', () => {
    expect(formatMermaid(hostile)).toContain('["a#34;b<br/>#60;i#62;#38;amp;#96;"]');
  });

  it('of SVG is a document of its own, with every label as text', async () => {
    const svg = await formatSvg(hostile);
    expect(svg).toMatch(/<svg[^>]*>/);
    expect(svg).toContain('&lt;i&gt;&amp;amp;`');
    expect(svg).not.toContain('<i>');
    const drawn = await formatSvg(example('two-hosts'));
    for (const word of ['host0', 'ens192', '192.168.1.32/24', 'ns1', '10.20.1.3/24', 'lan'])
      expect(drawn).toContain(`>${word}<`);
  });
});

describe('graph', () => {
  it.each([
    ['mermaid', 'flowchart LR'],
    ['dot', 'graph "two-hosts" {'],
    ['svg', '<svg '],
  ])('prints %s', async (format, words) => {
    const { status, out } = await run('graph', '--format', format, 'topologies/two-hosts.yaml');
    expect(status).toBe(0);
    expect(out).toContain(words);
  });
});
