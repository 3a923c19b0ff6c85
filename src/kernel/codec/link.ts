// Links on the wire: struct ifinfomsg (linux/if_link.h), both directions. What refers to other links stays in
// ifindexes and namespace ids here: only who reads several namespaces can name them.
import type { DesiredLink, ObservedLink } from '../../state/link.ts';
import { hasSettings, type KindSettings, parentOf } from '../../state/link-kind.ts';
import {
  IFF_LOWER_UP,
  IFF_RUNNING,
  IFF_UP,
  IFLA_ADDRESS,
  IFLA_AF_SPEC,
  IFLA_EXT_MASK,
  IFLA_GROUP,
  IFLA_IFALIAS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINK,
  IFLA_LINK_NETNSID,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_MTU,
  IFLA_NET_NS_FD,
  IFLA_PROP_LIST,
  RTEXT_FILTER_SKIP_STATS,
  VETH_INFO_PEER,
} from '../constants.ts';
import { parseAltnames } from './altname.ts';
import { type BridgeChange, formatBridge, parseBridge } from './bridge.ts';
import { formatIpv4Conf, parseConf } from './devconf.ts';
import { formatKind, type KindMessage, parseKind } from './link-kind.ts';
import {
  attributeEnd,
  attributeMac,
  attributeText,
  attributeType,
  findAttribute,
  i32,
  type MessageWriter,
  nextAttribute,
  u16,
  u32,
} from './message.ts';

/** sizeof(struct ifinfomsg). */
const IFINFOMSG_LENGTH = 16;

/** A link as the kernel tells it, before names are put to its references. */
export interface LinkMessage extends Omit<ObservedLink, 'master' | 'peer' | 'settings'> {
  /** Ifindex of the master; 0 for none. */
  readonly master: number;
  /** IFLA_LINK: the ifindex of a veth's other end, or of the device below; 0 for none. */
  readonly lower: number;
  /** IFLA_LINK_NETNSID: the id of the namespace that `lower` counts in; -1 for the same one. */
  readonly lowerNsid: number;
  readonly settings: KindMessage | null;
}

function formatIfinfomsg(writer: MessageWriter, ifindex: number, flags: number, change: number): void {
  writer.zeros(4);
  writer.u32(ifindex);
  writer.u32(flags);
  writer.u32(change);
}

/** Writes struct ifinfomsg of a dump request, without the statistics that nobody compares. */
export function formatLinkDump(writer: MessageWriter): void {
  formatLinkQuery(writer, 0);
}

/** Writes struct ifinfomsg that asks for one link, by ifindex or by name. Equivalent to `ip link show` of one device. */
export function formatLinkQuery(writer: MessageWriter, ifindex: number, name?: string): void {
  formatIfinfomsg(writer, ifindex, 0, 0);
  if (name !== undefined) writer.attributeText(IFLA_IFNAME, name);
  writer.attributeU32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

/** One end of a new link. */
export interface NewEnd {
  readonly link: DesiredLink;
  /** The ifindex it gets, so that what follows in the same send can name it; 0 leaves it to the kernel. */
  readonly ifindex: number;
}

/** What a new link needs to know of its surroundings. */
export interface LinkBirth {
  /** IFLA_GROUP: the owner's mark, in the very message that creates the link, on both ends. */
  readonly group: number;
  /** The far end of a veth and a descriptor of its namespace, so that both are born in place. */
  readonly peer: (NewEnd & { readonly netnsFd: number }) | null;
  /** The ifindex of the link it stands on; 0 for none. */
  readonly lower: number;
  /** Whether it may come up at once: not where something must be set on it, or be up, before. */
  readonly up: boolean;
}

/**
 * Writes struct ifinfomsg and attributes that create a link; the far end of a veth stays down (the kernel refuses
 * IFF_UP there). Equivalent to `ip link add … type KIND`.
 */
export function formatNewLink(writer: MessageWriter, end: NewEnd, birth: LinkBirth): void {
  const { link } = end;
  const up = birth.up && link.up !== false ? IFF_UP : 0;
  formatIfinfomsg(writer, end.ifindex, up, up);
  formatEndAttributes(writer, link, birth.group);
  const { spec } = link;
  if (spec.kind !== 'vxlan' && parentOf(spec) !== null) writer.attributeU32(IFLA_LINK, birth.lower);
  const info = writer.openNest(IFLA_LINKINFO);
  writer.attributeText(IFLA_INFO_KIND, spec.kind);
  const data = writer.openNest(IFLA_INFO_DATA);
  if (spec.kind === 'bridge')
    formatBridge(writer, { stp: spec.stp || undefined, vlanFiltering: spec.vlanFiltering || undefined });
  if (hasSettings(spec)) formatKind(writer, spec, birth.lower, true);
  if (birth.peer !== null) {
    const nest = writer.openNest(VETH_INFO_PEER);
    formatIfinfomsg(writer, birth.peer.ifindex, 0, 0);
    formatEndAttributes(writer, birth.peer.link, birth.group);
    writer.attributeU32(IFLA_NET_NS_FD, birth.peer.netnsFd);
    writer.closeNest(nest);
  }
  writer.closeNest(data);
  writer.closeNest(info);
}

function formatEndAttributes(writer: MessageWriter, link: DesiredLink, group: number): void {
  writer.attributeText(IFLA_IFNAME, link.name);
  if (link.mac !== null) writer.attributeMac(IFLA_ADDRESS, link.mac);
  if (link.mtu !== null) writer.attributeU32(IFLA_MTU, link.mtu);
  writer.attributeU32(IFLA_GROUP, group);
}

/** What may change on a link in place; what is absent stays as it is. */
export interface LinkChange {
  readonly up?: boolean;
  readonly mtu?: number;
  readonly mac?: string;
  /** Ifindex of the bridge; 0 takes it out of its bridge. */
  readonly master?: number;
  readonly group?: number;
  readonly alias?: string;
  readonly bridge?: BridgeChange;
  /** All settings of a kind, with the ifindex of the link that a vxlan leaves by. */
  readonly settings?: { readonly to: KindSettings; readonly lower: number };
  /** `net.ipv4.conf.DEV.*` by IPV4_DEVCONF_* number. */
  readonly ipv4Conf?: ReadonlyMap<number, number>;
}

/** Writes struct ifinfomsg and attributes that change a link (RTM_NEWLINK without flags). Equivalent to `ip link set`. */
export function formatLinkChange(writer: MessageWriter, ifindex: number, change: LinkChange): void {
  formatIfinfomsg(writer, ifindex, change.up === true ? IFF_UP : 0, change.up === undefined ? 0 : IFF_UP);
  if (change.mac !== undefined) writer.attributeMac(IFLA_ADDRESS, change.mac);
  if (change.mtu !== undefined) writer.attributeU32(IFLA_MTU, change.mtu);
  if (change.master !== undefined) writer.attributeU32(IFLA_MASTER, change.master);
  if (change.group !== undefined) writer.attributeU32(IFLA_GROUP, change.group);
  if (change.alias !== undefined) writer.attributeText(IFLA_IFALIAS, change.alias);
  if (change.bridge !== undefined) {
    const info = writer.openNest(IFLA_LINKINFO);
    writer.attributeText(IFLA_INFO_KIND, 'bridge');
    const data = writer.openNest(IFLA_INFO_DATA);
    formatBridge(writer, change.bridge);
    writer.closeNest(data);
    writer.closeNest(info);
  }
  if (change.settings !== undefined) {
    const info = writer.openNest(IFLA_LINKINFO);
    writer.attributeText(IFLA_INFO_KIND, change.settings.to.kind);
    const data = writer.openNest(IFLA_INFO_DATA);
    formatKind(writer, change.settings.to, change.settings.lower, false);
    writer.closeNest(data);
    writer.closeNest(info);
  }
  if (change.ipv4Conf !== undefined && change.ipv4Conf.size > 0) formatIpv4Conf(writer, change.ipv4Conf);
}

/** Writes struct ifinfomsg that deletes one link. Equivalent to `ip link delete`. */
export function formatLinkDelete(writer: MessageWriter, ifindex: number): void {
  formatIfinfomsg(writer, ifindex, 0, 0);
}

/** Writes struct ifinfomsg that deletes every link of a group in one request. Equivalent to `ip link delete group N`. */
export function formatGroupDelete(writer: MessageWriter, group: number): void {
  formatIfinfomsg(writer, 0, 0, 0);
  writer.attributeU32(IFLA_GROUP, group);
}

/** Reads of struct ifinfomsg and attributes the name and the ifindex. */
export function parseLinkIndex(buffer: Buffer, start: number, end: number): [name: string, ifindex: number] {
  const name = findAttribute(buffer, start + IFINFOMSG_LENGTH, end, IFLA_IFNAME);
  return [attributeText(buffer, name), u32(buffer, start + 4)];
}

/** Reads struct ifinfomsg and attributes. */
export function parseLink(buffer: Buffer, start: number, end: number): LinkMessage {
  const flags = u32(buffer, start + 8);
  let name = '';
  let mac = '';
  let mtu = 0;
  let master = 0;
  let lower = 0;
  let lowerNsid = -1;
  let group = 0;
  let alias = '';
  let altnames: string[] = [];
  let kind = '';
  let dataAt = -1;
  let ipv4Conf: Int32Array | null = null;
  let ipv6Conf: Int32Array | null = null;
  for (let at = start + IFINFOMSG_LENGTH; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    switch (attributeType(buffer, at)) {
      case IFLA_IFNAME:
        name = attributeText(buffer, at);
        break;
      case IFLA_ADDRESS:
        mac = attributeMac(buffer, at);
        break;
      case IFLA_MTU:
        mtu = u32(buffer, at + 4);
        break;
      case IFLA_MASTER:
        master = u32(buffer, at + 4);
        break;
      case IFLA_LINK:
        lower = u32(buffer, at + 4);
        break;
      case IFLA_LINK_NETNSID:
        lowerNsid = i32(buffer, at + 4);
        break;
      case IFLA_GROUP:
        group = u32(buffer, at + 4);
        break;
      case IFLA_IFALIAS:
        alias = attributeText(buffer, at);
        break;
      case IFLA_PROP_LIST:
        altnames = parseAltnames(buffer, at);
        break;
      case IFLA_LINKINFO: {
        const infoEnd = attributeEnd(buffer, at);
        const kindAt = findAttribute(buffer, at + 4, infoEnd, IFLA_INFO_KIND);
        if (kindAt >= 0) kind = attributeText(buffer, kindAt);
        dataAt = findAttribute(buffer, at + 4, infoEnd, IFLA_INFO_DATA);
        break;
      }
      case IFLA_AF_SPEC:
        ipv4Conf = parseConf(buffer, at, 'ipv4');
        ipv6Conf = parseConf(buffer, at, 'ipv6');
        break;
    }
  }
  return {
    name,
    ifindex: u32(buffer, start + 4),
    kind,
    type: u16(buffer, start + 2),
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    running: (flags & IFF_RUNNING) !== 0,
    mtu,
    mac,
    master,
    lower,
    lowerNsid,
    group,
    alias,
    altnames,
    bridge: kind === 'bridge' && dataAt >= 0 ? parseBridge(buffer, dataAt) : null,
    settings: dataAt < 0 ? null : parseKind(buffer, dataAt, kind, lowerNsid === -1 ? lower : 0),
    ipv4Conf,
    ipv6Conf,
  };
}
