// The socket that systemd gives a service to tell of itself: a unix datagram socket, read on demand.
import { closeSync, rmSync } from 'node:fs';
import { AF_UNIX } from '../../../src/kernel/constants.ts';
import { bind, receive, SOCK_DGRAM, socket } from '../../../src/kernel/libc.ts';

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
