// The way of a packet as data: what each namespace decides, who answers on each wire, and where it ends.
import type { NeighbourState } from '../kernel/codec/neighbour-state.ts';
import type { Ip } from '../state/ip.ts';
import type { LinkEnd } from '../state/link.ts';
import type { ObservedRoute } from '../state/route.ts';
import type { Fault } from './fault.ts';

export type Step =
  | {
      readonly kind: 'route';
      readonly netns: string;
      /** The device it came in by; null at its source. */
      readonly iif: string | null;
      /** The route that decides; null where the kernel does not tell it. */
      readonly route: ObservedRoute | null;
      readonly dev: string;
      /** The next hop: the gateway, or the destination itself. */
      readonly next: Ip;
      /** Bytes that the device, or the route, takes. */
      readonly mtu: number;
    }
  | {
      readonly kind: 'neighbour';
      readonly netns: string;
      readonly dev: string;
      readonly next: Ip;
      /** `none`: nobody has been asked yet. */
      readonly state: NeighbourState;
      readonly mac: string | null;
    }
  | {
      readonly kind: 'answer';
      readonly netns: string;
      readonly dev: string;
      readonly next: Ip;
      readonly mac: string;
      readonly how: 'address' | 'proxy';
      /** The device of the route by which proxy ARP answers. */
      readonly by: string | null;
    }
  | {
      readonly kind: 'wire';
      readonly from: LinkEnd;
      readonly to: LinkEnd;
      readonly bridges: readonly LinkEnd[];
      readonly mtu: number;
    }
  | {
      readonly kind: 'tunnel';
      readonly netns: string;
      readonly dev: string;
      readonly type: string;
      /** The far host's address, to which the packet goes wrapped. */
      readonly remote: Ip;
      readonly outer: readonly Step[];
    }
  | { readonly kind: 'arrive'; readonly netns: string; readonly address: Ip }
  | { readonly kind: 'leave'; readonly netns: string; readonly dev: string; readonly link: string };

/** `arrives`; `leaves`: by a device whose far end is not on this machine; `dies`. */
export type Verdict = 'arrives' | 'leaves' | 'dies';

export interface Way {
  readonly from: { readonly netns: string; readonly address: Ip | null };
  readonly to: Ip;
  readonly verdict: Verdict;
  readonly steps: readonly Step[];
  /** Why it dies; null where it does not. */
  readonly fault: Fault | null;
  /** What may end it although the routes are sound: a firewall, a smaller MTU, a wrong answer that is still cached. */
  readonly suspects: readonly Fault[];
  /** Where it ended: the last namespace, and the device it came in by (null: it never left). */
  readonly end: { readonly netns: string; readonly iif: string | null };
}
