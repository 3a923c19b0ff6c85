// BGP speakers in the words of the topology format, as `bgp: { speakers: … }` has them.
import type { BgpPeer, BgpSpeaker, BgpTunnel } from '../state/bgp.ts';
import { formatIp, formatPrefix, type Prefix } from '../state/ip.ts';
import { SELF } from '../state/network.ts';
import type { Fields } from './item.ts';

/** The speakers, by host, and how a real machine's daemon is reached. */
export function bgpFields(speakers: readonly BgpSpeaker[]): Fields {
  const real = speakers.find(({ simulated }) => !simulated);
  return {
    ...(real === undefined ? {} : { configFile: real.configFile, controlSocket: real.controlSocket }),
    speakers: Object.fromEntries(speakers.map((speaker) => [speaker.host, speakerFields(speaker)])),
  };
}

function speakerFields(speaker: BgpSpeaker): Fields {
  return {
    netns: speaker.simulated ? speaker.netns : SELF,
    asn: speaker.asn,
    routerId: formatIp(speaker.routerId),
    uplink: speaker.uplink,
    pools: speaker.pools.map(prefixText),
    announces: speaker.announces.map(prefixText),
    ...(speaker.tunnels.length === 0 ? {} : { tunnels: speaker.tunnels.map(tunnelFields) }),
    peers: speaker.peers.map(peerFields),
  };
}

function tunnelFields({ pools, nextHop, ways }: BgpTunnel): Fields {
  return {
    pools: pools.map(prefixText),
    nextHop: formatIp(nextHop),
    ways: ways.map((way) => ({
      nextHop: formatIp(way.nextHop),
      via: formatIp(way.via),
      dev: way.dev,
      ...(way.onlink ? { onlink: true } : {}),
    })),
  };
}

function peerFields(peer: BgpPeer): Fields {
  return {
    name: peer.name,
    address: formatIp(peer.address),
    asn: peer.asn,
    source: formatIp(peer.local),
    ...(peer.client ? { client: true } : {}),
    ...(peer.multihop ? { multihop: true } : {}),
    ...(peer.inside ? { inside: true } : {}),
    ...(peer.passwordFile === null ? {} : { passwordFile: peer.passwordFile }),
  };
}

function prefixText({ address, length }: Prefix): string {
  return formatPrefix(address, length);
}
