// A namespace of others called `box`, with a veth pair of theirs in it, and topologies that are about it alone.
import type { TestContext } from 'vitest';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

/** Makes the machine empty but for the box: eth0 with 10.0.0.1/24, eth1 at its other end, both up. */
export function freshBox(context: TestContext): void {
  requires('ip')(context);
  freshMachine();
  sh(`ip netns add box
    ip -n box link add name eth0 type veth peer name eth1
    ip -n box link set eth0 up; ip -n box link set eth1 up
    ip -n box addr add 10.0.0.1/24 dev eth0`);
}

/** A topology called `mine` with items in a namespace. */
export function topologyOf(netns: string, items: string): string {
  return `name: mine\nnetns:\n  ${netns}:\n${items.replace(/^/gm, '    ')}\n`;
}

/** A topology called `mine` with items in the box. */
export function box(items: string): string {
  return topologyOf('box', items);
}

/** What a command prints, line by line, without the spaces around. */
export function lines(command: string): string[] {
  return sh(command)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
