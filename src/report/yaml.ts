// Rendered topologies as YAML: maps in blocks, items in one line each.
import { Document, isMap, isScalar, isSeq, Scalar, visit } from 'yaml';
import type { DesiredNetwork } from '../state/network.ts';
import { escapeInQuotes, printable, unprintable } from './printable.ts';
import { asTopology } from './topology.ts';

/** The network as a topology file under a line of comment, its source files by default; ends in a newline. */
export function formatTopology(network: DesiredNetwork, title = renderedFrom(network)): string {
  const document = new Document(asTopology(network), { aliasDuplicateObjects: false });
  visit(document, {
    Pair(_key, pair) {
      if (isScalar(pair.key) && isInline(pair.key.value) && isMap(pair.value)) pair.value.flow = true;
    },
    Seq(_key, list) {
      for (const item of list.items) if (isMap(item) || isSeq(item)) item.flow = true;
    },
    Scalar(_key, scalar) {
      if (typeof scalar.value === 'string' && scalar.value.search(unprintable) >= 0)
        scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true });
  return `# ${printable(title)}\n${text.split('\n').map(escapeInQuotes).join('\n')}`;
}

function renderedFrom(network: DesiredNetwork): string {
  return `Rendered from ${network.files.map((file) => file.name).join(', ')}`;
}

function isInline(key: unknown): boolean {
  return key === 'peer' || key === 'ownership';
}
