// What the kernel has of each part of a picture: the worst difference at a device, or anywhere in its namespace.
import { type Difference, differenceKey } from '../reconcile/difference.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import type { ConditionOf } from './model.ts';

/** How a part differs; of several differences, the first of these. */
export type Condition = 'missing' | 'changed' | 'extra';

const order: readonly Condition[] = ['missing', 'changed', 'extra'];

/** The conditions of the parts of a network that has these differences. */
export function conditionsOf(differences: readonly Difference[]): ConditionOf {
  const found = new Map<string, Condition>();
  const note = (key: string, change: Condition): void => {
    const known = found.get(key);
    if (known === undefined || order.indexOf(change) < order.indexOf(known)) found.set(key, change);
  };
  for (const difference of differences) {
    const { netns, kind, change } = difference;
    // A namespace or a link that is missing is; what is missing in it makes it a changed one.
    const itself = kind === 'netns' ? change : 'changed';
    note(netns, itself);
    const dev = deviceOf(difference);
    if (dev !== null) note(`${netns}\n${dev}`, kind === 'link' ? change : 'changed');
  }
  return (netns, dev) => {
    const whole = found.get(netns) ?? null;
    if (dev === null || whole === 'missing') return whole;
    return found.get(`${netns}\n${dev}`) ?? null;
  };
}

function deviceOf(difference: Difference): string | null {
  switch (difference.kind) {
    case 'link':
      return differenceKey(difference);
    case 'address':
    case 'neighbour':
    case 'fdb':
    case 'route':
      return (difference.desired ?? difference.observed)?.dev ?? null;
    case 'sysctl':
      return parseDeviceSysctl(differenceKey(difference))?.dev ?? null;
    default:
      return null;
  }
}
