// The per-device sysctls that travel in every link message: IFLA_AF_SPEC on the wire, both directions, and the names of
// IPV4_DEVCONF_* (linux/ip.h) and DEVCONF_* (linux/ipv6.h) numbers, as /proc/sys/net/*/conf/DEV names them.
import type { SysctlFamily } from '../../state/sysctl.ts';
import { AF_INET, AF_INET6, IFLA_AF_SPEC, IFLA_INET_CONF, IFLA_INET6_CONF } from '../constants.ts';
import { Interned } from './interned.ts';
import { attributeEnd, findAttribute, i32, type MessageWriter } from './message.ts';

/** Leaf names by IPV4_DEVCONF_* minus one; empty where /proc has no such file. */
const ipv4Leaves: readonly string[] = [
  'forwarding',
  'mc_forwarding',
  'proxy_arp',
  'accept_redirects',
  'secure_redirects',
  'send_redirects',
  'shared_media',
  'rp_filter',
  'accept_source_route',
  'bootp_relay',
  'log_martians',
  'tag',
  'arp_filter',
  'medium_id',
  'disable_xfrm',
  'disable_policy',
  'force_igmp_version',
  'arp_announce',
  'arp_ignore',
  'promote_secondaries',
  'arp_accept',
  'arp_notify',
  'accept_local',
  'src_valid_mark',
  'proxy_arp_pvlan',
  'route_localnet',
  'igmpv2_unsolicited_report_interval',
  'igmpv3_unsolicited_report_interval',
  'ignore_routes_with_linkdown',
  'drop_unicast_in_l2_multicast',
  'drop_gratuitous_arp',
  'bc_forwarding',
  'arp_evict_nocarrier',
];

/** Leaf names of those DEVCONF_* whose number in the message is the text in /proc. */
const ipv6Leaves: ReadonlyMap<number, string> = new Map([
  [0, 'forwarding'],
  [3, 'accept_ra'],
  [4, 'accept_redirects'],
  [5, 'autoconf'],
  [6, 'dad_transmits'],
  [10, 'use_tempaddr'],
  [17, 'accept_ra_defrtr'],
  [18, 'accept_ra_pinfo'],
  [22, 'proxy_ndp'],
  [24, 'accept_source_route'],
  [26, 'disable_ipv6'],
  [27, 'accept_dad'],
  [28, 'force_tllao'],
  [29, 'ndisc_notify'],
  [35, 'accept_ra_mtu'],
  [39, 'ignore_routes_with_linkdown'],
  [40, 'drop_unicast_in_l2_multicast'],
  [41, 'drop_unsolicited_na'],
  [42, 'keep_addr_on_down'],
  [46, 'enhanced_dad'],
  [47, 'addr_gen_mode'],
]);
const ipv6Numbers: ReadonlyMap<string, number> = new Map(
  [...ipv6Leaves].map(([number, leaf]) => [leaf, number]),
);
const ipv4Numbers: ReadonlyMap<string, number> = new Map(ipv4Leaves.map((leaf, i) => [leaf, i + 1]));

/** What the kernel sets on a new device where nothing else was said, for the values that are not 0. */
const kernelDefaults: Readonly<Record<SysctlFamily, Readonly<Record<string, number>>>> = {
  ipv4: {
    accept_redirects: 1,
    secure_redirects: 1,
    send_redirects: 1,
    shared_media: 1,
    accept_source_route: 1,
    igmpv2_unsolicited_report_interval: 10000,
    igmpv3_unsolicited_report_interval: 1000,
    arp_evict_nocarrier: 1,
  },
  ipv6: {
    accept_ra: 1,
    accept_redirects: 1,
    autoconf: 1,
    dad_transmits: 1,
    accept_ra_defrtr: 1,
    accept_ra_pinfo: 1,
    accept_dad: 1,
    accept_ra_mtu: 1,
    enhanced_dad: 1,
  },
};

/** The IPV4_DEVCONF_* number of a leaf; undefined where netlink cannot set it. */
export function ipv4ConfNumber(leaf: string): number | undefined {
  return ipv4Numbers.get(leaf);
}

/** The value of a leaf in a link's devconf array; undefined where the array does not tell it. */
export function confValue(family: SysctlFamily, values: Int32Array, leaf: string): number | undefined {
  const number = family === 'ipv4' ? (ipv4Numbers.get(leaf) ?? 0) - 1 : ipv6Numbers.get(leaf);
  return number === undefined ? undefined : values[number];
}

/** A copy of a link's devconf array with other values for some leaves; those that it does not tell are left out. */
export function withConfValues(
  family: SysctlFamily,
  values: Int32Array,
  leaves: ReadonlyMap<string, number>,
): Int32Array {
  const copy = values.slice();
  for (const [leaf, value] of leaves) {
    const number = family === 'ipv4' ? (ipv4Numbers.get(leaf) ?? 0) - 1 : (ipv6Numbers.get(leaf) ?? -1);
    if (number >= 0 && number < copy.length) copy[number] = value;
  }
  return copy;
}

/** The leaves of a link whose values are not those of a new link on an untouched kernel, with their values. */
export function unusualConf(family: SysctlFamily, values: Int32Array): UnusualConf {
  let unusual = judged[family].get(values);
  if (unusual === undefined) {
    unusual = findUnusual(family, values);
    judged[family].set(values, unusual);
  }
  return unusual;
}

export type UnusualConf = ReadonlyArray<readonly [leaf: string, value: number]>;

const judged = {
  ipv4: new WeakMap<Int32Array, UnusualConf>(),
  ipv6: new WeakMap<Int32Array, UnusualConf>(),
} as const;

function findUnusual(family: SysctlFamily, values: Int32Array): UnusualConf {
  const unusual: Array<[string, number]> = [];
  const defaults = kernelDefaults[family];
  const visit = (leaf: string, value: number | undefined): void => {
    if (value !== undefined && value !== (defaults[leaf] ?? 0)) unusual.push([leaf, value]);
  };
  if (family === 'ipv4') for (let i = 0; i < ipv4Leaves.length; i++) visit(ipv4Leaves[i]!, values[i]);
  else for (const [number, leaf] of ipv6Leaves) visit(leaf, values[number]);
  return unusual;
}

/** Writes IFLA_AF_SPEC that sets values by IPV4_DEVCONF_* number. Equivalent to `sysctl -w net.ipv4.conf.DEV.…`. */
export function formatIpv4Conf(writer: MessageWriter, values: ReadonlyMap<number, number>): void {
  const families = writer.openNest(IFLA_AF_SPEC);
  const inet = writer.openNest(AF_INET);
  const conf = writer.openNest(IFLA_INET_CONF);
  for (const [index, value] of values) writer.attributeU32(index, value);
  writer.closeNest(conf);
  writer.closeNest(inet);
  writer.closeNest(families);
}

const arrays = new Interned<Int32Array>();

/** The devconf array of a family in the IFLA_AF_SPEC at an offset; null where the family is off on the link. Equal ones are one. */
export function parseConf(buffer: Buffer, spec: number, family: SysctlFamily): Int32Array | null {
  const [af, conf] = family === 'ipv4' ? [AF_INET, IFLA_INET_CONF] : [AF_INET6, IFLA_INET6_CONF];
  const familyAt = findAttribute(buffer, spec + 4, attributeEnd(buffer, spec), af);
  if (familyAt < 0) return null;
  const confAt = findAttribute(buffer, familyAt + 4, attributeEnd(buffer, familyAt), conf);
  if (confAt < 0) return null;
  const end = attributeEnd(buffer, confAt);
  return arrays.get(buffer.toString('latin1', confAt + 4, end), () => readNumbers(buffer, confAt + 4, end));
}

function readNumbers(buffer: Buffer, start: number, end: number): Int32Array {
  const values = new Int32Array(Math.max(0, end - start) >> 2);
  for (let i = 0; i < values.length; i++) values[i] = i32(buffer, start + i * 4);
  return values;
}
