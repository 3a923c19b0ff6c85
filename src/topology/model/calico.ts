// The constants of the Calico model, and what it derives from a name or a hardware address.
import { createHash } from 'node:crypto';
import { type Ip, parseIp } from '../../state/ip.ts';

/** 169.254.1.1: what every IPv4 workload sees as its gateway. */
export const DEFAULT_GATEWAY: Ip = 0xa9fe0101;
export const DEFAULT_MAC = 'ee:ee:ee:ee:ee:ee';
/** The portless bridge that leads to the gateway on a host without uplink. */
export const GATEWAY_BRIDGE = 'cali-gw';

/** `cali` and the first 11 hex digits of the sha1 of the name. */
export function defaultDev(name: string): string {
  return `cali${createHash('sha1').update(name).digest('hex').slice(0, 11)}`;
}

/** The link-local address that the kernel makes of a hardware address (EUI-64). */
export function linkLocalOf(mac: string): string {
  const octets = mac.split(':').map((octet) => Number.parseInt(octet, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = octets;
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return parseIp(`fe80::${groups.map((group) => group.toString(16)).join(':')}`) as string;
}
