// Faults between the tool and the kernel, put in at the system calls: a request is kept from the kernel and refused in its
// stead, answers are lost, dumps are marked as interrupted. A test takes them in with
// `vi.mock('…/src/kernel/libc.ts', async (original) => (await import('./faults.ts')).faulty(await original()))`.
import { constants } from 'node:os';
import type * as libc from '../../../src/kernel/libc.ts';

const HEADER_LENGTH = 16;
const NLMSG_NOOP = 1;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_DUMP_INTR = 0x10;

export type Errno = 'EBUSY' | 'ENOMEM' | 'EINVAL' | 'EEXIST' | 'ESRCH';

/** A request as it was about to be sent. */
export interface Request {
  /** RTM_*; even numbers of a group of four are for making, odd ones for deleting. */
  readonly type: number;
  readonly flags: number;
  /** The fixed struct and the attributes. */
  readonly payload: Buffer;
}

/** What goes wrong; set by a test, all at once by `noFaults()`. */
export interface Faults {
  /** The errno a modifying request is refused with; null lets it through. Asked for each, in order. */
  refuse: (request: Request) => Errno | null;
  /** Called before modifying requests are sent. */
  beforeSend: () => void;
  /** Refusals do not arrive, nor do acknowledgements. */
  loseAnswers: boolean;
  /** Acknowledgements do not arrive. */
  loseAcknowledgements: boolean;
  /** How many more dumps are marked as interrupted, at their end. */
  interruptDumps: number;
}

const none: Faults = {
  refuse: () => null,
  beforeSend: () => {},
  loseAnswers: false,
  loseAcknowledgements: false,
  interruptDumps: 0,
};

export const faults: Faults = { ...none };

export function noFaults(): void {
  Object.assign(faults, none);
}

/** Answers that wait to be received, by descriptor: invented ones, and real ones that come after them. */
const waiting = new Map<number, Buffer[]>();

/** libc with the faults in its way. */
export function faulty(real: typeof libc): typeof libc {
  return {
    ...real,
    send: (fd, data, length) => {
      const requests = [...messages(data, length)].filter(isModifying);
      if (requests.length > 0) faults.beforeSend();
      for (const at of requests) keepFromKernel(fd, data, at);
      return real.send(fd, data, length);
    },
    receive: (fd, buffer) => {
      for (;;) {
        const length = receiveInOrder(real, fd, buffer);
        if (length < 0 || !isLost(buffer)) return length;
      }
    },
  };
}

interface Message {
  readonly at: number;
  readonly type: number;
}

function* messages(data: Buffer, length: number): Generator<Message> {
  for (let at = 0; at + HEADER_LENGTH <= length; at += (data.readUInt32LE(at) + 3) & ~3) {
    yield { at, type: data.readUInt16LE(at + 4) };
  }
}

/** Whether it is a request that changes something: not RTM_GET*, and not what is no rtnetlink. */
function isModifying({ type }: Message): boolean {
  return type >= 16 && (type & 3) !== 2;
}

function keepFromKernel(fd: number, data: Buffer, { at, type }: Message): void {
  const payload = data.subarray(at + HEADER_LENGTH, at + data.readUInt32LE(at));
  const errno = faults.refuse({ type, flags: data.readUInt16LE(at + 6), payload });
  if (errno === null) return;
  data.writeUInt16LE(NLMSG_NOOP, at + 4); // which the kernel passes over
  const answer = Buffer.alloc(HEADER_LENGTH + 4 + HEADER_LENGTH); // struct nlmsgerr
  answer.writeUInt32LE(answer.length, 0);
  answer.writeUInt16LE(NLMSG_ERROR, 4);
  answer.writeUInt32LE(data.readUInt32LE(at + 8), 8);
  answer.writeInt32LE(-constants.errno[errno], HEADER_LENGTH);
  const queue = waiting.get(fd) ?? [];
  queue.push(answer);
  waiting.set(fd, queue);
}

/** The next datagram by the numbers of the requests they answer, whether invented or real. */
function receiveInOrder(real: typeof libc, fd: number, buffer: Buffer): number {
  const queue = waiting.get(fd) ?? [];
  const length = real.receive(fd, buffer);
  if (queue.length === 0) return length;
  if (length >= 0) {
    const sequence = buffer.readUInt32LE(8);
    const before = queue.findIndex((answer) => answer.readUInt32LE(8) > sequence);
    queue.splice(before < 0 ? queue.length : before, 0, Buffer.from(buffer.subarray(0, length)));
  }
  const next = queue.shift()!;
  next.copy(buffer);
  return next.length;
}

/** Whether an answer gets lost on its way; marks the end of a dump that is to be interrupted. */
function isLost(buffer: Buffer): boolean {
  const type = buffer.readUInt16LE(4);
  if (type === NLMSG_ERROR) {
    const isAcknowledgement = buffer.readInt32LE(HEADER_LENGTH) === 0;
    return faults.loseAnswers || (isAcknowledgement && faults.loseAcknowledgements);
  }
  if (type === NLMSG_DONE && faults.interruptDumps > 0) {
    faults.interruptDumps--;
    buffer.writeUInt16LE(buffer.readUInt16LE(6) | NLM_F_DUMP_INTR, 6);
  }
  return false;
}
