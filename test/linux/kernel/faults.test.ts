// One failure costs one item: every verb refused with every errno, answers that are lost, dumps that are interrupted, and
// namespaces that vanish while a pass is under way.
import { readdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as constants from '../../../src/kernel/constants.ts';
import { MNT_DETACH, umount } from '../../../src/kernel/libc.ts';
import { type Difference, differenceKey } from '../../../src/reconcile/difference.ts';
import { freshMachine } from '../../sandbox/machine.ts';
import { applyText, differencesOf, establish } from '../semantics/pass.ts';
import { type Errno, faults, noFaults, type Request } from './faults.ts';

vi.mock('../../../src/kernel/libc.ts', async (original) =>
  (await import('./faults.ts')).faulty(await original()),
);

beforeEach(() => freshMachine());
afterEach(() => noFaults());

/** A pair between two namespaces with one of everything. */
const before = `name: faults
netns:
  left:
    links:
      wire: { kind: veth, peer: { netns: right, name: wire }, addresses: [10.0.0.1/24, 10.0.9.1/24], proxyDelay: 7,
        neighbours: [{ dst: 10.0.0.7, mac: 02:00:00:00:00:07 }, { dst: 10.0.0.8, mac: 02:00:00:00:00:08 }] }
      br0: { kind: bridge, proxyArp: true }
      old: { kind: bridge, addresses: [10.5.0.1/24] }
      tun: { kind: vxlan, id: 7, local: 10.0.0.1,
        fdb: [{ mac: 02:00:00:00:00:30, dst: 10.0.0.2 }, { mac: 02:00:00:00:00:31, dst: 10.0.0.2 }] }
    routes:
      - { dst: 10.1.0.0/16, via: 10.0.0.2, dev: wire }
      - { dst: 10.2.0.0/16, via: 10.0.0.2, dev: wire }
      - { dst: 10.3.0.0/16, type: blackhole }
  right:
    links: { wire: { kind: veth, peer: { netns: left, name: wire }, addresses: [10.0.0.2/24] } }
    routes: [{ dst: 10.4.0.0/16, via: 10.0.0.1, dev: wire }]
`;

/** The same network with something of each kind new, changed and gone. */
const after = before
  .replace('proxyDelay: 7', 'proxyDelay: 9, mtu: 1400')
  .replace('10.0.9.1/24', '10.0.8.1/24')
  .replace('{ dst: 10.0.0.8, mac: 02:00:00:00:00:08 }', '{ dst: 10.0.0.9, mac: 02:00:00:00:00:09 }')
  .replace('mac: 02:00:00:00:00:07', 'mac: 02:00:00:00:00:77')
  .replace('30, dst: 10.0.0.2', '30, dst: 10.0.0.3')
  .replace('mac: 02:00:00:00:00:31', 'mac: 02:00:00:00:00:32')
  .replace(/ +old: .*\n/, '      new: { kind: bridge }\n')
  .replace('10.1.0.0/16, via: 10.0.0.2', '10.1.0.0/16, via: 10.0.0.3')
  .replace('{ dst: 10.3.0.0/16, type: blackhole }', '{ dst: 10.6.0.0/16, type: blackhole }');

const errnos: readonly Errno[] = ['EBUSY', 'ENOMEM', 'EINVAL', 'EEXIST', 'ESRCH'];

const MODIFIERS = constants.NLM_F_CREATE | constants.NLM_F_EXCL | constants.NLM_F_REPLACE;
const verbs: ReadonlyMap<string, string> = new Map(
  [
    ['link add', constants.RTM_NEWLINK, constants.NLM_F_CREATE | constants.NLM_F_EXCL],
    ['link set', constants.RTM_NEWLINK, 0],
    ['link delete', constants.RTM_DELLINK, 0],
    ['link property add', constants.RTM_NEWLINKPROP, constants.NLM_F_CREATE | constants.NLM_F_EXCL],
    ['ntable change', constants.RTM_SETNEIGHTBL, 0],
    ['address add', constants.RTM_NEWADDR, constants.NLM_F_CREATE | constants.NLM_F_EXCL],
    ['address delete', constants.RTM_DELADDR, 0],
    ['neighbour replace', constants.RTM_NEWNEIGH, constants.NLM_F_CREATE | constants.NLM_F_REPLACE],
    ['neighbour delete', constants.RTM_DELNEIGH, 0],
    ['route add', constants.RTM_NEWROUTE, constants.NLM_F_CREATE | constants.NLM_F_EXCL],
    ['route change', constants.RTM_NEWROUTE, constants.NLM_F_REPLACE],
    ['route delete', constants.RTM_DELROUTE, 0],
  ].map(([name, type, flags]) => [`${type} ${flags}`, String(name)]),
);

const verbsOfEntries = ['fdb replace', 'fdb delete'];

function verbOf({ type, flags, payload }: Request): string {
  const key = `${type} ${flags & MODIFIERS}`;
  const verb = verbs.get(key) ?? `unknown ${key}`;
  // Forwarding entries are neighbours of the family of bridges: ndm_family is the first byte.
  return verb.startsWith('neighbour') && payload[0] === constants.AF_BRIDGE
    ? verb.replace('neighbour', 'fdb')
    : verb;
}

/** Which verbs a change sends, and how often each. */
function verbsSent(change: () => void): Map<string, number> {
  const counts = new Map<string, number>();
  faults.refuse = (request) => {
    const verb = verbOf(request);
    counts.set(verb, (counts.get(verb) ?? 0) + 1);
    return null;
  };
  change();
  noFaults();
  return counts;
}

const identity = (difference: Difference): string =>
  `${difference.netns} ${difference.kind} ${differenceKey(difference)}`;

/** What a pass left undone, with why. */
function undone(text: string): Record<string, string | null> {
  const outcomes = applyText(text, { pruneAll: true }).outcomes.filter(({ outcome }) => outcome !== 'done');
  return Object.fromEntries(outcomes.map(({ difference, reason }) => [identity(difference), reason]));
}

const differing = (text: string): string[] => differencesOf(text).map(identity);

const changes: readonly (readonly [title: string, begin: () => void, text: string])[] = [
  ['made from nothing', () => {}, before],
  ['changed into another', () => establish(before), after],
];

describe.each(changes)('a network that is %s', (_title, begin, text) => {
  /** Refuses the n-th request of a verb, counted from 1, once; tells how often it did. */
  function refuseOnce(verb: string, n: number, errno: Errno): () => number {
    let seen = 0;
    faults.refuse = (request) => (verbOf(request) === verb && ++seen === n ? errno : null);
    return () => (seen >= n ? 1 : 0);
  }

  it('comes to be in the same pass, whichever request is refused once', { timeout: 240_000 }, () => {
    begin();
    const counts = verbsSent(() => establish(text));
    expect([...counts.keys()].filter((verb) => verb.startsWith('unknown'))).toEqual([]);
    for (const [verb, count] of counts) {
      for (const [i, errno] of errnos.entries()) {
        const n = 1 + Math.round((i * (count - 1)) / (errnos.length - 1));
        freshMachine();
        begin();
        const refused = refuseOnce(verb, n, errno);
        const left = undone(text);
        expect({ refused: refused(), left, differing: differing(text) }, `${verb} ${n}: ${errno}`).toEqual({
          refused: 1,
          left: {},
          differing: [],
        });
        noFaults();
      }
    }
  });
});

it('the two changes send every verb that the tool has for these items', () => {
  const made = verbsSent(() => establish(before));
  const changed = verbsSent(() => establish(after));
  expect(new Set([...made.keys(), ...changed.keys()])).toEqual(
    new Set([...verbs.values(), ...verbsOfEntries]),
  );
});

/** Refuses every request of a verb that carries certain bytes. */
function refuseAlways(verb: string, hex: string, errno: Errno): void {
  const bytes = Buffer.from(hex, 'hex');
  faults.refuse = (request) => (verbOf(request) === verb && request.payload.includes(bytes) ? errno : null);
}

const text = (word: string): string => Buffer.from(`${word}\0`).toString('hex');

describe('a request that is refused every time', () => {
  const items: readonly (readonly [verb: string, hex: string, failed: string, skipped: readonly string[]])[] =
    [
      ['link add', text('br0'), 'left link br0', ['left sysctl net.ipv4.conf.br0.proxy_arp']],
      ['ntable change', '0c000d0046000000', 'left sysctl net.ipv4.neigh.wire.proxy_delay', []],
      ['address add', '0a000901', 'left address wire 10.0.9.1/24', []],
      ['neighbour replace', '020000000008', 'left neighbour wire 10.0.0.8', []],
      ['fdb replace', '020000000030', 'left fdb tun 02:00:00:00:00:30 10.0.0.2', []],
      ['route add', '0a020000', 'left route 10.2.0.0/16', []],
      ['route add', '0a040000', 'right route 10.4.0.0/16', []],
    ];

  describe.each(items)('%s (%s)', (verb, hex, failed, skipped) => {
    it.each(errnos)('with %s costs its item, which is named, and the next pass makes it', (errno) => {
      refuseAlways(verb, hex, errno);
      const left = undone(before);
      expect(Object.keys(left).sort()).toEqual([failed, ...skipped].sort());
      expect(left[failed]).toContain(`(${errno})`);
      expect(differing(before).sort()).toEqual([failed, ...skipped].sort());
      noFaults();
      expect(undone(before)).toEqual({});
      expect(differing(before)).toEqual([]);
    });
  });

  const changed: readonly (readonly [verb: string, hex: string, failed: string])[] = [
    ['link set', '0800040078050000', 'left link wire'],
    ['link add', text('new'), 'left link new'],
    ['address add', '0a000801', 'left address wire 10.0.8.1/24'],
    ['address delete', '0a000901', 'left address wire 10.0.9.1/24'],
    ['neighbour replace', '020000000077', 'left neighbour wire 10.0.0.7'],
    ['neighbour delete', '0a000008', 'left neighbour wire 10.0.0.8'],
    ['fdb replace', '020000000032', 'left fdb tun 02:00:00:00:00:32 10.0.0.2'],
    ['fdb delete', '020000000031', 'left fdb tun 02:00:00:00:00:31 10.0.0.2'],
    ['route change', '0a010000', 'left route 10.1.0.0/16'],
    ['route delete', '0a030000', 'left route 10.3.0.0/16'],
  ];

  describe.each(changed)('%s (%s) of a change', (verb, hex, failed) => {
    it.each(errnos)('with %s costs its item, which is named, and the next pass makes it', (errno) => {
      establish(before);
      refuseAlways(verb, hex, errno);
      const left = undone(after);
      expect(Object.keys(left)).toEqual([failed]);
      // That what is to be deleted has gone is no refusal; it has not, and that is said.
      const isBenign = verb.endsWith(' delete') && errno === 'ESRCH';
      expect(left[failed]).toContain(isBenign ? 'did not stay' : `(${errno})`);
      expect(differing(after)).toEqual([failed]);
      noFaults();
      expect(undone(after)).toEqual({});
      expect(differing(after)).toEqual([]);
    });
  });

  it('of a claim costs its namespace, which gets no name, and not another one', () => {
    const items = '{ routes: [{ dst: 10.1.0.0/16, type: blackhole }] }';
    const two = `name: faults\nnetns: { a: ${items}, b: ${items} }\n`;
    let claims = 0;
    faults.refuse = (request) => (verbOf(request) === 'link property add' && ++claims !== 2 ? 'EBUSY' : null); // the second is b's
    const left = undone(two);
    expect(left).toEqual({
      'a netns a': expect.stringContaining('(EBUSY)'),
      'a route 10.1.0.0/16': expect.any(String),
    });
    expect(readdirSync('/run/netns')).toEqual(['b']);
    noFaults();
    expect(undone(two)).toEqual({});
    expect(differing(two)).toEqual([]);
  });
});

describe('answers that are lost', () => {
  it('cost nothing where the kernel did what it was asked', () => {
    faults.loseAnswers = true;
    expect(undone(before)).toEqual({});
    expect(undone(after)).toEqual({});
    noFaults();
    expect(differing(after)).toEqual([]);
  });

  it('cost nothing where only acknowledgements are lost, and refusals are told', () => {
    faults.loseAcknowledgements = true;
    refuseAlways('route add', '0a020000', 'EBUSY');
    expect(undone(before)).toEqual({ 'left route 10.2.0.0/16': expect.stringContaining('(EBUSY)') });
  });

  it('do not make done what the kernel did not do', () => {
    faults.loseAnswers = true;
    refuseAlways('route add', '0a020000', 'EBUSY');
    expect(undone(before)).toEqual({ 'left route 10.2.0.0/16': 'the kernel took it, and it did not stay' });
    expect(differing(before)).toEqual(['left route 10.2.0.0/16']);
  });
});

describe('dumps that are interrupted', () => {
  it('are repeated, and nothing is taken for missing', () => {
    establish(before);
    faults.interruptDumps = 10;
    expect(differing(before)).toEqual([]);
    expect(faults.interruptDumps).toBe(0);
  });

  it.each(['apply', 'destroy'])('without end stop the pass before it changes anything: %s', (verb) => {
    establish(before);
    const nothing = 'name: faults\nnetns: {}\n';
    faults.interruptDumps = Number.POSITIVE_INFINITY;
    const sent = vi.fn();
    faults.beforeSend = sent;
    expect(() => applyText(verb === 'apply' ? after : nothing, { pruneAll: true })).toThrowError(
      expect.objectContaining({ code: 'kernel', errno: 'EINTR' }),
    );
    expect(sent).not.toHaveBeenCalled();
    noFaults();
    expect(differing(before)).toEqual([]);
  });
});

describe('a namespace that vanishes between being read and being changed', () => {
  it.each(['left', 'right'])('is made anew: %s', (name) => {
    establish(before);
    let vanished = false;
    faults.beforeSend = () => {
      if (vanished) return;
      vanished = true;
      umount(`/run/netns/${name}`, MNT_DETACH);
      rmSync(`/run/netns/${name}`);
    };
    undone(after);
    noFaults();
    expect(vanished).toBe(true);
    expect(undone(after)).toEqual({});
    expect(differing(after)).toEqual([]);
  });
});
