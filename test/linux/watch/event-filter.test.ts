// What of the neighbours' coming and going a monitor is told.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Machine } from '../../../src/kernel/machine.ts';
import { Monitor } from '../../../src/kernel/monitor.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

let machine: Machine;
let monitor: Monitor;
let told: string[];

beforeEach(requires('ip'));
beforeEach(() => {
  freshMachine();
  sh('ip link add name x type veth peer name y; ip link set x up; ip link set y up');
  machine = Machine.open();
  told = [];
  monitor = new Monitor({
    onEvent: ({ event }) => {
      if (event.kind === 'neighbour')
        told.push(`${event.gone ? 'gone' : 'came'} ${event.neighbour.mac ?? 'no mac'}`);
      else if (event.kind === 'route' && typeof event.route.dst === 'number') told.push('route');
    },
    onOverflow: () => {},
    onWake: () => {},
  });
  monitor.follow('self', machine.self);
});
afterEach(() => {
  monitor.close();
  machine.close();
});

/** What is told of IPv4 neighbours while a command runs. */
function during(command: string): string[] {
  monitor.drain();
  told.length = 0;
  sh(command);
  monitor.drain();
  return told;
}

it.each([
  ['a learned neighbour', 'ip neighbour add 10.0.0.2 lladdr 02:00:00:00:00:02 dev x nud reachable', []],
  ['a failed one', 'ip neighbour add 10.0.0.2 dev x nud failed', []],
  [
    'a permanent neighbour',
    'ip neighbour add 10.0.0.2 lladdr 02:00:00:00:00:02 dev x',
    ['came 02:00:00:00:00:02'],
  ],
  [
    'a learned neighbour with a mark',
    'ip neighbour add 10.0.0.2 lladdr 02:00:00:00:00:02 dev x nud reachable protocol 169',
    ['came 02:00:00:00:00:02'],
  ],
  ['a route', 'ip route add blackhole 10.9.0.0/16', ['route']],
])('%s', (_what, command, expected) => {
  expect(during(command)).toEqual(expected);
});

it('a deleted neighbour is told of, whatever it was', () => {
  sh('ip neighbour add 10.0.0.2 lladdr 02:00:00:00:00:02 dev x');
  expect(during('ip neighbour delete 10.0.0.2 dev x').some((line) => line.startsWith('gone'))).toBe(true);
});
