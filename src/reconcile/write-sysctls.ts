// Writes a namespace's sysctls through its own /proc.
import { writeSysctl } from '../kernel/sysctl.ts';
import type { Outcomes } from './outcomes.ts';
import type { Step } from './plan.ts';
import type { Site } from './site.ts';

/** Writes sysctls through /proc, in the order of the steps. */
export function writeSysctls(site: Site, steps: readonly Step[], outcomes: Outcomes): void {
  if (steps.length === 0) return;
  site.netns.enter(() => {
    for (const step of steps) {
      if (step.difference.kind !== 'sysctl' || step.difference.desired === null) continue;
      try {
        writeSysctl(step.difference.desired.key, step.difference.desired.value);
      } catch (error) {
        outcomes.fail(step, error);
      }
    }
  });
}
