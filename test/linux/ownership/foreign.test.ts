// What others made in a namespace that was there before us: left alone where nobody asks for it, good enough where it
// is what the file asks for, and in conflict where it is not.
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from '../semantics/box.ts';
import { applyText, destroyName, differencesOf, establish, found, told } from '../semantics/pass.ts';

beforeEach(freshBox);

const withRoute = (rest: string): string => box(`routes:\n  - { dst: 10.9.0.0/16, ${rest} }`);

const routesOf = (netns: string): string[] =>
  lines(`ip -n ${netns} route show table all type unicast`).filter((line) => line.startsWith('10.9.'));

/** All of a namespace that others may have made, without what changes by itself. */
function stateOf(netns: string): string {
  const commands = [
    'link',
    'addr',
    '-4 route show table all',
    'neigh show nud permanent',
    'neigh show proxy',
  ];
  return commands
    .map((command) => sh(`ip -o -n ${netns} ${command}`))
    .join('')
    .replace(/(\\ +)?altname \S+| tentative| state \S+| <\S+>/g, '');
}

describe('foreign items that nobody asks for', () => {
  it('stay through an apply, another one and a destroy', () => {
    sh(`ip -n box link add name dumb type bridge; ip -n box link set dumb up
      ip -n box link add name br9 type bridge
      ip -n box addr add 10.1.0.1/24 dev dumb; ip -n box addr add 10.1.0.2/24 dev dumb
      ip -n box route add 10.9.0.0/16 via 10.1.0.9 dev dumb proto static
      ip -n box route add 10.9.1.0/24 via 10.1.0.9 dev dumb proto bird metric 20
      ip -n box route add 10.9.2.0/24 dev dumb table 100
      ip -n box neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev dumb nud permanent
      ip -n box neigh add proxy 10.1.0.8 dev dumb`);
    const before = stateOf('box');
    establish(box('routes:\n  - { dst: 10.9.3.0/24, dev: eth0, scope: link }'));
    establish(box('links: { eth0: { kind: existing, addresses: [10.2.0.1/24] } }'));
    expect(sh('ip -n box addr show dev eth0')).toContain('10.2.0.1/24');
    expect(destroyName('mine').outcomes.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect(stateOf('box')).toBe(before);
  });

  it('of IPv6 stay as well', () => {
    sh(`ip -n box addr add fd00::1/64 dev eth0 nodad
      ip -n box -6 route add fd09::/64 via fd00::9 dev eth0 proto static
      ip -n box -6 neigh add fd00::9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent`);
    const state = (): string =>
      sh(
        'ip -n box -6 route show proto static; ip -n box -6 neigh show nud permanent; ip -n box -6 addr show scope global',
      );
    const before = state();
    establish(
      box(
        'links: { eth0: { kind: existing, addresses: [fd00::5/64] } }\nroutes: [{ dst: fd0a::/64, via: fd00::9, dev: eth0 }]',
      ),
    );
    expect(sh('ip -n box -6 route show proto 169')).toContain('fd0a::/64');
    destroyName('mine');
    expect(state()).toBe(before);
  });
});

describe('a foreign item that already is what the file asks for', () => {
  it('of a route satisfies it, keeps its owner, and stays when it leaves the file', () => {
    sh('ip -n box route add 10.9.0.0/16 via 10.0.0.9 dev eth0 proto static');
    const { outcomes } = applyText(withRoute('via: 10.0.0.9, dev: eth0'));
    expect(told(outcomes)).toEqual([]); // nothing here is ours, so not even a claim
    expect(routesOf('box')).toEqual(['10.9.0.0/16 via 10.0.0.9 dev eth0 proto static']);
    expect(differencesOf(withRoute('via: 10.0.0.9, dev: eth0'))).toEqual([]);
    establish(box('{}'));
    expect(routesOf('box')).toEqual(['10.9.0.0/16 via 10.0.0.9 dev eth0 proto static']);
  });

  it('is in conflict, not ours to overwrite, once its owner or the file wants something else', () => {
    sh('ip -n box route add 10.9.0.0/16 via 10.0.0.9 dev eth0 proto static');
    establish(withRoute('via: 10.0.0.9, dev: eth0'));
    expect(found(differencesOf(withRoute('via: 10.0.0.8, dev: eth0')))).toEqual([
      'conflict changed box route 10.9.0.0/16',
    ]);
    sh('ip -n box route replace 10.9.0.0/16 via 10.0.0.7 dev eth0 proto static');
    const { outcomes } = applyText(withRoute('via: 10.0.0.9, dev: eth0'));
    expect(outcomes.map(({ outcome, difference }) => [outcome, difference.conflict])).toEqual([
      ['skipped', true],
    ]);
    expect(routesOf('box')).toEqual(['10.9.0.0/16 via 10.0.0.7 dev eth0 proto static']);
  });

  it('of an address, a neighbour or a link satisfies it likewise', () => {
    sh('ip -n box neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent');
    const links = `links:
  eth0:
    kind: veth
    peer: { name: eth1 }
    addresses: [10.0.0.1/24]
    neighbours: [{ dst: 10.0.0.9, mac: 02:00:00:00:00:09 }]`;
    const before = stateOf('box');
    expect(told(applyText(box(links)).outcomes)).toEqual([]);
    const other = box(
      links.replace('00:09', '00:10').replace('10.0.0.1/24', '{ address: 10.0.0.1/24, scope: link }'),
    );
    const differing = found(differencesOf(other.replace('name: eth1', 'name: eth2')));
    expect(differing.filter((line) => line.startsWith('conflict'))).toEqual([
      'conflict changed box link eth0',
      'conflict changed box address eth0 10.0.0.1/24',
      'conflict changed box neighbour eth0 10.0.0.9',
    ]);
    establish(box('{}'));
    expect(stateOf('box')).toBe(before);
  });
});

describe('a foreign item that stands, different, where the file wants something', () => {
  const wanted = box(`links:
  eth0:
    kind: existing
    addresses: [{ address: 10.0.0.1/24, scope: link }]
    neighbours: [{ dst: 10.0.0.9, mac: 02:00:00:00:00:10 }]
  sw: { kind: bridge, mtu: 1400 }
routes:
  - { dst: 10.9.0.0/16, via: 10.0.0.8, dev: eth0 }
  - { dst: 10.9.9.0/24, dev: eth0, scope: link }`);
  const conflicts = [
    'conflict changed box link sw',
    'conflict changed box address eth0 10.0.0.1/24',
    'conflict changed box neighbour eth0 10.0.0.9',
    'conflict changed box route 10.9.0.0/16',
  ];

  beforeEach(() => {
    sh(`ip -n box route add 10.9.0.0/16 via 10.0.0.9 dev eth0 proto static
      ip -n box neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent
      ip -n box link add name sw type bridge`);
  });

  it('is a conflict of its own, and pending', () => {
    const differences = differencesOf(wanted);
    expect(found(differences).filter((line) => line.startsWith('conflict'))).toEqual(conflicts);
    expect(new Set(differences.map((difference) => difference.class))).toEqual(new Set(['pending']));
  });

  it('is left as it is, at every apply, and the rest is done', () => {
    const before = stateOf('box');
    for (const _ of ['first', 'second']) {
      const skipped = applyText(wanted).outcomes.filter(({ outcome }) => outcome !== 'done');
      expect(skipped.map(({ difference }) => difference.kind)).toEqual([
        'link',
        'address',
        'neighbour',
        'route',
      ]);
      expect(skipped.every(({ outcome, difference }) => outcome === 'skipped' && difference.conflict)).toBe(
        true,
      );
    }
    expect(routesOf('box')).toContain('10.9.9.0/24 dev eth0 proto 169 scope link');
    sh('ip -n box route delete 10.9.9.0/24');
    expect(stateOf('box')).toBe(before);
  });

  it('is taken over by --adopt, which makes it ours', () => {
    const { outcomes } = applyText(wanted, { adopt: true });
    expect(told(outcomes).filter((line) => !line.startsWith('done'))).toEqual([]);
    expect(routesOf('box')).toContain('10.9.0.0/16 via 10.0.0.8 dev eth0 proto 169');
    expect(sh('ip -n box neigh show nud permanent')).toContain('02:00:00:00:00:10');
    expect(sh('ip -n box link show dev sw')).toContain('mtu 1400');
    expect(differencesOf(wanted)).toEqual([]);
    destroyName('mine');
    expect(routesOf('box')).toEqual([]);
    expect(sh('ip -n box -o link')).not.toContain('sw:');
  });

  it('is taken over alone where only the item says so', () => {
    const adopting = wanted.replace('via: 10.0.0.8, dev: eth0', 'via: 10.0.0.8, dev: eth0, adopt: true');
    const skipped = applyText(adopting).outcomes.filter(({ outcome }) => outcome !== 'done');
    expect(skipped.map(({ difference }) => difference.kind)).toEqual(['link', 'address', 'neighbour']);
    expect(routesOf('box')).toContain('10.9.0.0/16 via 10.0.0.8 dev eth0 proto 169');
  });

  it('is made anew under --adopt where it is of another kind, with what is ours on it', () => {
    const veth = box(`links:
  sw: { kind: veth, peer: { name: sw-far }, addresses: [10.3.0.1/24] }`);
    expect(found(differencesOf(veth))).toContain('conflict changed box link sw');
    const { outcomes } = applyText(veth, { adopt: true });
    expect(outcomes.every(({ outcome }) => outcome === 'done')).toBe(true);
    expect(sh('ip -n box -d link show dev sw')).toContain('veth');
    expect(sh('ip -n box addr show dev sw')).toContain('10.3.0.1/24');
    expect(differencesOf(veth)).toEqual([]);
  });
});
