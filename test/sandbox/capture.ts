// The packets on a link, told by tcpdump(8). It reads them from a socket of ours: a capture of its own ends with a change of
// user, which the kernel refuses where a user namespace has but one.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { bind, receive, SOCK_RAW, socket } from '../../src/kernel/libc.ts';
import { Netns } from '../../src/kernel/netns.ts';
import { sh } from './machine.ts';

const AF_PACKET = 17;
const ETH_P_ALL = 3;
const LINKTYPE_ETHERNET = 1;
const LONGEST = 65_536;
/** Milliseconds between two looks at the socket. */
const PERIOD = 5;
/** Milliseconds; a slow machine says how much slower it is. */
const PATIENCE = 10_000 * Number(process.env.TEST_TIME_FACTOR ?? 1);

/** The packets that pass a link of a namespace from now on, in and out. */
export class Capture {
  readonly #fd: number;
  readonly #tcpdump: ChildProcess;
  readonly #timer: NodeJS.Timeout;
  readonly #frame = Buffer.alloc(LONGEST);
  #text = '';
  #said = '';

  /** Begins; the filter is in the words of pcap-filter(7). */
  constructor(netns: string, dev: string, ...filter: readonly string[]) {
    this.#fd = packetSocket(netns, dev);
    const [program = '', ...args] = [...asNobody(), 'tcpdump', '-l', '-v', '-nn', '-t', '-r', '-', ...filter];
    this.#tcpdump = spawn(program, args, {
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    });
    this.#tcpdump.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text;
    });
    this.#tcpdump.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
    this.#tcpdump.stdin!.on('error', () => {}); // it ended: `sees` tells its words
    this.#tcpdump.stdin!.write(fileHeader());
    this.#timer = setInterval(() => this.#drain(), PERIOD);
  }

  #drain(): void {
    for (let length = receive(this.#fd, this.#frame); length >= 0; length = receive(this.#fd, this.#frame)) {
      this.#tcpdump.stdin!.write(packetHeader(length));
      this.#tcpdump.stdin!.write(Buffer.from(this.#frame.subarray(0, length)));
    }
  }

  /** What was seen so far, with the headers' fields and no times. */
  get text(): string {
    return this.#text;
  }

  /** Waits until what was seen matches; where nothing was, tcpdump's own words are what does not. */
  async sees(pattern: RegExp): Promise<void> {
    await expect.poll(() => this.#text || this.#said, { timeout: PATIENCE }).toMatch(pattern);
  }

  stop(): void {
    clearInterval(this.#timer);
    closeSync(this.#fd);
    this.#tcpdump.kill();
  }
}

/** A socket that gets every frame of one link; see packet(7). */
function packetSocket(name: string, dev: string): number {
  const [link] = JSON.parse(sh(`ip -n ${name} -j link show dev ${dev}`));
  const netns = Netns.open(name)!;
  // Protocol 0: nothing arrives before the socket is bound to its link.
  const fd = netns.enter(() => socket(AF_PACKET, SOCK_RAW, 0));
  netns.close();
  const address = Buffer.alloc(20); // struct sockaddr_ll
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  address.writeInt32LE(link.ifindex, 4);
  bind(fd, address);
  return fd;
}

/** What goes before `tcpdump` where it could not change its user: as a user that is not root it does not try. */
function asNobody(): readonly string[] {
  return readFileSync('/proc/self/setgroups', 'utf8').trim() === 'deny' ? ['unshare', '--user'] : [];
}

/** struct pcap_file_header. */
function fileHeader(): Buffer {
  return Buffer.from(Uint32Array.of(0xa1b2c3d4, 0x0004_0002, 0, 0, LONGEST, LINKTYPE_ETHERNET).buffer);
}

/** struct pcaprec_hdr_s. */
function packetHeader(length: number): Buffer {
  return Buffer.from(Uint32Array.of(0, 0, length, length).buffer);
}
