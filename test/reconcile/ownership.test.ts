import { describe, expect, it } from 'vitest';
import { Ownership } from '../../src/reconcile/ownership.ts';
import { linkGroup } from '../../src/state/mark.ts';
import type { Claim, Manage, ObservedNamespace } from '../../src/state/network.ts';
import { desire, done } from './networks.ts';

const text = `name: mine
netns:
  box:
    links: { br0: { kind: bridge, addresses: [10.0.0.1/24], neighbours: [{ dst: 10.0.0.2, mac: 02:00:00:00:00:02 }] } }
    routes: [{ dst: 10.1.0.0/16, type: blackhole }]
`;
const box = done(desire(text)).namespaces.get('box')!;

function ownership(manage: Manage | null, rest: Partial<ObservedNamespace> = {}): Ownership {
  return new Ownership({ topology: 'mine', protocol: 169 }, { ...box, ...rest }, manage);
}

const route = (protocol: number) => ({ ...box.routes[0]!, protocol });
const address = (protocol: number, rest = {}) => ({ ...box.addresses[0]!, protocol, ...rest });
const neighbour = (protocol: number, rest = {}) => ({ ...box.neighbours[0]!, protocol, ...rest });
const link = (rest = {}) => ({ ...box.links.get('br0')!, group: 0, alias: '', ...rest });

describe('managing what is owned', () => {
  const owned = ownership('owned');

  it('takes for extra what bears our mark, and nothing else', () => {
    const protocols = [0, 1, 2, 3, 4, 12, 80, 169, 170];
    expect(protocols.filter((protocol) => owned.isExtraRoute(route(protocol)))).toEqual([169]);
    expect(protocols.filter((protocol) => owned.isExtraAddress(address(protocol)))).toEqual([169]);
    expect(protocols.filter((protocol) => owned.isExtraNeighbour(neighbour(protocol)))).toEqual([169]);
    expect(owned.isExtraLink(link())).toBe(false);
    expect(owned.isExtraLink(link({ group: linkGroup('mine') }))).toBe(true);
    expect(owned.isExtraLink(link({ group: linkGroup('other') }))).toBe(false);
  });
});

describe('managing in full', () => {
  const full = ownership('full');

  it('takes routes that were made by hand, and those of no daemon, no kernel and no router', () => {
    // boot, static; not redirect, kernel, ra, zebra, bird, dhcp, felix, bgp, ospf
    const protocols = [1, 2, 3, 4, 9, 11, 12, 16, 80, 186, 188];
    expect(protocols.filter((protocol) => full.isExtraRoute(route(protocol)))).toEqual([3, 4]);
  });

  it('takes permanent addresses, but not the kernel’s, leased ones and those of `lo`', () => {
    expect(full.isExtraAddress(address(0))).toBe(true);
    expect(full.isExtraAddress(address(0, { permanent: false }))).toBe(false);
    expect([1, 2, 3].filter((protocol) => full.isExtraAddress(address(protocol)))).toEqual([]);
    expect(full.isExtraAddress(address(0, { dev: 'lo' }))).toBe(false);
  });

  it('takes permanent neighbours and proxies, but not learnt ones', () => {
    expect(full.isExtraNeighbour(neighbour(0))).toBe(true);
    expect(full.isExtraNeighbour(neighbour(0, { permanent: false, proxy: true }))).toBe(true);
    expect(full.isExtraNeighbour(neighbour(0, { permanent: false }))).toBe(false);
  });

  it('takes virtual links, but no device, no tunnel that cannot be deleted and none of another topology', () => {
    expect(full.isExtraLink(link())).toBe(true);
    expect(full.isExtraLink(link({ kind: '' }))).toBe(false);
    expect(full.isExtraLink(link({ kind: 'ipip', name: 'tunl0' }))).toBe(false);
    expect(full.isExtraLink(link({ kind: 'ipip', name: 'tunl1' }))).toBe(true);
    expect(full.isExtraLink(link({ alias: 'calico-reconcile:other' }))).toBe(false);
  });

  it('leaves what bears the number of another topology that claims the namespace', () => {
    const claims: Claim[] = [{ protocol: 4, topology: 'other' }];
    const shared = ownership('full', { claims });
    expect(shared.isExtraRoute(route(4))).toBe(false);
    expect(shared.isExtraRoute(route(3))).toBe(true);
    expect(shared.isExtraAddress(address(4))).toBe(false);
    expect(shared.isExtraNeighbour(neighbour(4))).toBe(false);
  });
});

describe('an owner', () => {
  it('manages in full what it made, and else what it owns', () => {
    expect(ownership(null).manage).toBe('full');
    expect(ownership(null, { madeBy: null }).manage).toBe('owned');
    expect(ownership(null, { madeBy: 'other' }).manage).toBe('owned');
    expect(ownership('owned').manage).toBe('owned');
  });

  it('owns what it marked under a number that it claimed before, and tells it from its mark of today', () => {
    const renumbered = ownership('owned', { claims: [{ protocol: 99, topology: 'mine' }] });
    expect([99, 169, 170].filter((protocol) => renumbered.owns(route(protocol)))).toEqual([99, 169]);
    expect([99, 169].filter((protocol) => renumbered.marksNow(route(protocol)))).toEqual([169]);
  });

  it('refuses a number that another topology claimed', () => {
    expect(() => ownership('owned', { claims: [{ protocol: 169, topology: 'other' }] })).toThrowError(
      expect.objectContaining({ code: 'ownership', message: expect.stringContaining('other') }),
    );
  });
});
