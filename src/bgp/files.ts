// The files of a speaker: its configuration (0640) and control socket in a directory that only root enters (0700).
// Configurations are written aside and renamed, never through a link; they are the only place that holds a password.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ReconcileError } from '../errors.ts';
import type { BgpSpeaker } from '../state/bgp.ts';
import { formatBirdConfig, isConfigOf } from './config.ts';
import { ask } from './control.ts';

export interface SpeakerFiles {
  readonly config: string;
  readonly socket: string;
  /** Null: the daemon is not ours, and logs where it likes. */
  readonly log: string | null;
}

/** TCP's signature takes keys of at most 80 bytes. */
const MAX_PASSWORD = 80;

/** Where the files of a speaker are; `directory` is the topology's run directory. */
export function filesOf(speaker: BgpSpeaker, directory: string): SpeakerFiles {
  if (!speaker.simulated) return { config: speaker.configFile, socket: speaker.controlSocket, log: null };
  // Short: the kernel takes paths of at most 107 bytes for sockets.
  const own = `${directory}/bird.${createHash('sha1').update(speaker.host).digest('hex').slice(0, 10)}`;
  return { config: `${own}/bird.conf`, socket: `${own}/bird.ctl`, log: `${own}/bird.log` };
}

/** Sends away the daemons of a topology that is gone, and removes their files. */
export function removeSpeakers(directory: string): void {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  for (const name of names.filter((one) => one.startsWith('bird.'))) {
    ask(`${directory}/${name}/bird.ctl`, 'down');
    rmSync(`${directory}/${name}`, { recursive: true, force: true });
  }
}

/** The configuration of a speaker with its passwords; raises a `bgp` error where one cannot be read. */
export function composeConfig(speaker: BgpSpeaker, topology: string, files: SpeakerFiles): string {
  const passwords = new Map<string, string>();
  for (const { passwordFile } of speaker.peers) {
    if (passwordFile !== null && !passwords.has(passwordFile))
      passwords.set(passwordFile, readPassword(passwordFile));
  }
  return formatBirdConfig(speaker, { topology, passwords, logFile: files.log });
}

/** Whether a speaker's configuration stands as it should. */
export function isConfigured(files: SpeakerFiles, text: string): boolean {
  try {
    return readFileSync(files.config, 'utf8') === text;
  } catch {
    return false;
  }
}

/** Whether the file that stands is one of ours, for a topology. */
export function isOurs(files: SpeakerFiles, topology: string): boolean {
  try {
    return isConfigOf(readFileSync(files.config, 'utf8'), topology);
  } catch {
    return false;
  }
}

/** Writes a configuration, once `check` has let it pass where it stands aside. */
export function writeConfig(files: SpeakerFiles, text: string, check: (aside: string) => void): void {
  const aside = `${files.config}.${process.pid}`;
  try {
    if (files.log !== null) {
      mkdirSync(dirname(files.config), { recursive: true, mode: 0o700 });
      chmodSync(dirname(files.config), 0o700);
    }
    rmSync(aside, { force: true });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(aside, flags, 0o640);
    try {
      writeSync(fd, text);
    } finally {
      closeSync(fd);
    }
    check(aside);
    renameSync(aside, files.config);
  } catch (error) {
    rmSync(aside, { force: true });
    if (error instanceof ReconcileError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ReconcileError('bgp', `the configuration ${files.config} cannot be written: ${code}`, {
      cause: error,
    });
  }
}

/** The first line of a password file; what BIRD could not read as a text is refused, without being shown. */
function readPassword(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').split('\n')[0]!.trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new ReconcileError('bgp', `the password file ${file} cannot be read: ${code}`, { cause: error });
  }
  if (/^[\x20-\x7e]+$/.test(text) && !text.includes('"') && text.length <= MAX_PASSWORD) return text;
  throw new ReconcileError('bgp', `the first line of the password file ${file} is no password`, {
    hint: `1-${MAX_PASSWORD} printable characters of ASCII, without a quotation mark`,
  });
}
