// BIRD's control socket, asked and answered within one call: a line goes out, lines with numbers come back.
import { closeSync, readlinkSync } from 'node:fs';
import { ReconcileError } from '../errors.ts';
import { AF_UNIX } from '../kernel/constants.ts';
import {
  connect,
  getOption,
  pollReadable,
  receive,
  SOCK_STREAM,
  SOL_SOCKET,
  SystemError,
  send,
  socket,
} from '../kernel/libc.ts';

const SO_PEERCRED = 17;
/** sizeof(struct ucred). */
const UCRED_LENGTH = 12;
/** sizeof(sun_path), with the zero that ends it. */
const PATH_LENGTH = 108;
/** Milliseconds: BIRD answers within a few, unless it is busy with a great many routes. */
const PATIENCE = 5000;

export interface Answer {
  /** Of the last line: below 1000 all went well, from 8000 on it did not. */
  readonly code: number;
  /** The lines without their numbers. */
  readonly lines: readonly string[];
}

/** A daemon that listens on a control socket. */
export interface Listener {
  /** 0 where it is of another process namespace. */
  readonly pid: number;
  /** What /proc says of its network namespace; null where that cannot be read. */
  readonly netns: string | null;
}

/** Who listens on a control socket; null where nobody does. */
export function findListener(path: string): Listener | null {
  const fd = open(path);
  if (fd === null) return null;
  try {
    const pid = getOption(fd, SOL_SOCKET, SO_PEERCRED, UCRED_LENGTH).readInt32LE(0);
    return { pid, netns: netnsOf(pid) };
  } finally {
    closeSync(fd);
  }
}

/** Sends one command, equivalent to `birdc -s PATH COMMAND`; null where nobody listens. Raises a `bgp` error for no answer. */
export function ask(path: string, command: string): Answer | null {
  const fd = open(path);
  if (fd === null) return null;
  try {
    const reader = new Reader(fd, path);
    reader.answer(); // the greeting
    const line = Buffer.from(`${command}\n`);
    send(fd, line, line.length);
    return reader.answer();
  } catch (error) {
    // `down` ends the daemon before it says much.
    if (error instanceof SystemError) return null;
    throw error;
  } finally {
    closeSync(fd);
  }
}

function open(path: string): number | null {
  if (Buffer.byteLength(path) >= PATH_LENGTH)
    throw new ReconcileError('bgp', `the path of the control socket ${path} is too long for the kernel`);
  const address = Buffer.alloc(2 + PATH_LENGTH);
  address.writeUInt16LE(AF_UNIX, 0);
  address.write(path, 2);
  const fd = socket(AF_UNIX, SOCK_STREAM, 0);
  try {
    connect(fd, address);
    return fd;
  } catch (error) {
    closeSync(fd);
    const errno = error instanceof SystemError ? error.errno : '';
    if (errno === 'ENOENT' || errno === 'ECONNREFUSED') return null;
    const hint = errno === 'EACCES' ? { hint: 'run it as root, or as a member of the group bird' } : {};
    throw new ReconcileError('bgp', `the control socket ${path} cannot be used: ${errno}`, {
      ...hint,
      cause: error,
    });
  }
}

class Reader {
  readonly #fd: number;
  readonly #path: string;
  #text = '';

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  /** One answer: lines up to the one whose number a blank follows. A line without number goes on with the last's. */
  answer(): Answer {
    const lines: string[] = [];
    for (;;) {
      const line = this.#line();
      const match = /^(\d{4})([ -])(.*)$/.exec(line);
      lines.push(match === null ? line.slice(1) : match[3]!);
      if (match?.[2] === ' ') return { code: Number(match[1]), lines };
    }
  }

  #line(): string {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return line;
      }
      const left = deadline - performance.now();
      if (left <= 0 || !pollReadable(this.#fd, Math.ceil(left)))
        throw new ReconcileError('bgp', `BIRD does not answer on ${this.#path}`);
      const length = receive(this.#fd, buffer);
      if (length === 0) throw new SystemError('recv', 'ECONNRESET');
      if (length > 0) this.#text += buffer.toString('utf8', 0, length);
    }
  }
}

const buffer = Buffer.alloc(65536);

function netnsOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return null;
  }
}
