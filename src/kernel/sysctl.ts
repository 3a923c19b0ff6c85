// Sysctls through /proc/sys of the namespace the thread is in.
import { readFileSync, writeFileSync } from 'node:fs';
import { KernelError } from '../errors.ts';
import { normalSysctlValue, sysctlPath } from '../state/sysctl.ts';

/** The value, with single spaces between several numbers; null where this kernel or namespace has no such sysctl. */
export function readSysctl(key: string): string | null {
  try {
    return normalSysctlValue(readFileSync(sysctlPath(key), 'utf8'));
  } catch {
    return null; // absent, or write-only (EACCES, EIO): as good as absent to whoever compares
  }
}

/** Equivalent to `sysctl -w KEY=VALUE`. Raises a KernelError. */
export function writeSysctl(key: string, value: string): void {
  try {
    writeFileSync(sysctlPath(key), value, { flag: 'r+' });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    const reason = code === 'ENOENT' ? 'this kernel or namespace has no such sysctl' : null;
    throw new KernelError('sysctl', code, reason, error);
  }
}
