// A station: one UDP socket made inside a namespace and bound to one address there, used from this process at its home.
// Both ends of an exchange are ours, so it is known which way a packet was lost.
import { closeSync } from 'node:fs';
import { AF_INET, AF_INET6 } from '../kernel/constants.ts';
import {
  bind,
  pollReadable,
  receive,
  SOCK_DGRAM,
  SystemError,
  sendto,
  setIntOption,
  socket,
  socketName,
} from '../kernel/libc.ts';
import type { Netns } from '../kernel/netns.ts';
import { formatSocketAddress, portOf } from '../kernel/sockaddr.ts';
import { type Family, familyOf, type Ip } from '../state/ip.ts';

/** Level and option of IP_MTU_DISCOVER and IPV6_MTU_DISCOVER; their value sets DF and lets nothing be fragmented. */
const mtuDiscover: Readonly<Record<Family, readonly [level: number, option: number]>> = {
  4: [0, 10],
  6: [41, 23],
};
const IP_PMTUDISC_DO = 2;

/** Bytes of IP and UDP headers. */
export const headerLength: Readonly<Record<Family, number>> = { 4: 28, 6: 48 };

const MAGIC = 0xca11c0;
/** Bytes that every message begins with: magic, exchange, and whether it is the answer. */
const MESSAGE_LENGTH = 9;

export interface Message {
  readonly exchange: number;
  readonly isAnswer: boolean;
}

const received = Buffer.allocUnsafe(1 << 16);

export class Station {
  readonly address: Ip;
  readonly #fd: number;
  readonly #port: number;

  private constructor(address: Ip, fd: number) {
    this.address = address;
    this.#fd = fd;
    this.#port = portOf(socketName(fd)!);
  }

  /** Opens a station; the errno's name where the namespace does not let it (`EADDRNOTAVAIL`: the address is not there). */
  static open(netns: Netns, address: Ip): Station | string {
    const family = familyOf(address);
    const fd = netns.enter(() => socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0));
    try {
      const [level, option] = mtuDiscover[family];
      setIntOption(fd, level, option, IP_PMTUDISC_DO);
      bind(fd, formatSocketAddress(address));
      return new Station(address, fd);
    } catch (error) {
      closeSync(fd);
      if (error instanceof SystemError) return error.errno;
      throw error;
    }
  }

  /** Sends a message in a packet of `size` bytes, headers included (0: the smallest); the errno's name where it is refused. */
  send(to: Station, message: Message, size = 0): string | null {
    const payload = Buffer.alloc(Math.max(MESSAGE_LENGTH, size - headerLength[familyOf(this.address)]));
    payload.writeUInt32BE(MAGIC, 0);
    payload.writeUInt32BE(message.exchange, 4);
    payload[8] = message.isAnswer ? 1 : 0;
    try {
      sendto(this.#fd, payload, formatSocketAddress(to.address, to.#port));
      return null;
    } catch (error) {
      if (error instanceof SystemError) return error.errno;
      throw error;
    }
  }

  /** Waits for a message up to `timeout` ms (0: only takes one that is there); null where none came. */
  receive(timeout: number): Message | null {
    const deadline = performance.now() + timeout;
    for (;;) {
      if (timeout > 0) {
        const left = deadline - performance.now();
        if (left <= 0 || !pollReadable(this.#fd, Math.ceil(left))) return null;
      }
      const length = this.#take();
      if (length < 0) {
        if (timeout > 0) continue;
        return null;
      }
      if (length < MESSAGE_LENGTH || received.readUInt32BE(0) !== MAGIC) continue;
      return { exchange: received.readUInt32BE(4), isAnswer: received[8] === 1 };
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** An ICMP error that an earlier packet met is not this one's. */
  #take(): number {
    try {
      return receive(this.#fd, received);
    } catch (error) {
      if (error instanceof SystemError) return -1;
      throw error;
    }
  }
}
