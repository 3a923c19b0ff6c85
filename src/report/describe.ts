// One difference, or one place, in the words of a line for people.
import { type Difference, differenceKey } from '../reconcile/difference.ts';
import { formatIp } from '../state/ip.ts';
import type { DesiredLink, ObservedLink } from '../state/link.ts';
import { locate, NOWHERE, type Place, type SourceFile } from '../state/place.ts';
import type { Nexthop, Route } from '../state/route.ts';
import { formatProtocol, formatRouteType, RTN_UNICAST } from '../state/scope.ts';
import type { Value } from './item.ts';
import { printable } from './printable.ts';
import { changedFields, type FieldChange } from './sides.ts';

/** `route 10.20.1.3/32 via 192.168.1.16 dev ens192`: the whole item, or for a changed one its identity. */
export function describeItem(difference: Difference): string {
  const { kind, change } = difference;
  const detail = change === 'changed' && kind !== 'netns' ? '' : describeDetail(difference);
  return printable(`${kind} ${differenceKey(difference)}${detail === '' ? '' : ` ${detail}`}`);
}

/** `mtu 1450 → 1500` for each field that differs: what is, then what is wanted. */
export function describeChanges(difference: Difference): string[] {
  return changedFields(difference).map(({ field, observed, desired }: FieldChange) =>
    printable(`${field} ${describeValue(observed)} → ${describeValue(desired)}`),
  );
}

/** `two-hosts.yaml:19:8`; null where no file says it. */
export function describePlace(files: readonly SourceFile[], place: Place): string | null {
  const location = locate(files, place);
  return location === null ? null : `${printable(location.file)}:${location.line}:${location.column}`;
}

/** What is wrong, as a sentence: `host0: route 10.20.1.3/32 via 192.168.1.16 dev ens192 is missing`, and why. */
export function describeSentence(difference: Difference): string {
  const where = difference.kind === 'netns' ? '' : `${printable(difference.netns)}: `;
  const cause = difference.cause === null ? '' : `; ${printable(difference.cause)}`;
  return `${where}${describeItem(difference)} ${predicateOf(difference)}${cause}`;
}

function predicateOf(difference: Difference): string {
  const stands = difference.conflict ? 'is not ours, and differs' : 'differs';
  if (difference.change === 'missing') return 'is missing';
  if (difference.change === 'extra') return 'is in no file';
  const changes = describeChanges(difference);
  return changes.length === 0 ? stands : `${stands}: ${changes.join(', ')}`;
}

/** The place a difference was said in; NOWHERE for an extra item and for a kernel's default. */
export function placeOf(difference: Difference): Place {
  const { desired } = difference;
  return desired !== null && 'source' in desired ? desired.source : NOWHERE;
}

function describeDetail(difference: Difference): string {
  switch (difference.kind) {
    case 'netns': {
      // A namespace that stands and is not to go differs by our claim alone, and the cause says how.
      const isClaim = difference.observed !== null && difference.cause !== null;
      return isClaim ? 'claim' : '';
    }
    case 'fdb':
    case 'address':
    case 'bgp':
      return '';
    case 'link': {
      const { desired, observed } = difference;
      return desired === null
        ? observed === null
          ? ''
          : describeObservedLink(observed)
        : describeDesiredLink(desired);
    }
    case 'neighbour': {
      const mac = (difference.desired ?? difference.observed)?.mac ?? null;
      return mac === null ? '' : `lladdr ${mac}`;
    }
    case 'route': {
      const { desired, observed } = difference;
      if (desired !== null) return describeWay(desired);
      return observed === null ? '' : `${describeWay(observed)} proto ${formatProtocol(observed.protocol)}`;
    }
    case 'sysctl': {
      const sysctl = difference.desired ?? difference.observed;
      return sysctl === null ? '' : `= ${sysctl.value}`;
    }
  }
}

function describeDesiredLink({ spec, up }: DesiredLink): string {
  if (spec.kind === 'existing') return up ? 'up' : '';
  return spec.kind === 'veth' ? `veth peer ${spec.peer.name} netns ${spec.peer.netns}` : spec.kind;
}

function describeObservedLink({ kind, peer }: ObservedLink): string {
  return peer === null ? kind : `${kind} peer ${peer.name} netns ${peer.netns}`;
}

/** The way of a route, without its identity: `via 192.168.1.16 dev ens192`. */
export function describeWay(route: Route): string {
  const type = route.type === RTN_UNICAST ? [] : [formatRouteType(route.type)];
  const hops = route.nexthops?.map((hop) => `nexthop ${describeHop(hop)} weight ${hop.weight}`) ?? [
    describeHop(route),
  ];
  const src = route.src === null ? [] : [`src ${formatIp(route.src)}`];
  return [...type, ...hops, ...src].filter((words) => words !== '').join(' ');
}

function describeHop({ via, dev }: Pick<Nexthop, 'via' | 'dev'>): string {
  const gateway = via === null ? [] : [`via ${formatIp(via)}`];
  return [...gateway, ...(dev === null ? [] : [`dev ${dev}`])].join(' ');
}

function describeValue(value: Value): string {
  if (value === null) return 'none';
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(describeValue).join(', ');
  const fields = Object.entries(value).filter(([, inner]) => inner !== null && inner !== false);
  return fields.map(([name, inner]) => (inner === true ? name : `${name} ${describeValue(inner)}`)).join(' ');
}
