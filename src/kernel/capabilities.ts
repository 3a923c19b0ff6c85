// What this process may do to networks: its effective capabilities, and what to say where one is missing.
import { readFileSync } from 'node:fs';
import { ReconcileError } from '../errors.ts';

/** Bit numbers of linux/capability.h. */
const bits = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n } as const;

export type Capability = keyof typeof bits;

/** Whether this process has a capability in its user namespace; true where the kernel does not tell. */
export function hasCapability(capability: Capability): boolean {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    return true;
  }
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective === undefined || ((BigInt(`0x${effective}`) >> bits[capability]) & 1n) === 1n;
}

/** The error for a missing capability: what needs it, and what to run instead. */
export function lacking(capability: Capability, message: string, cause?: unknown): ReconcileError {
  const name = capability.slice('CAP_'.length);
  const hint =
    process.geteuid?.() === 0
      ? `root lacks it here: start the container with --cap-add ${name}, or --privileged`
      : 'run it as root (sudo), or try a topology without root: calico-reconcile lab FILE';
  return new ReconcileError('permission', message, { hint, cause });
}
