// The drift report as SARIF 2.1.0, for code scanning: a result a difference, at the line that asked for it. Every
// result names its item as a logical location; one that no file asked for has no other.
import { type Difference, keyOf } from '../reconcile/difference.ts';
import type { InspectResult } from '../reconcile/inspect.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { type Location, locate } from '../state/place.ts';
import { describeSentence, placeOf } from './describe.ts';
import { mendingCommands } from './ip/mend.ts';
import type { Fields, Value } from './item.ts';

export interface SarifOptions {
  /** The tool's own version. */
  readonly version: string;
}

/** The log as plain data. */
export function asSarif(
  network: DesiredNetwork,
  { differences, ignored }: Pick<InspectResult, 'differences' | 'ignored'>,
  options: SarifOptions,
): Fields {
  const commands = mendingCommands(network, differences);
  const ruleIds = [...new Set(differences.map(ruleIdOf))].sort();
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'calico-reconcile',
            version: options.version,
            rules: ruleIds.map((id) => ({ id, shortDescription: { text: describeRule(id) } })),
          },
        },
        automationDetails: { id: `calico-reconcile/${network.name}` },
        columnKind: 'utf16CodeUnits',
        properties: { topology: network.name, ignored },
        results: differences.map((difference, i) =>
          resultOf(network, difference, ruleIds.indexOf(ruleIdOf(difference)), commands[i] ?? null),
        ),
      },
    ],
  };
}

/** `route-missing`. */
function ruleIdOf({ kind, change }: Difference): string {
  return `${kind}-${change}`;
}

function describeRule(id: string): string {
  const [kind, change] = id.split('-');
  const verbs: Readonly<Record<string, string>> = {
    missing: 'that the topology asks for is missing',
    changed: 'is not as the topology has it',
    extra: 'is in no topology file',
  };
  return `A ${kind} ${verbs[change!]}.`;
}

function resultOf(
  network: DesiredNetwork,
  difference: Difference,
  ruleIndex: number,
  command: string | null,
): Value {
  const location = locate(network.files, placeOf(difference));
  const physical = location === null ? null : physicalLocation(location);
  return {
    ruleId: ruleIdOf(difference),
    ruleIndex,
    level: difference.class === 'drift' || difference.conflict ? 'error' : 'warning',
    message: { text: describeSentence(difference) },
    locations: [
      {
        ...(physical === null ? {} : { physicalLocation: physical }),
        logicalLocations: [{ fullyQualifiedName: keyOf(difference), kind: difference.kind }],
      },
    ],
    partialFingerprints: { 'item/v1': `${network.name} ${keyOf(difference)} ${difference.change}` },
    properties: {
      class: difference.class,
      conflict: difference.conflict,
      cause: difference.cause,
      command,
    },
  };
}

/** Null for standard input, which is no file that a reader could open. */
function physicalLocation({ file, line, column }: Location): Value {
  if (file === '-') return null;
  const path = file.split('/').map(encodeURIComponent).join('/').replace(/^\.\//, '');
  const uri = file.startsWith('/') ? `file://${path}` : path;
  return { artifactLocation: { uri }, region: { startLine: line, startColumn: column } };
}
