// The errors the product raises: one base class with a code, and the two kinds that carry more.
// A message is one line for a person at 3 a.m.; nothing in the program ever matches on its prose.

export type ErrorCode =
  | 'usage' // the command line is wrong
  | 'file' // a file or directory cannot be read
  | 'topology' // the topology is not valid
  | 'permission' // a privilege is missing
  | 'platform' // this kernel or machine cannot do what is asked
  | 'kernel' // the kernel refused a request
  | 'netns' // a namespace cannot be entered, made or removed
  | 'ownership' // a claim of another topology stands in the way
  | 'bgp' // BIRD is missing, does not answer, or refuses a configuration
  | 'locked' // another process is the writer
  | 'pruneGuard'; // the pass would delete more than half of what is ours

export class ReconcileError extends Error {
  readonly code: ErrorCode;
  /** What to run or change instead, one line; null where there is nothing to say. */
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint ?? null;
  }

  /** The message, and the hint where there is one. */
  get inOneLine(): string {
    return this.hint === null ? this.message : `${this.message}; ${this.hint}`;
  }
}

/** A problem found in a topology. Lines and columns count from 1; a problem of a whole file stands at 1:1. */
export interface Problem {
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong and what was expected, one line without a full stop. */
  readonly message: string;
  /** What to write instead, or where the other half of a disagreement stands; null where nothing helps. */
  readonly hint: string | null;
  /** The source line, and how many characters of it are meant; null where the file has no such line. */
  readonly excerpt: { readonly text: string; readonly length: number } | null;
}

/** All problems of a topology at once, in the order of their places. */
export class TopologyError extends ReconcileError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('topology', `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in the topology`);
    this.problems = problems;
  }
}

/** A request that the kernel refused: its errno and its own words (extended acknowledgement, when it gave any). */
export class KernelError extends ReconcileError {
  /** The errno's name, `EEXIST`. */
  readonly errno: string;
  /** The kernel's own sentence; null where it gave none. */
  readonly kernelMessage: string | null;
  /** What was asked, in the words of `ip`: `route add`. */
  readonly operation: string;

  constructor(operation: string, errno: string, kernelMessage: string | null, cause?: unknown) {
    super('kernel', `${operation}: ${kernelMessage ?? describeErrno(errno)} (${errno})`, { cause });
    this.operation = operation;
    this.errno = errno;
    this.kernelMessage = kernelMessage;
  }
}

const errnoTexts: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'no such address',
  EAFNOSUPPORT: 'address family not supported',
  EBUSY: 'device or resource busy',
  EEXIST: 'already exists',
  EHOSTUNREACH: 'no route to host',
  EINVAL: 'invalid argument',
  ENETDOWN: 'network is down',
  ENETUNREACH: 'network is unreachable',
  ENODEV: 'no such device',
  ENOENT: 'no such file or entry',
  EOPNOTSUPP: 'not supported by this kernel',
  EPERM: 'operation not permitted',
  ERANGE: 'value out of range',
  ESRCH: 'no such entry',
};

/** What an errno means, in words: equivalent to strerror(3) for those rtnetlink gives. */
export function describeErrno(errno: string): string {
  return errnoTexts[errno] ?? errno;
}
