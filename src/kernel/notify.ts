// Tells systemd how a service is: datagrams to the socket of NOTIFY_SOCKET, as sd_notify(3) sends them. Without one,
// nothing is sent.
import { closeSync } from 'node:fs';
import { AF_UNIX } from './constants.ts';
import { SOCK_DGRAM, SystemError, sendto, socket } from './libc.ts';

/** Bytes of sun_path in struct sockaddr_un. */
const PATH_BYTES = 108;

export class Notifier {
  readonly #address: Buffer | null;
  readonly #fd: number;

  /** `path` is NOTIFY_SOCKET: a path, or `@` and an abstract name. */
  constructor(path: string | undefined) {
    this.#address = path === undefined ? null : formatAddress(path);
    this.#fd = this.#address === null ? -1 : socket(AF_UNIX, SOCK_DGRAM, 0);
  }

  /** Sends assignments, `READY=1`; a manager that does not listen is no failure of ours. */
  send(...assignments: readonly string[]): void {
    if (this.#address === null) return;
    try {
      sendto(this.#fd, Buffer.from(assignments.join('\n')), this.#address);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
  }
}

/** struct sockaddr_un; null for a name that does not fit or is of no kind that is known. */
function formatAddress(path: string): Buffer | null {
  const name = Buffer.from(path);
  if ((name[0] !== 0x2f && name[0] !== 0x40) || name.length >= PATH_BYTES) return null;
  const address = Buffer.alloc(2 + name.length + (name[0] === 0x2f ? 1 : 0));
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  if (name[0] === 0x40) address[2] = 0;
  return address;
}
