// What changed on a link between two events, as far as a topology can state it: an event that tells of a carrier or of
// counters alone means nothing here.
import type { LinkMessage } from '../kernel/codec/link.ts';

export interface LinkChanges {
  readonly any: boolean;
  /** The routes by the link may have gone with it. */
  readonly deep: boolean;
  /** Alias and alternative names, which say whose a namespace is. */
  readonly marks: boolean;
  readonly sysctls: boolean;
  /** What someone set, in the words of `ip link`. */
  readonly settings: readonly string[];
}

/** The least MTU of a link that carries IPv6, in bytes; below it the kernel drops all of IPv6. */
const IPV6_LEAST_MTU = 1280;

/** Compares a link with what was known of it; null before means that it is new. */
export function changesOf(before: LinkMessage | null, after: LinkMessage): LinkChanges {
  if (before === null) return { any: true, deep: true, marks: true, sysctls: false, settings: [] };
  const is = (key: keyof LinkMessage): boolean => before[key] !== after[key];
  const mtu = is('mtu');
  const marks = is('alias') || String(before.altnames) !== String(after.altnames);
  const sysctls = !isSame(before.ipv4Conf, after.ipv4Conf) || !isSame(before.ipv6Conf, after.ipv6Conf);
  const kind =
    JSON.stringify([before.bridge, before.settings]) !== JSON.stringify([after.bridge, after.settings]);
  const moved = is('lower') || is('lowerNsid') || is('name');
  const settings = [
    ...(mtu ? ['the mtu'] : []),
    ...(is('mac') ? ['the mac'] : []),
    ...(is('master') ? ['the master'] : []),
    ...(is('group') || marks ? ['the mark'] : []),
    ...(kind ? ['a setting'] : []),
  ];
  const withoutIpv6 = mtu && Math.min(before.mtu, after.mtu) < IPV6_LEAST_MTU;
  const any = settings.length > 0 || is('up') || sysctls || moved;
  return { any, deep: is('up') || moved || withoutIpv6, marks, sysctls, settings };
}

function isSame(a: Int32Array | null, b: Int32Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((value, at) => value === b[at]);
}
