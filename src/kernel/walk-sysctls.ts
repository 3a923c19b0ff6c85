// Every sysctl below net of the namespace the thread is in, by walking /proc/sys/net. Secrets are left out.
import { readdirSync } from 'node:fs';
import { deviceSysctlKey, parseDeviceSysctl } from '../state/sysctl.ts';
import { readSysctl } from './sysctl.ts';

/** Keys whose value nobody else may learn. */
const secrets: ReadonlySet<string> = new Set(['stable_secret', 'tcp_fastopen_key']);

/** Values by dotted name, sorted; a device's only where it differs from its table's `default`. */
export function walkSysctls(): Map<string, string> {
  const values = new Map<string, string>();
  for (const key of [...keysBelow('/proc/sys/net', 'net')].sort()) {
    const value = readSysctl(key);
    if (value !== null) values.set(key, value);
  }
  for (const [key, value] of values) {
    const device = parseDeviceSysctl(key);
    if (device === null || device.dev === 'all' || device.dev === 'default') continue;
    const { family, table, leaf } = device;
    if (values.get(deviceSysctlKey(family, table, 'default', leaf)) === value) values.delete(key);
  }
  return values;
}

function* keysBelow(directory: string, prefix: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const key = `${prefix}.${entry.name}`;
    if (entry.isDirectory()) yield* keysBelow(`${directory}/${entry.name}`, key);
    else if (!secrets.has(entry.name)) yield key;
  }
}
