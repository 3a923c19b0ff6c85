// One rtnetlink socket for the events of the namespace the thread was in when it was made. It is opened and watched from
// the event loop by node-netlink's raw layer; it sends nothing.
import { RawNetlinkSocket } from 'netlink/dist/raw.js';
import { NETLINK_ROUTE } from './constants.ts';
import { findDescriptor, lowestFreeDescriptor } from './descriptor.ts';
import { attachFilter, receive } from './libc.ts';
import { BUFFER_BYTES, droppedBy, setSocketOptions } from './socket-options.ts';

/** Received datagrams. Shared: nothing reads while another does. */
const received = Buffer.allocUnsafe(1 << 16);

export class EventSocket {
  readonly #raw: RawNetlinkSocket;
  readonly #fd: number;

  /**
   * Joins multicast groups; `onWake` is called from the event loop when the first datagram of a burst has come, which
   * it gets, and reads the others with `drain`. `filter` is a classic BPF program that drops what is of no interest.
   */
  constructor(groups: readonly number[], filter: Buffer, onWake: (datagram: Buffer) => void) {
    const guess = lowestFreeDescriptor();
    this.#raw = new RawNetlinkSocket(NETLINK_ROUTE, {
      messagePeeking: false,
      msgBufferSize: received.length,
      recvBufferSize: BUFFER_BYTES,
      sendBufferSize: BUFFER_BYTES,
    });
    this.#raw.unref();
    this.#raw.on('error', () => {}); // an overflow shows in drops(), whatever node-netlink makes of it
    this.#fd = findDescriptor(guess, this.#raw.address().port);
    setSocketOptions(this.#fd);
    attachFilter(this.#fd, filter);
    this.#raw.on('message', onWake);
    for (const group of groups) this.#raw.addMembership(group);
  }

  close(): void {
    this.#raw.close();
  }

  /** Reads up to `most` datagrams that have come, without waiting; a buffer is good until the call returns. */
  drain(onDatagram: (datagram: Buffer) => void, most: number): void {
    for (let count = 0; count < most; count++) {
      const length = receive(this.#fd, received);
      if (length < 0) return;
      onDatagram(received.subarray(0, length));
    }
  }

  /** Messages the kernel dropped because this socket's buffer was full, since it was opened. */
  drops(): number {
    return droppedBy(this.#fd);
  }
}
