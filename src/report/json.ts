// The drift report as JSON: one object with every field always present, null where unknown.
import { type Difference, differenceKey, type Outcome, summarize } from '../reconcile/difference.ts';
import type { InspectResult } from '../reconcile/inspect.ts';
import type { ConvergeResult } from '../reconcile/pass.ts';
import type { Action, Plan } from '../reconcile/plan.ts';
import type { DesiredNetwork } from '../state/network.ts';
import { type Location, locate } from '../state/place.ts';
import { placeOf } from './describe.ts';
import { mendingCommands } from './ip/mend.ts';
import type { Fields } from './item.ts';
import { escapeInQuotes } from './printable.ts';
import { sidesOf } from './sides.ts';

export interface JsonDifference {
  /** `self` for the namespace the tool runs in. */
  readonly netns: string;
  readonly kind: Difference['kind'];
  readonly key: string;
  readonly change: Difference['change'];
  readonly class: Difference['class'];
  readonly conflict: boolean;
  readonly cause: string | null;
  readonly desired: Fields | null;
  readonly observed: Fields | null;
  readonly source: Location | null;
  /** The commands of iproute2 that would mend it, one a line; null where none would, and for a conflict. */
  readonly command: string | null;
}

export interface JsonOutcome extends JsonDifference {
  readonly outcome: Outcome['outcome'];
  /** The kernel's words, or why it was skipped; null when done. */
  readonly reason: string | null;
}

export interface JsonStep extends JsonDifference {
  /** What a step would do about it; null for a conflict, which no step mends. */
  readonly action: Action | null;
  /** What the step takes with it, or why it is done this way. */
  readonly notes: readonly string[];
}

export interface JsonReport<Item extends JsonDifference = JsonDifference> {
  readonly version: 1;
  readonly topology: string;
  readonly inSync: boolean;
  readonly summary: ReturnType<typeof summarize>;
  readonly differences: readonly Item[];
}

/** The report of `diff`: differences in the order an apply mends them, conflicts last. */
export function differencesAsJson(
  network: DesiredNetwork,
  { plan, ignored }: Pick<InspectResult, 'plan' | 'ignored'>,
): JsonReport {
  const differences = inPlanOrder(plan);
  return report(
    network,
    differences,
    differences.length === 0,
    ignored,
    jsonDifferences(network, differences),
  );
}

/** The report of `apply --dry-run`: the differences of `diff`, each with what would be done. */
export function planAsJson(
  network: DesiredNetwork,
  { plan, ignored }: Pick<InspectResult, 'plan' | 'ignored'>,
): JsonReport<JsonStep> {
  const differences = inPlanOrder(plan);
  const items = jsonDifferences(network, differences).map((item, i): JsonStep => {
    const step = plan.steps[i];
    return { ...item, action: step?.action ?? null, notes: step?.notes ?? [] };
  });
  return report(network, differences, differences.length === 0, ignored, items);
}

/** The report of `apply`: what was different, and what became of it. In sync where all was done. */
export function outcomesAsJson(
  network: DesiredNetwork,
  { outcomes, ignored }: Pick<ConvergeResult, 'outcomes' | 'ignored'>,
): JsonReport<JsonOutcome> {
  const differences = outcomes.map((outcome) => outcome.difference);
  const items = jsonDifferences(network, differences).map((item, i): JsonOutcome => {
    const { outcome, reason } = outcomes[i]!;
    return { ...item, outcome, reason };
  });
  const inSync = outcomes.every((outcome) => outcome.outcome === 'done');
  return report(network, differences, inSync, ignored, items);
}

function inPlanOrder(plan: Plan): Difference[] {
  return [...plan.steps.map((step) => step.difference), ...plan.conflicts];
}

/** JSON text with two spaces of indent and nothing in it a terminal would obey; ends in a newline. */
export function formatJson(value: unknown): string {
  const lines = JSON.stringify(value, null, 2).split('\n');
  return `${lines.map(escapeInQuotes).join('\n')}\n`;
}

function report<Item extends JsonDifference>(
  network: DesiredNetwork,
  differences: readonly Difference[],
  inSync: boolean,
  ignored: number,
  items: readonly Item[],
): JsonReport<Item> {
  return {
    version: 1,
    topology: network.name,
    inSync,
    summary: summarize(differences, ignored),
    differences: items,
  };
}

function jsonDifferences(network: DesiredNetwork, differences: readonly Difference[]): JsonDifference[] {
  const commands = mendingCommands(network, differences);
  return differences.map((difference, i) => {
    const { netns, kind, change, conflict, cause } = difference;
    return {
      netns,
      kind,
      key: differenceKey(difference),
      change,
      class: difference.class,
      conflict,
      cause,
      ...sidesOf(difference),
      source: locate(network.files, placeOf(difference)),
      command: commands[i] ?? null,
    };
  });
}
