// BIRD 2's configuration of one speaker, as text. Pure: passwords come from outside, and nowhere else than into this text.
// A host's own routes stay the tool's: BIRD announces them by a protocol of their own, and gives the kernel only what it learnt.
// Where packets are wrapped the next hop is the far tunnel's address, and static routes tell BIRD the way to it.
import { createHash } from 'node:crypto';
import type { BgpPeer, BgpSpeaker, BgpTunnel, BgpWay } from '../state/bgp.ts';
import { type Family, familyOf, formatIp, formatPrefix, hostLength, type Prefix } from '../state/ip.ts';

/** Seconds between looks at links and at the kernel's table. */
const SCAN = 2;
/** Seconds without a word after which a peer is given up; it speaks three times in it. */
const HOLD = 30;
/** BIRD keeps names of at most 63 characters. */
const MAX_NAME = 63;

/** The preference of what a host says of itself, above the usual 100: a reflector outside does not know its tunnel. */
const FIRST_HAND = 200;

const HEADER = '# Written by calico-reconcile';

/** What is left of a part that a real machine's configuration includes. */
export const RETIRED = `${HEADER}: no topology speaks BGP here.\n`;

export interface ConfigOptions {
  readonly topology: string;
  /** The password of each file that a peer names. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Where a daemon of our own logs to; null for a part that a real machine's configuration includes. */
  readonly logFile: string | null;
}

/** The configuration of a speaker; ends in a newline. */
export function formatBirdConfig(speaker: BgpSpeaker, options: ConfigOptions): string {
  const families = familiesOf(speaker);
  const { topology, logFile, passwords } = options;
  return [
    `${HEADER}: the BGP speaker ${speaker.host}${owner(topology)}`,
    ...(logFile === null ? [] : daemonLines(speaker, logFile, families)),
    ...families.flatMap((family) => familyLines(speaker, family)),
    ...speaker.peers.flatMap((peer) => peerLines(speaker, peer, passwords)),
    '',
  ].join('\n');
}

/** The families that a speaker announces and learns. */
export function familiesOf({ pools }: BgpSpeaker): readonly Family[] {
  return ([4, 6] as const).filter((family) => ofFamily(pools, family).length > 0);
}

/** Whether a configuration is one of ours, for a topology. */
export function isConfigOf(text: string, topology: string): boolean {
  return text.startsWith(HEADER) && text.split('\n', 1)[0]!.endsWith(owner(topology));
}

/** The name that BIRD knows a session by. */
export function sessionName(peer: BgpPeer): string {
  const name = `calico.${peer.name}`;
  if (name.length <= MAX_NAME) return name;
  const digest = createHash('sha1').update(peer.name).digest('hex').slice(0, 10);
  return `${name.slice(0, MAX_NAME - 11)}-${digest}`;
}

function owner(topology: string): string {
  return ` of the topology ${topology}. Edits are lost.`;
}

/** What a daemon of our own needs beside: links, their subnets, and the kernel's table. */
function daemonLines(speaker: BgpSpeaker, logFile: string, families: readonly Family[]): string[] {
  return [
    `log "${logFile}" 1048576 "${logFile}.1" { info, remote, warning, error, auth, fatal, bug };`,
    `router id ${formatIp(speaker.routerId)};`,
    `protocol device { scan time ${SCAN}; }`,
    'protocol direct {',
    ...families.map((family) => `  ipv${family};`),
    `  interface "${speaker.uplink}";`,
    '}',
    ...families.flatMap((family) => [
      `protocol kernel kernel${family} {`,
      '  learn;',
      '  persist;',
      `  scan time ${SCAN};`,
      `  ipv${family} {`,
      `    import where ! (net ~ ${poolSet(speaker, family)});`,
      '    export where source = RTS_BGP;',
      '  };',
      '}',
    ]),
  ];
}

/** What this host holds, for its peers alone. */
function familyLines(speaker: BgpSpeaker, family: Family): string[] {
  return [
    `protocol static calico_announce${family} {`,
    `  ipv${family};`,
    ...ofFamily(speaker.announces, family).map((prefix) => `  route ${format(prefix)} blackhole;`),
    '}',
    ...tunnelLines(tunnelsOf(speaker, family), family),
  ];
}

/** The ways to the tunnel addresses of the other hosts: for BIRD alone, which looks next hops up there. */
function tunnelLines(tunnels: readonly BgpTunnel[], family: Family): string[] {
  if (tunnels.length === 0) return [];
  return [
    `protocol static ${tunnelProtocol(family)} {`,
    `  ipv${family};`,
    ...tunnels.flatMap(({ ways }) => ways.map((way) => `  ${wayLine(way)}`)),
    '}',
  ];
}

function wayLine({ nextHop, via, dev, onlink }: BgpWay): string {
  const to = formatPrefix(nextHop, hostLength(nextHop));
  return `route ${to} via ${formatIp(via)}${onlink ? `%'${dev}' onlink` : ''};`;
}

function peerLines(speaker: BgpSpeaker, peer: BgpPeer, passwords: ReadonlyMap<string, string>): string[] {
  const family = familyOf(peer.address);
  const pools = poolSet(speaker, family);
  const isWrapped = tunnelsOf(speaker, family).length > 0;
  const password = peer.passwordFile === null ? undefined : passwords.get(peer.passwordFile);
  const isInternal = peer.asn === speaker.asn;
  return [
    `protocol bgp '${sessionName(peer)}' {`,
    `  local ${formatIp(peer.local)} as ${speaker.asn};`,
    `  neighbor ${formatIp(peer.address)} as ${peer.asn};`,
    // A peer in no subnet of ours is reached through the routes that the kernel has.
    ...(peer.multihop ? ['  multihop;'] : isInternal ? ['  direct;'] : []),
    ...(peer.client ? ['  rr client;'] : []),
    ...(password === undefined ? [] : [`  password "${password}";`]),
    `  hold time ${HOLD};`,
    '  connect delay time 1;',
    '  connect retry time 5;',
    '  error wait time 1, 30;',
    `  ipv${family} {`,
    // What a reflector hands on is reached by who announced it, through the routes that the kernel has; a tunnel by ours.
    ...(isInternal || (peer.inside && isWrapped) ? ['    gateway recursive;'] : []),
    `    import where net ~ ${pools};`,
    ...(isWrapped
      ? wrappedExport(speaker, peer, family)
      : [`    export where source ~ [ RTS_STATIC, RTS_BGP ] && net ~ ${pools};`]),
    '  };',
    '}',
  ];
}

/** What goes to a peer where pools are wrapped: hosts get the tunnel as the next hop, routers outside the host itself. */
function wrappedExport(speaker: BgpSpeaker, peer: BgpPeer, family: Family): string[] {
  const isInternal = peer.asn === speaker.asn;
  return [
    '    export filter {',
    `      if source !~ [ RTS_STATIC, RTS_BGP ] || proto = "${tunnelProtocol(family)}" then reject;`,
    `      if net !~ ${poolSet(speaker, family)} then reject;`,
    ...tunnelsOf(speaker, family).flatMap(({ pools, nextHop }) => {
      const set = prefixSet(pools);
      // Within an AS the word of others is passed on as it is; past its end every host is a next hop of its own.
      const ours = isInternal ? `source = RTS_STATIC && net ~ ${set}` : `net ~ ${set}`;
      return peer.inside
        ? [`      if ${ours} then { bgp_next_hop = ${formatIp(nextHop)}; bgp_local_pref = ${FIRST_HAND}; }`]
        : // Who holds it is the better way in than who wraps it once more.
          [
            `      if source = RTS_BGP && net ~ ${set} then { bgp_next_hop = ${formatIp(peer.local)}; bgp_med = 1; }`,
          ];
    }),
    '      accept;',
    '    };',
  ];
}

function tunnelsOf(speaker: BgpSpeaker, family: Family): BgpTunnel[] {
  return speaker.tunnels.filter(({ nextHop }) => familyOf(nextHop) === family);
}

function tunnelProtocol(family: Family): string {
  return `calico_tunnels${family}`;
}

/** The pools of a family and all that is in them, as a set of BIRD's. */
function poolSet(speaker: BgpSpeaker, family: Family): string {
  return prefixSet(ofFamily(speaker.pools, family));
}

function prefixSet(pools: readonly Prefix[]): string {
  return `[ ${pools.map((pool) => `${format(pool)}+`).join(', ')} ]`;
}

function ofFamily(prefixes: readonly Prefix[], family: Family): Prefix[] {
  return prefixes.filter(({ address }) => familyOf(address) === family);
}

function format({ address, length }: Prefix): string {
  return formatPrefix(address, length);
}
