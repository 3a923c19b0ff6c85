// Why the kernel no longer has what was applied, where its state tells: what went along with a link, with an address
// or with a namespace, and what stands in an item's place. Drift only; a pending difference needs no cause.
import type {
  DesiredNamespace,
  DesiredNetwork,
  ObservedNamespace,
  ObservedNetwork,
} from '../state/network.ts';
import type { Route } from '../state/route.ts';
import { formatProtocol } from '../state/scope.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import type { Subject } from './difference.ts';

/** The least MTU of a link that carries IPv6, in bytes; below it the kernel drops all of IPv6. */
const IPV6_LEAST_MTU = 1280;

/** What went missing, and what it needs. */
interface Lost {
  /** The devices it stood on. */
  readonly devices: readonly string[];
  readonly family: 4 | 6;
  readonly isRoute: boolean;
  /** Whether IPv4 loses it when its link goes down, and when the last address of its link goes. */
  readonly fallsWithLink: boolean;
  readonly fallsWithAddress: boolean;
}

/** The cause of a missing item that was there; null where the state does not tell. */
export function causeOfLoss(
  subject: Subject,
  netns: string,
  desired: DesiredNetwork,
  observed: ObservedNetwork,
): string | null {
  const found = observed.namespaces.get(netns);
  if (found === undefined) return `namespace ${netns} was deleted`;
  if (subject.kind === 'link') {
    const spec = subject.desired?.spec;
    if (spec?.kind !== 'veth') return null;
    // Of a part of the network, only what is wanted was looked for.
    const { netns: far } = spec.peer;
    if (observed.namespaces.has(far) || !desired.namespaces.has(far)) return null;
    return `namespace ${far} was deleted, and its end of the veth took this one along`;
  }
  const lost = describeLost(subject);
  const wanted = desired.namespaces.get(netns);
  return lost === null || wanted === undefined ? null : causeOnLinks(lost, wanted, found);
}

/** The cause of an item of ours having become another's. */
export function causeOfReplacement(subject: Subject): string {
  const replacedBy = subject.kind === 'route' ? subject.observed : null;
  if (replacedBy !== null) return `replaced by proto ${formatProtocol(replacedBy.protocol)}`;
  return 'replaced by one that does not bear our mark';
}

function describeLost(subject: Subject): Lost | null {
  switch (subject.kind) {
    case 'route': {
      const family = typeof subject.desired!.dst === 'number' ? 4 : 6;
      return {
        devices: devicesOf(subject.desired!),
        family,
        isRoute: true,
        fallsWithLink: true,
        fallsWithAddress: true,
      };
    }
    case 'address': {
      const { dev, address } = subject.desired!;
      const family = typeof address === 'number' ? 4 : 6;
      return { devices: [dev], family, isRoute: false, fallsWithLink: family === 6, fallsWithAddress: false };
    }
    case 'neighbour': {
      const { dev, dst } = subject.desired!;
      const family = typeof dst === 'number' ? 4 : 6;
      return { devices: [dev], family, isRoute: false, fallsWithLink: true, fallsWithAddress: true };
    }
    case 'sysctl': {
      const device = parseDeviceSysctl(subject.desired!.key);
      if (device === null) return null;
      const family = device.family === 'ipv4' ? 4 : 6;
      return { devices: [device.dev], family, isRoute: false, fallsWithLink: false, fallsWithAddress: false };
    }
    default:
      return null;
  }
}

function causeOnLinks(
  { devices, family, isRoute, fallsWithLink, fallsWithAddress }: Lost,
  desired: DesiredNamespace,
  observed: ObservedNamespace,
): string | null {
  for (const dev of devices) {
    const link = observed.links.get(dev);
    const wanted = desired.links.get(dev);
    if (link === undefined)
      return wanted === undefined
        ? null
        : `link ${dev} ${wanted.spec.kind === 'existing' ? 'is not there' : 'was deleted'}`;
    if (fallsWithLink && !link.up && wanted?.up !== false) {
      return `link ${dev} went down (${takenWhenDown(family, isRoute)})`;
    }
    if (family === 6 && link.mtu < IPV6_LEAST_MTU)
      return `link ${dev} has mtu ${link.mtu}: too little for IPv6`;
    if (family === 4 && fallsWithAddress && hasIpv4(desired, dev) && !hasIpv4(observed, dev)) {
      return `link ${dev} lost its last IPv4 address (the kernel takes its routes and neighbours along)`;
    }
  }
  return null;
}

function takenWhenDown(family: 4 | 6, isRoute: boolean): string {
  if (family === 6) return 'the kernel takes all of IPv6 along';
  return isRoute ? 'the kernel flushes IPv4 routes silently' : 'the kernel takes its neighbours along';
}

function hasIpv4(netns: DesiredNamespace | ObservedNamespace, dev: string): boolean {
  return netns.addresses.some((address) => address.dev === dev && typeof address.address === 'number');
}

function devicesOf(route: Route): readonly string[] {
  const devices = route.nexthops?.map((hop) => hop.dev) ?? [route.dev];
  return devices.filter((dev) => dev !== null);
}
