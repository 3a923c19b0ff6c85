// Desired sysctls in the topology's words: back to `proxyArp: true` where expansion came from.
import type { DesiredNamespace } from '../state/network.ts';
import { parseDeviceSysctl } from '../state/sysctl.ts';
import type { Fields, Value } from './item.ts';

/** Each sysctl where the format says it: by its own word on its link, under the link's `sysctls`, or the namespace's. */
export function sortSysctls(namespace: DesiredNamespace): {
  ofNamespace: Fields;
  ofLinks: ReadonlyMap<string, Fields>;
} {
  const ofNamespace: Record<string, Value> = {};
  const ofLinks = new Map<string, Record<string, Value>>();
  for (const { key, value } of namespace.sysctls.values()) {
    const device = parseDeviceSysctl(key);
    if (device === null || !namespace.links.has(device.dev)) {
      ofNamespace[key] = asScalar(value);
      continue;
    }
    const { family, table, dev, leaf } = device;
    const link = ofLinks.get(dev) ?? {};
    ofLinks.set(dev, link);
    const word = linkWords.get(`${family} ${table} ${leaf}`);
    if (word !== undefined) {
      link[word] = flags.has(word) ? value !== '0' : asScalar(value);
    } else if (table === 'conf') {
      const families = (link.sysctls ?? {}) as Fields;
      link.sysctls = {
        ...families,
        [family]: { ...(families[family] as Fields), [leaf]: asScalar(value) },
      };
    } else {
      ofNamespace[key] = asScalar(value);
    }
  }
  return { ofNamespace, ofLinks };
}

/** The link's own words for sysctls, by family, table and leaf. */
const linkWords: ReadonlyMap<string, string> = new Map([
  ['ipv4 conf proxy_arp', 'proxyArp'],
  ['ipv6 conf proxy_ndp', 'proxyNdp'],
  ['ipv4 conf forwarding', 'forwarding'],
  ['ipv4 conf rp_filter', 'rpFilter'],
  ['ipv4 neigh proxy_delay', 'proxyDelay'],
]);

const flags: ReadonlySet<string> = new Set(['proxyArp', 'proxyNdp', 'forwarding']);

function asScalar(value: string): Value {
  return /^(0|-?[1-9][0-9]{0,14})$/.test(value) ? Number(value) : value;
}
