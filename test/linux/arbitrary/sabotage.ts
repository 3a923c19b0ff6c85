// Random deeds behind the tool's back: what people, programs and crashes do to a machine. Each is a plain choice that
// finds its victim among what it meets, so that any list of deeds can be done to any machine.
import fc from 'fast-check';

export const deedNames = [
  'deleteLink',
  'setDown',
  'setUp',
  'changeMtu',
  'changeMac',
  'dropMark',
  'dropAlias',
  'putInBridge',
  'takeOutOfBridge',
  'renameLink',
  'moveLink',
  'addLink',
  'deleteAddress',
  'loseAddressMark',
  'addAddress',
  'deleteNeighbour',
  'changeNeighbour',
  'addNeighbour',
  'deleteRoute',
  'replaceRoute',
  'shadowRoute',
  'addRoute',
  'duplicateRoute',
  'turnLinkSysctl',
  'disableIpv6',
  'turnForwarding',
  'deleteNetns',
  'emptyNetns',
  'dropClaim',
] as const;

export type DeedName = (typeof deedNames)[number];

/** One deed: what is done, to which of the victims there are, and how. */
export interface Deed {
  readonly name: DeedName;
  readonly victim: number;
  readonly how: number;
}

const anyDeeds = fc.array(
  fc.record<Deed>({
    name: fc.constantFrom(...deedNames),
    victim: fc.nat({ max: 999 }),
    how: fc.nat({ max: 99 }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Deeds that can be mended: a link that is no longer ours, without IPv6, stays so whatever the file has on it. */
export const deeds: fc.Arbitrary<readonly Deed[]> = anyDeeds.map((list) =>
  list.some(({ name }) => name === 'dropMark') ? list.filter(({ name }) => name !== 'disableIpv6') : list,
);

/** A deed as a failing case shows it. */
export function describeDeeds(list: readonly Deed[]): string {
  return list.map(({ name, victim, how }) => `${name} ${victim} ${how}\n`).join('');
}
