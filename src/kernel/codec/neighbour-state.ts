// One neighbour with its state on the wire: struct ndmsg (linux/neighbour.h), asked for by device and address.
import { familyOf, type Ip } from '../../state/ip.ts';
import { AF_INET, AF_INET6, NDA_DST, NDA_LLADDR, NTF_PROXY } from '../constants.ts';
import {
  attributeIp,
  attributeMac,
  attributeType,
  type MessageWriter,
  nextAttribute,
  u16,
} from './message.ts';

/** sizeof(struct ndmsg). */
const NDMSG_LENGTH = 12;

/** NUD_*, in the words of `ip neighbour`. */
const stateNames: ReadonlyMap<number, NeighbourState> = new Map([
  [0x01, 'incomplete'],
  [0x02, 'reachable'],
  [0x04, 'stale'],
  [0x08, 'delay'],
  [0x10, 'probe'],
  [0x20, 'failed'],
  [0x40, 'noarp'],
  [0x80, 'permanent'],
]);

export type NeighbourState =
  | 'none'
  | 'incomplete'
  | 'reachable'
  | 'stale'
  | 'delay'
  | 'probe'
  | 'failed'
  | 'noarp'
  | 'permanent';

export interface NeighbourEntry {
  readonly dst: Ip | null;
  readonly state: NeighbourState;
  /** Null where no hardware address is known. */
  readonly mac: string | null;
}

/** Writes struct ndmsg and NDA_DST of RTM_GETNEIGH for one entry. Equivalent to the arguments of `ip neighbour get`. */
export function formatNeighbourQuery(writer: MessageWriter, dst: Ip, ifindex: number, proxy: boolean): void {
  writer.u8(familyOf(dst) === 4 ? AF_INET : AF_INET6);
  writer.zeros(3);
  writer.u32(ifindex);
  writer.u16(0);
  writer.u8(proxy ? NTF_PROXY : 0);
  writer.u8(0);
  writer.attributeIp(NDA_DST, dst);
}

/** Reads one neighbour with its state. */
export function parseNeighbourEntry(buffer: Buffer, start: number, end: number): NeighbourEntry {
  let dst: Ip | null = null;
  let mac: string | null = null;
  for (let at = start + NDMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    const type = attributeType(buffer, at);
    if (type === NDA_DST) dst = attributeIp(buffer, at);
    else if (type === NDA_LLADDR) mac = attributeMac(buffer, at);
  }
  return { dst, state: stateNames.get(u16(buffer, start + 8)) ?? 'none', mac };
}
