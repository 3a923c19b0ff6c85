// BGP sessions: what is not established, where the daemons were asked. No step mends that: BIRD does, in its own time.
import { ESTABLISHED } from '../state/bgp.ts';
import type { DesiredNetwork, ObservedNetwork } from '../state/network.ts';
import type { Difference } from './difference.ts';

/** A session is pending that the configuration in force lacks, or that no daemon was ever there for; else it is drift. */
export function* diffBgp(desired: DesiredNetwork, observed: ObservedNetwork): Generator<Difference> {
  for (const { host, netns, peers } of desired.bgp) {
    const found = observed.bgp?.get(host);
    if (found === undefined) continue;
    for (const peer of peers) {
      const session = found.sessions?.find((one) => one.peer === peer.name) ?? null;
      if (session?.state === ESTABLISHED) continue;
      const cause =
        session === null ? found.trouble || 'BIRD does not know the session' : session.trouble || null;
      yield {
        kind: 'bgp',
        netns,
        desired: peer,
        observed: session,
        change: session === null ? 'missing' : 'changed',
        class: found.configured && found.started ? 'drift' : 'pending',
        conflict: false,
        cause,
      };
    }
  }
}
