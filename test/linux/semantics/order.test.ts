// Ordered by need: what others depend on comes first, settings that must precede `up` precede it, removal goes the other
// way round, and what one step rewrites behind another is written again.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Step } from '../../../src/reconcile/plan.ts';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines, topologyOf } from './box.ts';
import { eventsDuring } from './event-log.ts';
import { applyText, destroyName, differencesOf, establish, told } from './pass.ts';

const sysctl = (netns: string, key: string): string =>
  lines(`ip netns exec ${netns} cat /proc/sys/net/${key.replaceAll('.', '/')}`).join();

/** The kinds of the steps in the order they are told, each once where it repeats; routes by what they need. */
function kindsOf(text: string): string[] {
  const kinds: string[] = [];
  const kindOf = ({ difference }: Step): string => {
    if (difference.kind === 'sysctl') {
      return (difference.desired ?? difference.observed)!.key.includes('.v0.') ? 'link sysctl' : 'sysctl';
    }
    if (difference.kind !== 'route') return difference.kind;
    const { via, nexthops } = (difference.desired ?? difference.observed)!;
    return via === null && nexthops === null ? 'route' : 'route via';
  };
  const { outcomes } = applyText(text, {
    pruneAll: true,
    onStep: (step) => {
      if (kinds.at(-1) !== kindOf(step)) kinds.push(kindOf(step));
    },
  });
  expect(told(outcomes).filter((line) => !line.startsWith('done'))).toEqual([]);
  return kinds;
}

/** Everything in the order in which it cannot be made. */
const backwards = `routes:
  - { dst: default, via: 10.3.0.1, dev: v0 }
  - { dst: 10.9.0.0/16, nexthops: [{ via: 10.1.0.9, weight: 2 }, { via: 10.3.0.1 }] }
  - { dst: 10.3.0.1/32, dev: v0, scope: link }
links:
  v0:
    kind: veth
    master: br0
    peer: { name: v1 }
    proxyArp: true
    neighbours: [{ dst: 10.3.0.1, mac: 02:00:00:00:00:03 }]
    addresses: [10.1.0.1/24]
  v1: { kind: veth, peer: { name: v0 }, master: br1 }
  br1: { kind: bridge }
  br0: { kind: bridge }
sysctls: { net.ipv4.ip_forward: 1 }`;

beforeEach(freshBox);

describe('in one apply, whatever the order of the file', () => {
  it('makes what others need first', () => {
    expect(kindsOf(topologyOf('made', backwards))).toEqual([
      'netns',
      'sysctl',
      'link',
      'link sysctl',
      'address',
      'neighbour',
      'route',
      'route via',
    ]);
    expect(differencesOf(topologyOf('made', backwards))).toEqual([]);
  });

  it('removes in the reverse order', () => {
    establish(box(backwards));
    const without = box('links: { eth0: { kind: existing } }\nsysctls: { net.ipv4.ip_forward: 1 }');
    expect(kindsOf(without)).toEqual(['route via', 'route', 'neighbour', 'address', 'link']);
  });

  it('gives new links what their namespace’s defaults say', () => {
    const text = topologyOf(
      'made',
      'links: { br0: { kind: bridge } }\nsysctls: { net.ipv4.conf.default.rp_filter: 2 }',
    );
    establish(text);
    expect(sysctl('made', 'ipv4.conf.br0.rp_filter')).toBe('2');
    expect(differencesOf(text)).toEqual([]);
  });
});

describe('switching ip_forward', () => {
  const forwarding = (all: 0 | 1, link: boolean): string => `links:
  v0: { kind: veth, peer: { name: v1 }, forwarding: ${link} }
  v1: { kind: veth, peer: { name: v0 } }
sysctls: { net.ipv4.ip_forward: ${all} }`;

  it.each(['made', 'box'])('keeps what the file says of a link, in %s', (netns) => {
    for (const [all, link] of [
      [1, false],
      [0, true],
      [1, false],
    ] as const) {
      const text = topologyOf(netns, forwarding(all, link));
      establish(text);
      expect(sysctl(netns, 'ipv4.ip_forward')).toBe(String(all));
      expect(sysctl(netns, 'ipv4.conf.v0.forwarding')).toBe(link ? '1' : '0');
      expect(sysctl(netns, 'ipv4.conf.v1.forwarding')).toBe(String(all));
      expect(differencesOf(text)).toEqual([]);
    }
  });

  it('back to a fresh value keeps it too', () => {
    establish(topologyOf('made', forwarding(1, true)));
    const without = topologyOf('made', forwarding(1, true).replace(/sysctls.*/, ''));
    establish(without);
    expect(sysctl('made', 'ipv4.ip_forward')).toBe('0');
    expect(sysctl('made', 'ipv4.conf.v0.forwarding')).toBe('1');
    expect(differencesOf(without)).toEqual([]);
  });

  it('writes again what it rewrote on a link of others that the file has a say in', () => {
    const text = (all: 0 | 1): string =>
      box(`links: { eth0: { kind: existing, forwarding: true } }\nsysctls: { net.ipv4.ip_forward: ${all} }`);
    establish(text(1), text(0));
    expect(sysctl('box', 'ipv4.conf.eth0.forwarding')).toBe('1');
    expect(sysctl('box', 'ipv4.conf.eth1.forwarding')).toBe('0');
  });
});

describe('IPv6 settings that must come before `up`', () => {
  const pair = (near: string, far: string): string =>
    `links:
  v0: { kind: veth, peer: { netns: made, name: v1 }, ${near} }
`.concat(far);
  /** A box that is ours to write in already, so that a far namespace still to be made is worked in first. */
  const settled = 'links: { eth0: { kind: existing, addresses: [10.2.0.1/24] } }';
  const withMade = `${box(settled)}  made: { routes: [{ dst: 10.0.0.0/8, type: blackhole }] }\n`;
  const withPair = (near: string, far: string): string =>
    box(`${pair(near, '').trimEnd()}\n  eth0: { kind: existing, addresses: [10.2.0.1/24] }`).concat(
      `  made:\n    links: { v1: { ${far} } }\n`,
    );

  it.each([
    ['the near end', 'box', 'v0', withPair('sysctls: { ipv6: { disable_ipv6: 1 } }', 'up: true')],
    ['the far end', 'made', 'v1', withPair('up: true', 'sysctls: { ipv6: { disable_ipv6: 1 } }')],
  ])('disable_ipv6 lets no link-local address come up on %s', async (_, netns, dev, text) => {
    establish(box(settled));
    if (netns === 'made') establish(withMade);
    const events = await eventsDuring(netns, () => establish(text));
    expect(events.filter((line) => line.includes(dev) && line.includes('inet6'))).toEqual([]);
    expect(lines(`ip -n ${netns} -6 addr show dev ${dev}`)).toEqual([]);
  });

  it.each([
    ['the near end', 'box', 'v0', withPair('sysctls: { ipv6: { accept_dad: 0 } }', 'up: true')],
    ['the far end', 'made', 'v1', withPair('up: true', 'sysctls: { ipv6: { accept_dad: 0 } }')],
  ])('accept_dad=0 lets no address of %s be tentative', async (_, netns, dev, text) => {
    establish(box(settled));
    if (netns === 'made') establish(withMade);
    const events = await eventsDuring(netns, () => {
      establish(text);
      // The kernel makes the address when it has looked at the carrier, a moment later.
      sh(`until ip -n ${netns} -6 address show dev ${dev} | grep -q fe80; do sleep 0.01; done`);
    });
    const announced = events.filter((line) => line.includes(` ${dev} `) && line.includes('inet6 fe80'));
    expect(announced.length).toBeGreaterThan(0);
    expect(announced.filter((line) => line.includes('tentative'))).toEqual([]);
  });
});

describe('a destroy', () => {
  it('takes our items out of the box in the reverse order, and leaves no trace', () => {
    const before = [sh('ip -n box -o link'), sh('ip -n box route'), sh('ip -n box neigh show nud permanent')];
    establish(box(backwards));
    const { outcomes } = destroyName('mine');
    expect(told(outcomes).filter((line) => !line.startsWith('done'))).toEqual([]);
    const after = [sh('ip -n box -o link'), sh('ip -n box route'), sh('ip -n box neigh show nud permanent')];
    expect(after).toEqual(before);
  });
});
