// One rtnetlink socket for requests, bound to the namespace the thread was in when it was made. The kernel answers
// rtnetlink before the send returns: so nothing awaits, and nothing happens between two namespaces.
import { closeSync } from 'node:fs';
import { KernelError } from '../errors.ts';
import { HEADER_LENGTH, i32, MessageWriter, u16, u32 } from './codec/message.ts';
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  SO_NETNS_COOKIE,
  SO_RCVBUF,
} from './constants.ts';
import { DumpMemory, type Reading } from './dump-memory.ts';
import {
  bind,
  errnoName,
  getOption,
  receive,
  SOCK_RAW,
  SOL_SOCKET,
  send,
  socket,
  socketName,
} from './libc.ts';
import { isAbsent, parseError, type Refusal } from './refusal.ts';
import { setSocketOptions } from './socket-options.ts';

/** How often an interrupted dump is begun anew before it is given up. */
const DUMP_ATTEMPTS = 20;
/** Bytes; a batch is sent when it has grown so far. A send of more than the send buffer is EMSGSIZE. */
const BATCH_BYTES = 120_000;
/** Bytes of receive buffer that one error reply takes, whatever its length. */
const REPLY_BYTES = 832;
/** struct sockaddr_nl that leaves the port to the kernel. */
const anyPort = Buffer.alloc(12);
anyPort.writeUInt16LE(AF_NETLINK, 0);

/** Received datagrams; the kernel fills at most 32 KiB of a dump at a time. Shared: nothing reads while another does. */
const received = Buffer.allocUnsafe(1 << 16);

/** One request. Shared: it is sent as soon as it is written. */
const writer = new MessageWriter();

export class NetlinkSocket {
  /** SO_NETNS_COOKIE: which namespace it is bound to, unique per boot. */
  readonly cookie: bigint;
  /** How many requests may go out together, so that even if all fail their answers fit the receive buffer. */
  readonly batchLimit: number;
  readonly fd: number;
  #sequence = 1;

  /** Opens a socket in the namespace the thread is in. */
  constructor() {
    this.fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    setSocketOptions(this.fd);
    bind(this.fd, anyPort);
    this.batchLimit = batchLimitFor(getOption(this.fd, SOL_SOCKET, SO_RCVBUF, 4).readInt32LE(0));
    this.cookie = getOption(this.fd, SOL_SOCKET, SO_NETNS_COOKIE, 8).readBigUInt64LE(0);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** The port that the kernel names as the author of what this socket changes. */
  get port(): number {
    return socketName(this.fd)!.readUInt32LE(4);
  }

  /**
   * Asks for all objects of a kind and returns what `parse` makes of each (null: left out). The kernel's mark of an
   * interrupted dump is looked for on every message, and such a dump is begun anew: what is returned was whole.
   */
  dump<T>(
    type: number,
    format: (writer: MessageWriter) => void,
    parse: (buffer: Buffer, start: number, end: number) => T | null,
  ): T[] {
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      const sequence = this.reserveSequences();
      this.#request(type, NLM_F_DUMP, sequence, format);
      const objects: T[] = [];
      if (this.#readDump(sequence, type, parse, objects)) return objects;
      this.#discard();
    }
    throw interrupted(type);
  }

  /** A memory for the dumps of one kind over this socket. */
  newMemory<T>(): DumpMemory<T> {
    return new DumpMemory(this.reserveSequences());
  }

  /** As `dump`; where the kernel says what it said the last time, the very list of the last time is returned. */
  dumpAgain<T>(
    type: number,
    format: (writer: MessageWriter) => void,
    parse: (buffer: Buffer, start: number, end: number) => T | null,
    memory: DumpMemory<T>,
  ): readonly T[] {
    const { sequence } = memory;
    const next = (): number => receive(this.fd, received);
    const read = (length: number, objects: T[]): Reading =>
      this.#readDatagram(length, sequence, type, parse, objects);
    for (let attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
      this.#discard(); // an answer that nobody waited for would pass for this one's
      this.#request(type, NLM_F_DUMP, sequence, format);
      const objects = memory.takeIn(received, next, read);
      if (objects !== null) return objects;
    }
    throw interrupted(type);
  }

  /** Asks for one object; null where the kernel has none. */
  get<T>(
    type: number,
    format: (writer: MessageWriter) => void,
    parse: (buffer: Buffer, start: number, end: number) => T,
  ): T | null {
    const sequence = this.reserveSequences();
    this.#request(type, 0, sequence, format);
    for (let length = receive(this.fd, received); length >= 0; length = receive(this.fd, received)) {
      if (u32(received, 8) !== sequence) continue;
      if (u16(received, 4) !== NLMSG_ERROR) {
        return parse(received, HEADER_LENGTH, u32(received, 0));
      }
      const refusal = parseError(received, 0);
      if (refusal === null || isAbsent(refusal.errno)) return null;
      throw new KernelError(`get ${type}`, refusal.errno, refusal.message);
    }
    return null;
  }

  /**
   * Sends the requests in a writer, numbered from `first`, in one send; the kernel carries out each whatever becomes of
   * the others. Returns those it refused. Answers that were lost say nothing: the caller reads the state back.
   */
  transact(writer: MessageWriter, first: number, count: number): Refusal[] {
    const refusals: Refusal[] = [];
    if (count === 0) return refusals;
    writer.addFlags(NLM_F_ACK);
    send(this.fd, writer.buffer, writer.length);
    const last = first + count - 1;
    for (let length = receive(this.fd, received); length >= 0; length = receive(this.fd, received)) {
      for (let at = 0; at + HEADER_LENGTH <= length; at += (u32(received, at) + 3) & ~3) {
        const sequence = u32(received, at + 8);
        if (u16(received, at + 4) !== NLMSG_ERROR || sequence < first || sequence > last) continue;
        const refusal = parseError(received, at);
        if (refusal !== null) refusals.push({ index: sequence - first, ...refusal });
        if (sequence === last) return refusals;
      }
    }
    return refusals;
  }

  /** Reserves numbers for a batch of up to `batchLimit` requests; returns the first. */
  reserveSequences(): number {
    const first = this.#sequence;
    this.#sequence = (this.#sequence + this.batchLimit) % 0x7fffffff || 1;
    return first;
  }

  /** Whether a batch has grown as far as one send may. */
  isFull(writer: MessageWriter, count: number): boolean {
    return count >= this.batchLimit || writer.length >= BATCH_BYTES;
  }

  #request(type: number, flags: number, sequence: number, format: (writer: MessageWriter) => void): void {
    writer.clear();
    writer.beginMessage(type, flags, sequence);
    format(writer);
    writer.endMessage();
    send(this.fd, writer.buffer, writer.length);
  }

  /** Reads a dump to its end; false where it was interrupted, with the rest of it unread. */
  #readDump<T>(
    sequence: number,
    type: number,
    parse: (buffer: Buffer, start: number, end: number) => T | null,
    objects: T[],
  ): boolean {
    for (;;) {
      const length = receive(this.fd, received);
      if (length < 0) return false;
      const reading = this.#readDatagram(length, sequence, type, parse, objects);
      if (reading !== 'more') return reading === 'last';
    }
  }

  /** Reads away what has come and what is left of a dump: until it has ended the kernel begins no other. */
  #discard(): void {
    while (receive(this.fd, received) >= 0);
  }

  #readDatagram<T>(
    length: number,
    sequence: number,
    type: number,
    parse: (buffer: Buffer, start: number, end: number) => T | null,
    objects: T[],
  ): Reading {
    for (let at = 0; at + HEADER_LENGTH <= length; at += (u32(received, at) + 3) & ~3) {
      if (u32(received, at + 8) !== sequence) continue;
      const messageType = u16(received, at + 4);
      if (u16(received, at + 6) & NLM_F_DUMP_INTR) return 'interrupted';
      if (messageType === NLMSG_DONE || messageType === NLMSG_ERROR) {
        const errno = -i32(received, at + HEADER_LENGTH);
        if (errno === 0 || isAbsent(errnoName(errno))) return 'last';
        throw new KernelError(`dump ${type}`, errnoName(errno), parseError(received, at)?.message ?? null);
      }
      const object = parse(received, at + HEADER_LENGTH, at + u32(received, at));
      if (object !== null) objects.push(object);
    }
    return 'more';
  }
}

function interrupted(type: number): KernelError {
  const message = `the dump was interrupted ${DUMP_ATTEMPTS} times by changes`;
  return new KernelError(`dump ${type}`, 'EINTR', message);
}

/** How many requests a receive buffer of that many bytes holds the answers of, with some to spare. */
export function batchLimitFor(receiveBuffer: number): number {
  return Math.min(2000, Math.floor((receiveBuffer / REPLY_BYTES) * 0.75));
}
