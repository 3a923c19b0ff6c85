// What the daemons of a topology do, as they tell it themselves: read-only, and no trouble here is one of the reader's.
import { existsSync } from 'node:fs';
import { ReconcileError } from '../errors.ts';
import type { BgpSpeaker, ObservedBgp } from '../state/bgp.ts';
import { composeConfig, filesOf, isConfigured } from './files.ts';
import { readSessions } from './sessions.ts';

/** By host; `directory` is the topology's run directory. */
export function observeBgp(
  topology: string,
  speakers: readonly BgpSpeaker[],
  directory: string,
): Map<string, ObservedBgp> {
  return new Map(speakers.map((speaker) => [speaker.host, observeSpeaker(topology, speaker, directory)]));
}

function observeSpeaker(topology: string, speaker: BgpSpeaker, directory: string): ObservedBgp {
  const files = filesOf(speaker, directory);
  try {
    const configured = isConfigured(files, composeConfig(speaker, topology, files));
    const sessions = readSessions(files.socket, speaker);
    const started = sessions !== null || files.log === null || existsSync(files.log);
    return {
      configured,
      started,
      sessions,
      trouble: sessions === null ? describeSilence(speaker, started) : '',
    };
  } catch (error) {
    if (!(error instanceof ReconcileError)) throw error;
    return { configured: false, started: false, sessions: null, trouble: error.message };
  }
}

function describeSilence({ simulated, controlSocket }: BgpSpeaker, started: boolean): string {
  if (!simulated) return `no BIRD listens on ${controlSocket}`;
  const silence = started ? 'no BIRD runs here any more' : 'no BIRD has run here yet';
  return `${silence}; in simulated hosts it runs only under \`watch\` and \`lab\``;
}
