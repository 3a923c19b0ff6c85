// The answer of `trace` as data, and the outline of a way.
import { run } from '../../commands/run-program.ts';

interface Step {
  readonly kind: string;
  readonly netns: string;
  readonly outer?: readonly Step[];
}

export interface Traced {
  readonly verdict: string;
  readonly from: { readonly address: string };
  readonly to: string;
  readonly steps: readonly (Step & Record<string, unknown>)[];
  readonly fault: Record<string, unknown> | null;
  readonly suspects: readonly unknown[];
}

/** `host0 tunnel`: each step's namespace and kind; a wire's is where it begins. */
export function outline(steps: readonly (Step & { readonly from?: { readonly netns: string } })[]): string[] {
  return steps.map((step) => `${step.netns ?? step.from?.netns} ${step.kind}`);
}

/** What `trace --json` answers. */
export async function trace(
  ...args: readonly string[]
): Promise<{ status: number; ways: readonly Traced[]; err: string }> {
  const { status, out, err } = await run('trace', '--json', ...args);
  return { status, ways: out === '' ? [] : JSON.parse(out).ways, err };
}
