// A bridge's own settings on the wire: what IFLA_INFO_DATA of a bridge holds (linux/if_link.h), both directions.
import type { ObservedLink } from '../../state/link.ts';
import { IFLA_BR_STP_STATE, IFLA_BR_VLAN_FILTERING } from '../constants.ts';
import { attributeEnd, findAttribute, type MessageWriter, u32 } from './message.ts';

/** Settings of a bridge; what is absent stays as it is, or for a new bridge the kernel's default. */
export interface BridgeChange {
  readonly stp?: boolean | undefined;
  /** Refused by kernels built without it, even as false. */
  readonly vlanFiltering?: boolean | undefined;
}

/** Writes the settings into IFLA_INFO_DATA, which the caller has opened. Equivalent to `… type bridge stp_state …`. */
export function formatBridge(writer: MessageWriter, change: BridgeChange): void {
  if (change.stp !== undefined) writer.attributeU32(IFLA_BR_STP_STATE, change.stp ? 1 : 0);
  if (change.vlanFiltering !== undefined)
    writer.attributeU8(IFLA_BR_VLAN_FILTERING, change.vlanFiltering ? 1 : 0);
}

/** Reads the IFLA_INFO_DATA at an offset. */
export function parseBridge(buffer: Buffer, data: number): NonNullable<ObservedLink['bridge']> {
  const end = attributeEnd(buffer, data);
  const stp = findAttribute(buffer, data + 4, end, IFLA_BR_STP_STATE);
  const vlan = findAttribute(buffer, data + 4, end, IFLA_BR_VLAN_FILTERING);
  return { stp: stp >= 0 && u32(buffer, stp + 4) !== 0, vlanFiltering: vlan >= 0 && buffer[vlan + 4] !== 0 };
}
