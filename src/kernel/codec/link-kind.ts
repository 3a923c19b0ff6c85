// The settings of tunnels and of links that stand on another, on the wire: what IFLA_INFO_DATA of a vxlan, ipip, vlan or
// macvlan holds (linux/if_link.h, linux/if_tunnel.h), both directions. Other links are ifindexes here.
import type {
  IpipSettings,
  KindSettings,
  MacvlanMode,
  MacvlanSettings,
  VlanSettings,
  VxlanSettings,
} from '../../state/link-kind.ts';
import {
  IFLA_IPTUN_LOCAL,
  IFLA_IPTUN_REMOTE,
  IFLA_IPTUN_TTL,
  IFLA_MACVLAN_MODE,
  IFLA_VLAN_ID,
  IFLA_VXLAN_ID,
  IFLA_VXLAN_LEARNING,
  IFLA_VXLAN_LINK,
  IFLA_VXLAN_LOCAL,
  IFLA_VXLAN_LOCAL6,
  IFLA_VXLAN_PORT,
  IFLA_VXLAN_UDP_ZERO_CSUM6_RX,
  IFLA_VXLAN_UDP_ZERO_CSUM6_TX,
} from '../constants.ts';
import { attributeEnd, attributeIp, findAttribute, type MessageWriter, u16, u32 } from './message.ts';

/** Settings before a name is put to the link it stands on. */
export type KindMessage =
  | (Omit<VxlanSettings, 'dev'> & { readonly lower: number })
  | (IpipSettings & { readonly lower: number })
  | (Omit<VlanSettings, 'parent'> & { readonly lower: number })
  | (Omit<MacvlanSettings, 'parent'> & { readonly lower: number });

/** IFLA_MACVLAN_MODE values (MACVLAN_MODE_*). */
const modes: Readonly<Record<MacvlanMode, number>> = {
  private: 1,
  vepa: 2,
  bridge: 4,
  passthru: 8,
  source: 16,
};

/**
 * Writes the settings into IFLA_INFO_DATA, which the caller has opened; `lower` is the ifindex of the link a vxlan
 * leaves by. What the kernel cannot change is written for a `newborn` only. Equivalent to `… type KIND …`.
 */
export function formatKind(
  writer: MessageWriter,
  settings: KindSettings,
  lower: number,
  newborn: boolean,
): void {
  switch (settings.kind) {
    case 'vxlan':
      formatVxlan(writer, settings, lower, newborn);
      return;
    case 'ipip':
      writer.attributeIp(IFLA_IPTUN_LOCAL, settings.local ?? 0);
      writer.attributeIp(IFLA_IPTUN_REMOTE, settings.remote ?? 0);
      writer.attributeU8(IFLA_IPTUN_TTL, settings.ttl);
      return;
    case 'vlan':
      if (newborn) writer.attributeU16(IFLA_VLAN_ID, settings.id);
      return;
    case 'macvlan':
      writer.attributeU32(IFLA_MACVLAN_MODE, modes[settings.mode]);
      return;
  }
}

function formatVxlan(writer: MessageWriter, settings: VxlanSettings, lower: number, newborn: boolean): void {
  const { id, port, local, learning } = settings;
  const ipv6 = typeof local === 'string';
  if (newborn) {
    writer.attributeU32(IFLA_VXLAN_ID, id);
    writer.attributeU16(IFLA_VXLAN_PORT, ((port & 255) << 8) | (port >> 8)); // in network order
    // As Calico has it; it also lets an IPv4 and an IPv6 device share an id and a port.
    if (ipv6) writer.attributeU8(IFLA_VXLAN_UDP_ZERO_CSUM6_TX, 1);
    if (ipv6) writer.attributeU8(IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1);
  }
  if (local !== null || !newborn) writer.attributeIp(ipv6 ? IFLA_VXLAN_LOCAL6 : IFLA_VXLAN_LOCAL, local ?? 0);
  if (lower !== 0 || !newborn) writer.attributeU32(IFLA_VXLAN_LINK, lower);
  writer.attributeU8(IFLA_VXLAN_LEARNING, learning ? 1 : 0);
}

/** Reads the IFLA_INFO_DATA at an offset; `lower` is IFLA_LINK of the link, 0 for none. Null for other kinds. */
export function parseKind(buffer: Buffer, data: number, kind: string, lower: number): KindMessage | null {
  const read = new KindReader(buffer, data);
  switch (kind) {
    case 'vxlan': {
      const port = read.u16(IFLA_VXLAN_PORT);
      return {
        kind,
        id: read.u32(IFLA_VXLAN_ID),
        port: ((port & 255) << 8) | (port >> 8),
        local: read.ip(IFLA_VXLAN_LOCAL) ?? read.ip(IFLA_VXLAN_LOCAL6),
        learning: read.u8(IFLA_VXLAN_LEARNING) !== 0,
        lower: read.u32(IFLA_VXLAN_LINK),
      };
    }
    case 'ipip':
      return {
        kind,
        local: read.ip(IFLA_IPTUN_LOCAL),
        remote: read.ip(IFLA_IPTUN_REMOTE),
        ttl: read.u8(IFLA_IPTUN_TTL),
        lower: 0,
      };
    case 'vlan':
      return { kind, id: read.u16(IFLA_VLAN_ID), lower };
    case 'macvlan': {
      const number = read.u32(IFLA_MACVLAN_MODE);
      const mode = (Object.keys(modes) as MacvlanMode[]).find((name) => modes[name] === number) ?? 'vepa';
      return { kind, mode, lower };
    }
    default:
      return null;
  }
}

/** Values of one IFLA_INFO_DATA by attribute; 0 or null for what is absent. */
class KindReader {
  readonly #buffer: Buffer;
  readonly #data: number;

  constructor(buffer: Buffer, data: number) {
    this.#buffer = buffer;
    this.#data = data;
  }

  u8(type: number): number {
    const at = this.#find(type);
    return at < 0 ? 0 : this.#buffer[at + 4]!;
  }

  u16(type: number): number {
    const at = this.#find(type);
    return at < 0 ? 0 : u16(this.#buffer, at + 4);
  }

  u32(type: number): number {
    const at = this.#find(type);
    return at < 0 ? 0 : u32(this.#buffer, at + 4);
  }

  /** Null also for the unspecified address, by which the kernel says that there is none. */
  ip(type: number): string | number | null {
    const at = this.#find(type);
    const ip = at < 0 ? 0 : attributeIp(this.#buffer, at);
    return ip === 0 || ip === '::' ? null : ip;
  }

  #find(type: number): number {
    return findAttribute(this.#buffer, this.#data + 4, attributeEnd(this.#buffer, this.#data), type);
  }
}
