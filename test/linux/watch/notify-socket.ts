// The socket that systemd gives a service to tell of itself: a unix datagram socket, read on demand.
import { closeSync, rmSync } from 'node:fs';
import { bind, receive, socket } from '../../../src/kernel/libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;

export class NotifySocket {
  readonly path: string;
  readonly #fd: number;
  readonly #told: string[] = [];

  constructor(path: string) {
    this.path = path;
    const address = Buffer.alloc(2 + path.length + 1);
    address.writeUInt16LE(AF_UNIX, 0);
    address.write(path, 2);
    this.#fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    bind(this.#fd, address);
  }

  /** Every assignment sent so far, in order. */
  told(): readonly string[] {
    const buffer = Buffer.alloc(4096);
    for (let length = receive(this.#fd, buffer); length >= 0; length = receive(this.#fd, buffer))
      this.#told.push(...buffer.toString('utf8', 0, length).split('\n'));
    return this.#told;
  }

  close(): void {
    closeSync(this.#fd);
    rmSync(this.path);
  }
}
