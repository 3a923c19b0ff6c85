// BGP: whether BIRD is there to speak it, and whether its sessions are up. Asks the daemons, changes nothing.
import { findBird } from '../bgp/program.ts';
import { ReconcileError } from '../errors.ts';
import { type BgpSpeaker, ESTABLISHED, type ObservedBgp } from '../state/bgp.ts';
import { type Finding, finding } from './finding.ts';

/** Nothing of a topology that speaks no BGP. */
export function checkBgp(
  speakers: readonly BgpSpeaker[],
  observed: ReadonlyMap<string, ObservedBgp>,
): Finding[] {
  if (speakers.length === 0) return [];
  return [checkProgram(), ...checkSessions(speakers, observed)];
}

function checkProgram(): Finding {
  try {
    return finding('good', 'birdInstalled', `${findBird()} is BIRD 2`);
  } catch (error) {
    if (!(error instanceof ReconcileError)) throw error;
    const remedy = { kind: 'shell', words: ['apt-get', 'install', 'bird2'] } as const;
    return finding('failure', 'birdMissing', error.message, null, remedy);
  }
}

function checkSessions(
  speakers: readonly BgpSpeaker[],
  observed: ReadonlyMap<string, ObservedBgp>,
): Finding[] {
  const down: Finding[] = [];
  let up = 0;
  for (const { host, peers } of speakers) {
    const { sessions, trouble } = observed.get(host) ?? { sessions: null, trouble: '' };
    if (sessions === null) {
      down.push(finding('warning', 'bgpSilent', `${host} has no BGP session`, trouble || null));
      continue;
    }
    for (const peer of peers) {
      const session = sessions.find((one) => one.peer === peer.name);
      if (session?.state === ESTABLISHED) up++;
      else {
        const state = session?.state ?? 'unknown to BIRD';
        const message = `the BGP session of ${host} with ${peer.name} is ${state}`;
        down.push(finding('warning', 'bgpSessionDown', message, session?.trouble || null));
      }
    }
  }
  return down.length > 0 ? down : [finding('good', 'bgpSessionsUp', `${up} BGP sessions are up`)];
}
