// Alternative names of a link on the wire: IFLA_PROP_LIST (linux/if_link.h), both directions.
import { IFLA_ALT_IFNAME, IFLA_PROP_LIST } from '../constants.ts';
import { attributeEnd, attributeText, attributeType, type MessageWriter, nextAttribute } from './message.ts';

/** Writes struct ifinfomsg and one alternative name (RTM_NEWLINKPROP, RTM_DELLINKPROP). Equivalent to `ip link property`. */
export function formatAltname(writer: MessageWriter, ifindex: number, altname: string): void {
  writer.zeros(4);
  writer.u32(ifindex);
  writer.zeros(8);
  const list = writer.openNest(IFLA_PROP_LIST);
  writer.attributeText(IFLA_ALT_IFNAME, altname);
  writer.closeNest(list);
}

/** Reads the names in the IFLA_PROP_LIST at an offset. */
export function parseAltnames(buffer: Buffer, list: number): string[] {
  const names: string[] = [];
  const end = attributeEnd(buffer, list);
  for (let at = list + 4; at + 4 <= end; at = nextAttribute(buffer, at, end)) {
    if (attributeType(buffer, at) === IFLA_ALT_IFNAME) names.push(attributeText(buffer, at));
  }
  return names;
}
