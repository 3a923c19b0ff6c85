// The birds: one BIRD in every simulated host's namespace, started, watched, told of changes, and stopped through its control
// socket. A daemon that an earlier run left behind is taken over where it is in the right namespace, else sent away.
import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { ReconcileError } from '../errors.ts';
import type { Machine } from '../kernel/machine.ts';
import type { BgpSpeaker } from '../state/bgp.ts';
import { familiesOf, sessionName } from './config.ts';
import { ask, findListener } from './control.ts';
import { filesOf, type SpeakerFiles } from './files.ts';
import { findBird } from './program.ts';
import { publish, takeBack } from './publish.ts';

/** Milliseconds. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;
/** A daemon that lived so long begins with the first delay again. */
const GOOD_LIFE = 10_000;
const LOOK_EVERY = 1000;
const FAREWELL = 3000;
const FLUSH = 500;

export interface BirdsOptions {
  readonly machine: Machine;
  /** The run directory of a topology. */
  readonly directoryOf: (topology: string) => string;
  /** One line for the log. */
  readonly say: (message: string) => void;
}

/** One daemon of ours. */
interface Bird {
  readonly files: SpeakerFiles;
  speaker: BgpSpeaker;
  /** The cookie of the namespace it was started in. */
  cookie: bigint;
  /** Null: left behind by an earlier run, or not running. */
  child: ChildProcess | null;
  startedAt: number;
  failures: number;
  timer: NodeJS.Timeout | null;
  /** Its place is not taken by one that is still to end. */
  free: boolean;
}

export class Birds {
  readonly #options: BirdsOptions;
  readonly #birds = new Map<string, Bird>();
  #program: string | null = null;
  #looking: NodeJS.Timeout | null = null;

  constructor(options: BirdsOptions) {
    this.#options = options;
  }

  /** Brings the daemons to what a topology wants. Raises a `bgp` error where BIRD is missing; other troubles are said. */
  keep(topology: string, speakers: readonly BgpSpeaker[]): void {
    if (speakers.length > 0) this.#program ??= findBird();
    const directory = this.#options.directoryOf(topology);
    const wanted = new Set(speakers.map(({ host }) => host));
    for (const [host, bird] of this.#birds) if (!wanted.has(host)) this.#retire(host, bird);
    this.#try(() => takeBack(topology, directory, speakers));
    for (const speaker of speakers) this.#try(() => this.#keepOne(topology, speaker, directory));
    if (this.#birds.size > 0) this.#looking ??= setInterval(() => this.#look(), LOOK_EVERY).unref();
  }

  /** Stops every daemon; the kernel keeps the routes as they are. */
  async close(): Promise<void> {
    if (this.#looking !== null) clearInterval(this.#looking);
    // First no daemon touches the kernel any more, so that what one withdraws as it ends changes nothing elsewhere.
    for (const { files, speaker } of this.#birds.values()) {
      for (const family of familiesOf(speaker)) attempt(() => ask(files.socket, `disable kernel${family}`));
    }
    const ends = [...this.#birds].map(([host, bird]) => this.#forget(host, bird));
    await Promise.all(ends);
  }

  /** What fails is said, and keeps nothing else from being done. */
  #try(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof ReconcileError)) throw error;
      this.#options.say(error.inOneLine);
    }
  }

  #keepOne(topology: string, speaker: BgpSpeaker, directory: string): void {
    const files = filesOf(speaker, directory);
    const outcome = publish(speaker, topology, directory, this.#program!);
    if (outcome === 'taken') this.#options.say(`BIRD of ${speaker.host} took its changed configuration`);
    if (!speaker.simulated) {
      if (outcome === 'written')
        this.#options.say(`${files.config} is written; no BIRD listens on ${files.socket} to read it`);
      return;
    }
    const netns = this.#options.machine.namespace(speaker.netns);
    if (netns === null) return;
    const { cookie } = netns.socket;
    const standing = this.#birds.get(speaker.host);
    if (standing?.cookie === cookie) {
      standing.speaker = speaker;
      return;
    }
    const bird: Bird = {
      files,
      speaker,
      cookie,
      child: null,
      startedAt: 0,
      failures: 0,
      timer: null,
      free: true,
    };
    this.#birds.set(speaker.host, bird);
    if (standing === undefined) {
      this.#begin(bird);
      return;
    }
    this.#options.say(`the namespace of ${speaker.host} is another one: its BIRD is started anew`);
    // As it ends the old one removes the socket: the new one must not have made its own by then.
    bird.free = false;
    void this.#dismiss(standing).then(() => {
      bird.free = true;
      if (this.#birds.get(speaker.host) !== bird) return;
      this.#begin(bird);
      this.#forgetSessions(speaker);
    });
  }

  /** The others still hold on to sessions with a daemon that could not say goodbye: they let go, and take the new one. */
  #forgetSessions(speaker: BgpSpeaker): void {
    const own = new Set(speaker.peers.map(({ local }) => local));
    for (const { files, speaker: other } of this.#birds.values()) {
      for (const peer of other.peers.filter(({ address }) => own.has(address)))
        attempt(() => ask(files.socket, `restart '${sessionName(peer)}'`));
    }
  }

  /** Starts a daemon, unless one of an earlier run is in its place. */
  #begin(bird: Bird): void {
    const { speaker, files } = bird;
    const netns = this.#options.machine.namespace(speaker.netns);
    if (netns === null || netns.socket.cookie !== bird.cookie) return;
    const standing = findListener(files.socket);
    if (standing !== null) {
      if (
        standing.netns !== null &&
        standing.netns === netns.enter(() => readlinkSync('/proc/thread-self/ns/net'))
      ) {
        this.#options.say(`BIRD of ${speaker.host} (pid ${standing.pid}) was running already`);
        return;
      }
      ask(files.socket, 'down');
      return; // it is looked for again until it is gone
    }
    const args = ['-f', '-c', files.config, '-s', files.socket];
    // A child made while the thread is in a namespace lives there; a session of its own spares it the terminal's Ctrl-C.
    const child = netns.enter(() => spawn(this.#program!, args, { stdio: 'ignore', detached: true }));
    bird.child = child;
    bird.startedAt = performance.now();
    child.once('error', (error) => this.#ended(bird, child, error.message));
    child.once('exit', (code, signal) => this.#ended(bird, child, signal ?? `exit status ${code}`));
  }

  /** A daemon ended: it is started again, after a while that grows as long as it keeps ending. */
  #ended(bird: Bird, child: ChildProcess, how: string): void {
    if (bird.child !== child) return;
    bird.child = null;
    if (this.#birds.get(bird.speaker.host) !== bird) return;
    if (performance.now() - bird.startedAt > GOOD_LIFE) bird.failures = 0;
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** bird.failures++);
    this.#options.say(
      `BIRD of ${bird.speaker.host} ended (${how}); it is started again in ${(delay / 1000).toFixed(1)} s; its log is ${bird.files.log}`,
    );
    bird.timer = setTimeout(() => {
      bird.timer = null;
      if (this.#birds.get(bird.speaker.host) === bird) this.#begin(bird);
    }, delay);
  }

  /** Daemons that are no children of ours end without a word. */
  #look(): void {
    for (const bird of this.#birds.values()) {
      if (bird.child !== null || bird.timer !== null || !bird.free) continue;
      if (attempt(() => findListener(bird.files.socket)) === null) this.#begin(bird);
    }
  }

  /** A host that speaks BGP no more: its daemon takes what it learnt out of the kernel, then it goes. */
  #retire(host: string, bird: Bird): void {
    this.#birds.delete(host);
    attempt(() => ask(bird.files.socket, 'disable "calico.*"'));
    setTimeout(() => void this.#dismiss(bird), FLUSH);
  }

  #forget(host: string, bird: Bird): Promise<void> {
    this.#birds.delete(host);
    return this.#dismiss(bird);
  }

  /** Sends a daemon away; resolves when it has gone, or is none of ours. */
  async #dismiss(bird: Bird): Promise<void> {
    if (bird.timer !== null) clearTimeout(bird.timer);
    attempt(() => ask(bird.files.socket, 'down'));
    const { child } = bird;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const impatience = setTimeout(() => child.kill('SIGKILL'), FAREWELL);
      child.once('exit', () => {
        clearTimeout(impatience);
        resolve();
      });
    });
  }
}

/** A daemon that does not answer is as good as none. */
function attempt<Result>(act: () => Result): Result | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof ReconcileError) return null;
    throw error;
  }
}
