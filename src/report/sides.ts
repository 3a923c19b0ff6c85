// The two sides of a difference, field by field: what is, what is wanted, and in which fields they differ.
import type { Difference } from '../reconcile/difference.ts';
import { type BgpPeer, ESTABLISHED } from '../state/bgp.ts';
import { formatIp } from '../state/ip.ts';
import type { DesiredLink } from '../state/link.ts';
import { isDeviceless } from '../state/route.ts';
import { formatProtocol } from '../state/scope.ts';
import {
  addressFields,
  desiredLink,
  desiredNetns,
  type Fields,
  fdbFields,
  neighbourFields,
  observedLink,
  observedNetns,
  routeFields,
  sysctlFields,
  type Value,
} from './item.ts';

/** Who a session is with. */
function peerFields({ name, address, asn, local }: BgpPeer): Fields {
  return { peer: name, address: formatIp(address), asn, source: formatIp(local) };
}

/** The two sides of a difference as fields. */
export function sidesOf(difference: Difference): { desired: Fields | null; observed: Fields | null } {
  switch (difference.kind) {
    case 'netns':
      return {
        desired: both(difference.desired, desiredNetns),
        observed: both(difference.observed, observedNetns),
      };
    case 'link':
      return {
        desired: both(wantedLink(difference), desiredLink),
        observed: both(difference.observed, observedLink),
      };
    case 'address':
      return {
        desired: both(difference.desired, addressFields),
        observed: both(difference.observed, withProtocol(addressFields)),
      };
    case 'neighbour':
      return {
        desired: both(difference.desired, (item) => ({
          ...neighbourFields(item),
          permanent: item.proxy ? null : true,
        })),
        observed: both(difference.observed, (item) => ({
          ...withProtocol(neighbourFields)(item),
          permanent: item.proxy ? null : item.permanent,
        })),
      };
    case 'fdb':
      return { desired: both(difference.desired, fdbFields), observed: both(difference.observed, fdbFields) };
    case 'bgp':
      return {
        desired: both(difference.desired, (peer) => ({ ...peerFields(peer), state: ESTABLISHED })),
        observed: both(difference.observed, ({ state, received, trouble }) => ({
          ...(difference.desired === null ? {} : peerFields(difference.desired)),
          state,
          received,
          trouble: trouble === '' ? null : trouble,
        })),
      };
    case 'route':
      return {
        desired: both(difference.desired, routeFields),
        observed: both(difference.observed, (route) => ({
          ...withProtocol(routeFields)(route),
          tos: route.tos,
          unstatable: route.unstatable,
        })),
      };
    case 'sysctl':
      return {
        desired: both(difference.desired, sysctlFields),
        observed: both(difference.observed, sysctlFields),
      };
  }
}

/** One field that differs: what is, and what is wanted. */
export interface FieldChange {
  readonly field: string;
  readonly observed: Value;
  readonly desired: Value;
}

/** The fields in which a changed item differs from what is desired; empty for missing and extra items. */
export function changedFields(difference: Difference): FieldChange[] {
  const { desired, observed } = sidesOf(difference);
  if (desired === null || observed === null) return [];
  const changes: FieldChange[] = [];
  for (const [field, value] of Object.entries(desired)) {
    if (isLeftOpen(difference, field)) continue;
    if (JSON.stringify(value) !== JSON.stringify(observed[field] ?? null)) {
      changes.push({ field, observed: observed[field] ?? null, desired: value });
    }
  }
  if (observed.unstatable === true) {
    changes.push({ field: 'other settings', observed: 'some that a topology cannot state', desired: 'none' });
  }
  if (changes.length === 0 && difference.cause === null) changes.push(...markChange(observed));
  return changes;
}

/** What differs where nothing that the file states does: the mark. */
function markChange(observed: Fields): FieldChange[] {
  const field = ['alias', 'protocol'].find((name) => name in observed);
  return field === undefined ? [] : [{ field, observed: observed[field]!, desired: "this topology's" }];
}

/** Whether what the desired side says of a field matches anything the kernel has there. */
function isLeftOpen(difference: Difference, field: string): boolean {
  if (difference.kind === 'netns') return true;
  if (difference.kind === 'link') return isLeftOpenByLink(difference, field);
  if (difference.kind === 'route' && difference.desired !== null && field === 'dev') {
    const { dev, via, type } = difference.desired;
    return dev === null && (via !== null || isDeviceless(type));
  }
  return false;
}

/** Of a link of another kind, what only a kind has is not compared. */
function isLeftOpenByLink(difference: Difference & { readonly kind: 'link' }, field: string): boolean {
  const desired = wantedLink(difference);
  if (desired === null) return true;
  if (field === 'mac' || field === 'mtu') return desiredLink(desired)[field] === null;
  if (desired.spec.kind === 'existing') {
    return field === 'kind' || field === 'peer' || desiredLink(desired)[field] === null;
  }
  return desired.spec.kind !== difference.observed?.kind && !ofEveryLink.has(field);
}

const ofEveryLink: ReadonlySet<string> = new Set(['kind', 'up', 'master']);

/** A wanted link with the MTU it is to have, where that is another than the link's, stated or not. */
export function wantedLink({
  desired,
  unstatedMtu,
}: Difference & { readonly kind: 'link' }): DesiredLink | null {
  return desired === null || unstatedMtu === undefined ? desired : { ...desired, mtu: unstatedMtu };
}

function withProtocol<Item>(
  fields: (item: Item) => Fields,
): (item: Item & { readonly protocol: number }) => Fields {
  return (item) => ({
    ...fields(item),
    protocol: item.protocol === 0 ? null : formatProtocol(item.protocol),
  });
}

function both<Item>(item: Item | null, fields: (item: Item) => Fields): Fields | null {
  return item === null ? null : fields(item);
}
