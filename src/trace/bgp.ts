// Routes that the file does not ask for, since BGP brings them: the sessions that one would have come over.
import { type BgpPeer, formatSessionKey } from '../state/bgp.ts';
import { containsIp, familyOf, type Ip } from '../state/ip.ts';
import { type ItemRef, itemRef } from './fault.ts';
import type { World } from './world.ts';

/** With the host that announces an address, or, where that is no peer, with all; null where BGP does not carry it. */
export function sessionsFor(world: World, netns: string, dst: Ip): ItemRef[] | null {
  const speakers = world.desired.bgp;
  const own = speakers.find((one) => one.netns === netns && one.pools.some((pool) => containsIp(pool, dst)));
  if (own === undefined) return null;
  const holder = speakers.find(({ announces }) => announces.some((prefix) => containsIp(prefix, dst)));
  const isHolder = (peer: BgpPeer): boolean =>
    holder?.peers.some(({ local }) => local === peer.address) ?? false;
  const peers = own.peers.filter(({ address }) => familyOf(address) === familyOf(dst));
  const direct = peers.filter(isHolder);
  return (direct.length > 0 ? direct : peers).map((peer) => itemRef(netns, 'bgp', formatSessionKey(peer)));
}
