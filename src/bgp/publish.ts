// Brings a speaker's configuration to where its daemon reads it, and asks a daemon that runs to read it again.
import { ReconcileError } from '../errors.ts';
import type { BgpSpeaker } from '../state/bgp.ts';
import { HEADER } from './config.ts';
import { ask } from './control.ts';
import { composeConfig, isConfigured, isOurs, type SpeakerFiles, writeConfig } from './files.ts';
import { checkConfig } from './program.ts';

/** What came of a configuration: nothing was to do, it was written, or written and taken by the running daemon. */
export type Published = 'unchanged' | 'written' | 'taken';

/** Checks and writes a configuration, and has a running daemon take it: sessions that did not change go on. */
export function publish(
  speaker: BgpSpeaker,
  topology: string,
  files: SpeakerFiles,
  program: string,
): Published {
  const text = composeConfig(speaker, topology, files);
  if (isConfigured(files, text)) return 'unchanged';
  // The part that a real machine's configuration includes is not one by itself: its BIRD checks the whole.
  writeConfig(files, text, (aside) => {
    if (speaker.simulated) checkConfig(program, aside, speaker.host);
  });
  return reconfigure(speaker, files) ? 'taken' : 'written';
}

/** Leaves of a speaker nothing but an empty file, and has a running daemon take that; a file that is not ours stays. */
export function retire(speaker: BgpSpeaker, files: SpeakerFiles): void {
  if (!isOurs(files) || isConfigured(files, RETIRED)) return;
  writeConfig(files, RETIRED, () => {});
  reconfigure(speaker, files);
}

const RETIRED = `${HEADER}: no topology speaks BGP here.\n`;

/** Asks a running daemon to read its configuration again; false where none runs. Equivalent to `birdc configure`. */
function reconfigure(speaker: BgpSpeaker, files: SpeakerFiles): boolean {
  const answer = ask(files.socket, 'configure');
  if (answer === null) return false;
  if (answer.code < FIRST_FAULT) return true;
  const said = answer.lines.at(-1) ?? '';
  throw new ReconcileError('bgp', `BIRD refuses the configuration of ${speaker.host}: ${said}`);
}

const FIRST_FAULT = 8000;
