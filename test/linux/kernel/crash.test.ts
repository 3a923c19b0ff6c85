// kill -9 at random moments of an apply: whatever the moment, the next apply converges, and nothing is left behind that
// does not bear our mark.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MNT_DETACH, umount } from '../../../src/kernel/libc.ts';
import { Machine } from '../../../src/kernel/machine.ts';
import { observe } from '../../../src/kernel/observe.ts';
import { linkGroup, ownerAlias } from '../../../src/state/mark.ts';
import type { ObservedNamespace } from '../../../src/state/network.ts';
import { RTPROT_KERNEL } from '../../../src/state/scope.ts';
import { freshMachine } from '../../sandbox/machine.ts';
import { desire, differencesOf, establish, found } from '../semantics/pass.ts';

const KILLS_OF_EACH = 10;
const PROTOCOL = 169;
const program = fileURLToPath(new URL('programs/apply.js', import.meta.url));

/** Fifty workloads on two hosts; the two differ in half of the workloads, in an MTU and in what a gateway is. */
function topology(names: readonly [string, string], rest: string): string {
  const [first, second] = names;
  return `name: crash
hosts:
  host0: { netns: host0, uplink: { dev: up0, address: 192.168.1.1/24${rest} } }
  host1: { netns: host1, uplink: { dev: up0, address: 192.168.1.2/24${rest} } }
underlay: { lan: { hosts: [host0, host1] } }
pools: [{ cidr: 10.20.0.0/16, encapsulation: none }]
workloads:
  both: { host: host0, address: 10.20.0.1, replicas: 15 }
  ${first}: { host: host1, address: 10.20.1.1, replicas: 20 }
  ${second}: { host: host0, address: 10.20.2.1, replicas: 15, gatewayMode: neighbour }
`;
}

const a = topology(['a', 'same'], '');
const b = topology(['b', 'same'], ', mtu: 1400');

let directory: string;
let files: ReadonlyMap<string, string>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crash-'));
  files = new Map([a, b].map((text, i) => [text, join(directory, `${i}.yaml`)]));
  for (const [text, file] of files) writeFileSync(file, text);
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Run {
  /** Milliseconds from the first look at the kernel to the last step. */
  readonly worked: number;
  readonly signal: NodeJS.Signals | null;
}

/** Applies a topology in a process of its own and kills it so many milliseconds after it began; null: lets it end. */
async function applyAndKill(text: string, after: number | null): Promise<Run> {
  const child = spawn(process.execPath, [program, files.get(text)!], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let began = 0;
  let stepped = 0;
  child.stdout.on('data', (output: Buffer) => {
    stepped = performance.now();
    if (began > 0 || !output.includes('begins')) return;
    began = stepped;
    if (after !== null) setTimeout(() => child.kill('SIGKILL'), after);
  });
  const stepsOver = once(child.stdout, 'end');
  const [, signal] = await once(child, 'exit');
  await stepsOver;
  return { worked: stepped - began, signal };
}

/** What is in the machine's namespaces and bears no mark of the topology; the kernel's own aside. */
function unmarked(): string[] {
  const machine = Machine.open();
  try {
    const names = new Set(machine.names());
    const scope = { topology: 'crash', names, sysctlsOf: () => [], fresh: [] };
    return [...observe(machine, scope).namespaces.values()].flatMap(unmarkedIn);
  } finally {
    machine.close();
  }
}

function unmarkedIn(netns: ObservedNamespace): string[] {
  const links = [...netns.links.values()].filter(
    (link) => link.name !== 'lo' && (link.group !== linkGroup('crash') || link.alias !== ownerAlias('crash')),
  );
  const others = [
    ...netns.addresses.filter(({ protocol, dev }) => protocol !== PROTOCOL && protocol > 3 && dev !== 'lo'),
    ...netns.addresses.filter(({ protocol, dev }) => protocol === 0 && dev !== 'lo'),
    ...netns.neighbours.filter(({ protocol }) => protocol !== PROTOCOL),
    ...netns.routes.filter(({ protocol }) => protocol !== PROTOCOL && protocol !== RTPROT_KERNEL),
  ];
  const claims = netns.name === 'self' || netns.claims.length === 1 ? [] : [`${netns.claims.length} claims`];
  return [
    ...links.map((link) => `${netns.name} link ${link.name}`),
    ...others.map((item) => `${netns.name} ${JSON.stringify(item)}`),
    ...claims.map((text) => `${netns.name} ${text}`),
  ];
}

/** Kills an apply of a topology, and applies one; a second pair takes turns with the first. */
interface Story {
  readonly title: string;
  readonly isFirst: boolean;
  readonly turns: readonly { readonly killed: string; readonly next: string }[];
}

const stories: readonly Story[] = [
  { title: 'the first apply', isFirst: true, turns: [{ killed: a, next: a }] },
  {
    title: 'the apply of a change',
    isFirst: false,
    turns: [
      { killed: b, next: b },
      { killed: a, next: a },
    ],
  },
  { title: 'the apply of a change that is taken back', isFirst: false, turns: [{ killed: b, next: a }] },
];

describe('a removal that was cut short between the mount and its file', () => {
  const two = (name: string): string =>
    `name: crash\nnetns: { ${name}: { links: { br0: { kind: bridge } } } }\n`;

  it('leaves a name behind, which goes with the next apply', () => {
    freshMachine();
    establish(two('old'));
    umount('/run/netns/old', MNT_DETACH);
    writeFileSync('/run/netns/of-others', '');
    establish(two('new'));
    expect(readdirSync('/run/netns').sort()).toEqual(['new', 'of-others']);
  });
});

describe.each(stories)('$title, killed at any moment', ({ isFirst, turns }) => {
  it('is made good by the next apply', { timeout: 240_000 }, async () => {
    freshMachine();
    if (!isFirst) establish(a);
    const whole = await applyAndKill(turns[0]!.killed, null);
    expect({ signal: whole.signal, left: differencesOf(turns[0]!.killed) }).toEqual({
      signal: null,
      left: [],
    });
    if (!isFirst) establish(a);
    let interrupted = 0;
    let { worked } = whole;
    for (let i = 0; i < KILLS_OF_EACH; i++) {
      const { killed, next } = turns[i % turns.length]!;
      if (isFirst) freshMachine();
      const moment = ((i + Math.random()) / KILLS_OF_EACH) * worked;
      const killedRun = await applyAndKill(killed, moment);
      // The machine has become quicker than it was: the moments to come are of this pace.
      if (killedRun.signal === null) worked = killedRun.worked;
      if (differencesOf(killed).length > 0) interrupted++;
      establish(next);
      const names = readdirSync('/run/netns').sort();
      const wanted = { left: [], unmarked: [], names: [...desire(next).namespaces.keys()].sort() };
      expect(
        { left: found(differencesOf(next)), unmarked: unmarked(), names },
        `killed after ${moment.toFixed(1)} of ${worked.toFixed(1)} ms`,
      ).toEqual(wanted);
    }
    expect(interrupted).toBeGreaterThanOrEqual(KILLS_OF_EACH / 2);
  });
});
