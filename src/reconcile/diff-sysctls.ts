// Sysctls: those the file states, those of our links that the file is silent about, and those that left the file.
import { deviceSysctlKey, parseDeviceSysctl } from '../state/sysctl.ts';
import type { Comparison, Finding } from './diff.ts';

export function* diffSysctls(comparison: Comparison, left: string[]): Generator<Finding> {
  const { desired, observed } = comparison;
  for (const sysctl of desired.sysctls.values()) {
    const value = observed.sysctls.get(sysctl.key);
    if (value === undefined) {
      yield {
        kind: 'sysctl',
        desired: sysctl,
        observed: null,
        change: 'missing',
        foreign: false,
        cause: null,
      };
    } else if (value !== sysctl.value) {
      yield changed(sysctl, { key: sysctl.key, value });
    }
  }
  yield* diffUnstated(comparison);
  yield* diffDropped(comparison, left);
}

/** What the file does not state about a link of ours is what a new link in the namespace would have. */
function diffUnstated({ desired, observed, ownership }: Comparison): Finding[] {
  const findings = new Map<string, Finding>();
  for (const [key, value] of observed.sysctls) {
    if (desired.sysctls.has(key)) continue;
    const device = parseDeviceSysctl(key);
    const link = device === null ? undefined : observed.links.get(device.dev);
    if (device === null || link === undefined || !ownership.ownsLink(link) || !desired.links.has(link.name))
      continue;
    const ofNew = deviceSysctlKey(device.family, device.table, 'default', device.leaf);
    let expected = desired.sysctls.get(ofNew)?.value ?? observed.sysctls.get(ofNew);
    if (device.leaf === 'forwarding' && device.table === 'conf') {
      // Writing ip_forward, or all.forwarding, rewrites `default` and every link: judge by what is wanted of it.
      const switchKey = device.family === 'ipv4' ? 'net.ipv4.ip_forward' : 'net.ipv6.conf.all.forwarding';
      expected = desired.sysctls.get(switchKey)?.value ?? expected;
    }
    if (expected !== undefined && expected !== value)
      findings.set(key, changed({ key, value: expected }, { key, value }));
  }
  return [...findings].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding);
}

/** Sysctls that were applied and left the file: put back in a namespace we made, left as they are elsewhere. */
function* diffDropped(comparison: Comparison, left: string[]): Generator<Finding> {
  const { desired, observed, ownership, appliedSysctls, freshSysctls } = comparison;
  for (const key of appliedSysctls) {
    if (desired.sysctls.has(key)) continue;
    const device = parseDeviceSysctl(key);
    const link = device === null ? undefined : observed.links.get(device.dev);
    if (link !== undefined && ownership.ownsLink(link)) continue;
    const value = observed.sysctls.get(key);
    if (value === undefined) continue;
    if (observed.madeBy !== ownership.owner.topology) {
      left.push(`${observed.name} ${key}`);
      continue;
    }
    const fresh = freshSysctls.get(key);
    if (fresh !== undefined && fresh !== value) yield changed({ key, value: fresh }, { key, value });
  }
}

interface Value {
  readonly key: string;
  readonly value: string;
}

function changed(desired: Value, observed: Value): Finding {
  return { kind: 'sysctl', desired, observed, change: 'changed', foreign: false, cause: null };
}
