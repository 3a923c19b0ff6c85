// The sysctl that several parts of the model share.
import type { Place } from '../../state/place.ts';
import { type DesiredSysctl, deviceSysctlKey } from '../../state/sysctl.ts';

/** No duplicate address detection on a link whose two ends are ours: its addresses serve at once, not 1-3 seconds on. */
export function withoutDad(dev: string, source: Place): DesiredSysctl {
  return { key: deviceSysctlKey('ipv6', 'conf', dev, 'accept_dad'), value: '0', source };
}
