// The kinds of link with settings of their own: tunnels, and links that stand on another link of their namespace.
// What is stated and what is observed have one form, so equality is by field.
import type { Ip } from './ip.ts';

/** How the macvlans of one parent see each other. */
export type MacvlanMode = 'private' | 'vepa' | 'bridge' | 'passthru' | 'source';

export interface VxlanSettings {
  readonly kind: 'vxlan';
  /** The VNI, 0-16777215. */
  readonly id: number;
  /** UDP. */
  readonly port: number;
  /** The source of its packets, which also tells the family of the underlay; null leaves it to the route. */
  readonly local: Ip | null;
  /** The link its packets leave by; null leaves it to the route. */
  readonly dev: string | null;
  /** Whether it learns forwarding entries from the packets that come. */
  readonly learning: boolean;
}

export interface IpipSettings {
  readonly kind: 'ipip';
  /** Null matches any. */
  readonly local: Ip | null;
  /** Null: each route's gateway is the far end. */
  readonly remote: Ip | null;
  /** Of the outer packets; 0 inherits. */
  readonly ttl: number;
}

export interface VlanSettings {
  readonly kind: 'vlan';
  /** Empty, observed only: it stands in another namespace. */
  readonly parent: string;
  /** 0-4094. */
  readonly id: number;
}

export interface MacvlanSettings {
  readonly kind: 'macvlan';
  /** Empty, observed only: it stands in another namespace. */
  readonly parent: string;
  readonly mode: MacvlanMode;
}

export type KindSettings = VxlanSettings | IpipSettings | VlanSettings | MacvlanSettings;

/** Bytes that IPIP puts before a packet: an IPv4 header. */
export const IPIP_OVERHEAD = 20;

/** Bytes that VXLAN puts before a packet: IP, UDP, VXLAN and Ethernet headers. */
export function vxlanOverhead(underlay: 4 | 6): number {
  return underlay === 4 ? 50 : 70;
}

/** The link of the same namespace that a link stands on, and goes with; null for none. */
export function parentOf(spec: Spec): string | null {
  if (!hasSettings(spec) || spec.kind === 'ipip') return null;
  return spec.kind === 'vxlan' ? spec.dev : spec.parent;
}

/** What any link is, as far as these functions tell kinds apart. */
type Spec = KindSettings | { readonly kind: 'veth' | 'bridge' | 'dummy' | 'ifb' | 'existing' };

/** Whether a link is of a kind with settings of its own. */
export function hasSettings(spec: Spec): spec is KindSettings {
  return spec.kind === 'vxlan' || spec.kind === 'ipip' || spec.kind === 'vlan' || spec.kind === 'macvlan';
}

/** Why no setting turns one link of a kind into the other, in words; null where the kernel can do it in place. */
export function whyAnotherLink(desired: KindSettings, observed: KindSettings): string | null {
  if (desired.kind === 'vxlan' && observed.kind === 'vxlan') {
    if (desired.id !== observed.id) return `its id is ${observed.id}, which cannot be changed`;
    if (desired.port !== observed.port) return `its port is ${observed.port}, which cannot be changed`;
    if (typeof (desired.local ?? 0) !== typeof (observed.local ?? 0))
      return 'its underlay is of another family';
    if (desired.dev === null && observed.dev !== null) return `it leaves by ${observed.dev}, not by any link`;
  } else if (desired.kind === 'ipip' && observed.kind === 'ipip') {
    if ((desired.remote === null) !== (observed.remote === null)) {
      return observed.remote === null ? 'it has many far ends, not one' : 'it has one far end, not many';
    }
  } else if (desired.kind === 'vlan' && observed.kind === 'vlan') {
    if (desired.id !== observed.id) return `its id is ${observed.id}, which cannot be changed`;
    if (desired.parent !== observed.parent) return standsOn(observed.parent);
  } else if (desired.kind === 'macvlan' && observed.kind === 'macvlan') {
    if (desired.parent !== observed.parent) return standsOn(observed.parent);
    if (desired.mode !== observed.mode && [desired.mode, observed.mode].includes('passthru'))
      return `its mode is ${observed.mode}, which cannot be changed`;
  }
  return null;
}

/** Whether two links of one kind have the same settings. */
export function sameSettings(a: KindSettings, b: KindSettings): boolean {
  const [one, other] = [a, b] as unknown as Readonly<Record<string, unknown>>[];
  return Object.keys(a).every((key) => one![key] === other![key]);
}

function standsOn(parent: string): string {
  return parent === '' ? 'it stands on a link of another namespace' : `it stands on ${parent}`;
}
