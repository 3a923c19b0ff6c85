// Brings a speaker's configuration to where its daemon reads it, and asks a daemon that runs to read it again.
import { ReconcileError } from '../errors.ts';
import type { BgpSpeaker } from '../state/bgp.ts';
import { RETIRED } from './config.ts';
import { ask } from './control.ts';
import { composeConfig, filesOf, isConfigured, isOurs, type SpeakerFiles, writeConfig } from './files.ts';
import { forgetGiven, type Given, readGiven, rememberGiven } from './given.ts';
import { checkConfig } from './program.ts';

/** What came of a configuration: nothing was to do, it was written, or written and taken by the running daemon. */
export type Published = 'unchanged' | 'written' | 'taken';

/** Checks and writes a configuration, and has a running daemon take it: sessions that did not change go on. */
export function publish(
  speaker: BgpSpeaker,
  topology: string,
  directory: string,
  program: string,
): Published {
  const files = filesOf(speaker, directory);
  const text = composeConfig(speaker, topology, files);
  if (!speaker.simulated) rememberGiven(directory, files);
  if (isConfigured(files, text)) return 'unchanged';
  // The part that a real machine's configuration includes is not one by itself: its BIRD checks the whole.
  writeConfig(files, text, (aside) => {
    if (speaker.simulated) checkConfig(program, aside, speaker.host);
  });
  return reconfigure(speaker.host, files) ? 'taken' : 'written';
}

/** Takes back what a real machine's daemon was given and no speaker wants any more. */
export function takeBack(topology: string, directory: string, wanted: readonly BgpSpeaker[]): void {
  const given = readGiven(directory);
  if (given === null || wanted.some(({ simulated, configFile }) => !simulated && configFile === given.config))
    return;
  retire(topology, given);
  forgetGiven(directory);
}

/** Leaves of a topology nothing but an empty file, and has a running daemon take that; what is not its own stays. */
export function retire(topology: string, given: Given): void {
  const files = { ...given, log: null };
  if (!isOurs(files, topology)) return;
  writeConfig(files, RETIRED, () => {});
  reconfigure('this machine', files);
}

/** Asks a running daemon to read its configuration again; false where none runs. Equivalent to `birdc configure`. */
function reconfigure(host: string, files: SpeakerFiles): boolean {
  const answer = ask(files.socket, 'configure');
  if (answer === null) return false;
  if (answer.code < FIRST_FAULT) return true;
  const said = answer.lines.at(-1) ?? '';
  throw new ReconcileError('bgp', `BIRD refuses the configuration of ${host}: ${said}`);
}

const FIRST_FAULT = 8000;
