// The small world in which random topologies live: a few namespaces and in each the same few interface names, each
// with subnets of its own. Two random topologies share most names, so that going from one to the other changes things.

/** A piece of YAML. */
export interface Tree {
  [key: string]: unknown;
}

/** A place for a link: a name in a namespace. */
export interface Slot {
  readonly index: number;
  readonly netns: string;
  readonly name: string;
}

/** `old` and `self` stand there before any topology; the others are made by it. */
export const writtenNames = ['n0', 'n1', 'n2', 'old', 'self'] as const;
export const foundNames: ReadonlySet<string> = new Set(['old', 'self']);
export const linkNames = ['a', 'b', 'c', 'br'] as const;

/** A device in `self` that no topology makes. */
export const EXISTING = 'phys0';

export const slots: readonly Slot[] = writtenNames.flatMap((netns, n) =>
  linkNames.map((name, l) => ({ index: n * linkNames.length + l, netns, name })),
);

/** The slot of the existing device: it has no place in a cable. */
export const existingSlot: Slot = { index: slots.length, netns: 'self', name: EXISTING };

/** The slot of the `lo` of a namespace. */
export function loopbackSlot(netns: string): Slot {
  return { index: 40 + [...writtenNames, ''].indexOf(netns), netns, name: 'lo' };
}

/** `10.SLOT.SUBNET.HOST` or `fd00:SLOT:SUBNET::HOST`. */
export function addressIn(family: 4 | 6, slot: Slot, subnet: number, host: number): string {
  if (family === 4) return `10.${slot.index + 1}.${subnet}.${host}`;
  return `fd00:${(slot.index + 1).toString(16)}:${subnet.toString(16)}::${host.toString(16)}`;
}

export const macs = ['02:00:00:00:00:0a', '02:00:00:00:00:0b', '02:00:00:00:00:0c'] as const;
