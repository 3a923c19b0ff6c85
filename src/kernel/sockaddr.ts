// Socket addresses as bytes: struct sockaddr_in and sockaddr_in6.
import { type Ip, ipv6Bytes } from '../state/ip.ts';
import { AF_INET, AF_INET6 } from './constants.ts';

/** An address with a UDP or TCP port; 0 where there is none, or for the kernel to choose one. */
export function formatSocketAddress(ip: Ip, port = 0): Buffer {
  if (typeof ip === 'number') {
    const address = Buffer.alloc(16);
    address.writeUInt16LE(AF_INET, 0);
    address.writeUInt16BE(port, 2);
    address.writeUInt32BE(ip, 4);
    return address;
  }
  const address = Buffer.alloc(28);
  address.writeUInt16LE(AF_INET6, 0);
  address.writeUInt16BE(port, 2);
  address.set(ipv6Bytes(ip), 8);
  return address;
}

/** The port of a socket address of either family. */
export function portOf(address: Buffer): number {
  return address.readUInt16BE(2);
}
