// What the doctor finds: a judgement, what it rests on, and what mends it.
import type { Fault, Remedy } from '../trace/fault.ts';

/** `good`: as it must be; `note`: worth knowing; `warning`: works, and may stop working; `failure`: stops the tool or packets. */
export type Severity = 'good' | 'note' | 'warning' | 'failure';

export interface Finding {
  /** For machines: `kernelTooOld`, or the code of a fault. */
  readonly code: string;
  readonly severity: Severity;
  /** What was judged, one clause. */
  readonly message: string;
  /** What the judgement rests on; null where the message says it. */
  readonly evidence: string | null;
  readonly remedy: Remedy | null;
  /** The fault of the network that it is; null for one of the machine. */
  readonly fault: Fault | null;
}

/** A finding about the machine. */
export function finding(
  severity: Severity,
  code: string,
  message: string,
  evidence: string | null = null,
  remedy: Remedy | null = null,
): Finding {
  return { code, severity, message, evidence, remedy, fault: null };
}

/** Advice in words, where no command mends it. */
export function advice(text: string): Remedy {
  return { kind: 'advice', text };
}

/** A fault as a finding. */
export function findingOf(fault: Fault, severity: Severity): Finding {
  const { code, message, remedy } = fault;
  return { code, severity, message, evidence: null, remedy, fault };
}
