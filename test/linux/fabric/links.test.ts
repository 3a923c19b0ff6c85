// Tunnels, links that stand on others, dummies and ifbs on the real kernel: made, read back, changed in place where the
// kernel can, made anew where it cannot with all that stood on them, and deleted.
import { beforeEach, describe, expect, it } from 'vitest';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { applyText, differencesOf, establish, told } from '../semantics/pass.ts';
import { needsKinds, switchFallbackTunnels } from './kinds.ts';

/** A file with the links of one namespace; `lower0` is a veth to stand on. */
const file = (links: string, routes = '[]'): string => `
name: kinds
netns:
  box:
    links:
      lower0: { kind: veth, peer: { name: lower1 }, addresses: [192.0.2.1/24] }
${links}
    routes: ${routes}
`;

/** Puts a name on a link that only this very link can bear. */
const brand = (dev: string): string => sh(`ip -n box link property add dev ${dev} altname branded`);
const isBranded = (dev: string): boolean => detailOf(dev).includes('altname branded');
const detailOf = (dev: string): string => sh(`ip -n box -d link show dev ${dev}`);

/** Applies a text, proves that a second apply finds nothing, and gives the first one's outcomes. */
function converged(text: string): string[] {
  const first = told(applyText(text, { pruneAll: true }).outcomes);
  expect(differencesOf(text)).toEqual([]);
  return first;
}

beforeEach(freshMachine);
beforeEach(requires('ip'));

describe('vxlan', () => {
  beforeEach(needsKinds('vxlan'));
  const vxlan = (words: string, more = ''): string =>
    file(`      vx0: { kind: vxlan, ${words}, addresses: [10.9.0.1/24]${more} }`);

  it('is made with all its settings, and its MTU leaves room for what it adds', () => {
    converged(vxlan('id: 42, port: 4790, local: 192.0.2.1, dev: lower0, learning: false'));
    expect(detailOf('vx0')).toMatch(
      /mtu 1450 .*vxlan id 42 local 192.0.2.1 dev lower0 .*dstport 4790 .*nolearning/s,
    );
  });

  it('changes its source, its device and its learning in place', () => {
    establish(vxlan('id: 42, local: 192.0.2.1, dev: lower0, learning: false'));
    brand('vx0');
    converged(vxlan('id: 42, local: 192.0.2.2, dev: lower1'));
    expect(isBranded('vx0')).toBe(true);
    expect(detailOf('vx0')).toMatch(/local 192.0.2.2 dev lower1/);
    converged(vxlan('id: 42, dev: lower1'));
    expect(isBranded('vx0')).toBe(true);
    converged(vxlan('id: 42'));
    expect(detailOf('vx0')).not.toMatch(/local|dev lower/);
  });

  it('is made anew for another id, with what stood on it', () => {
    const more =
      ', neighbours: [{ dst: 10.9.0.2, mac: "02:00:00:00:00:02" }], fdb: [{ mac: "02:00:00:00:00:02", dst: 192.0.2.2 }]';
    const routes = '[{ dst: 10.10.0.0/16, via: 10.9.0.2, dev: vx0 }]';
    const text = (id: number): string =>
      file(`      vx0: { kind: vxlan, id: ${id}, addresses: [10.9.0.1/24]${more} }`, routes);
    establish(text(1));
    sh('ip -n box route add 10.11.0.0/16 via 10.9.0.2 dev vx0 proto 99');
    brand('vx0');
    converged(text(2));
    expect(isBranded('vx0')).toBe(false);
    expect(sh('ip -n box route show proto 99')).toContain('10.11.0.0/16 via 10.9.0.2 dev vx0');
    expect(sh('ip -n box route show proto 169')).toContain('10.10.0.0/16 via 10.9.0.2 dev vx0');
  });

  it('goes through IPv6, beside one of the same id through IPv4', () => {
    converged(
      file(`      vx4: { kind: vxlan, id: 4096, local: 192.0.2.1 }
      vx6: { kind: vxlan, id: 4096, local: 2001:db8::1 }`),
    );
    expect(detailOf('vx6')).toContain('local 2001:db8::1');
  });

  it('has a forwarding entry’s remote replaced, not doubled', () => {
    const text = (dst: string): string =>
      vxlan('id: 42', `, fdb: [{ mac: "02:00:00:00:00:02", dst: ${dst} }]`);
    establish(text('192.0.2.2'));
    converged(text('192.0.2.3'));
    expect(sh('bridge -n box fdb show dev vx0')).toMatch(
      /^02:00:00:00:00:02 dst 192.0.2.3 self permanent\s*$/,
    );
  });

  it('goes when it leaves the file', () => {
    establish(vxlan('id: 42, dev: lower0'));
    expect(converged(file(''))).toContain('done extra box link vx0');
  });
});

describe('forwarding entries', () => {
  beforeEach(needsKinds('vxlan'));
  const text = (fdb: string): string =>
    file(`      vx0: { kind: vxlan, id: 42, local: 192.0.2.1, fdb: [${fdb}] }
      br0: { kind: bridge }
      port0: { kind: veth, peer: { name: port1 }, master: br0, fdb: [{ mac: "02:00:00:00:00:77" }] }`);
  const one = '{ mac: "02:00:00:00:00:02", dst: 192.0.2.2 }';
  const flood = '{ mac: "00:00:00:00:00:00", dst: 192.0.2.3 }, { mac: "00:00:00:00:00:00", dst: 192.0.2.4 }';

  it('are made on a vxlan and on a port, and the kernel’s own are left alone', () => {
    converged(text(`${one}, ${flood}`));
    const shown = sh('bridge -n box fdb show');
    expect(shown).toMatch(/02:00:00:00:00:02 dev vx0 dst 192.0.2.2 self permanent/);
    expect(shown.match(/00:00:00:00:00:00 dev vx0 dst/g)).toHaveLength(2);
    expect(shown).toMatch(/02:00:00:00:00:77 dev port0 master br0 static/);
  });

  it('are extra on a link of ours once they leave the file, and drift when they are lost', () => {
    establish(text(`${one}, ${flood}`));
    expect(converged(text(one))).toEqual([
      'done extra box fdb vx0 00:00:00:00:00:00 192.0.2.3',
      'done extra box fdb vx0 00:00:00:00:00:00 192.0.2.4',
    ]);
    sh('bridge -n box fdb del 02:00:00:00:00:02 dev vx0 dst 192.0.2.2 self');
    sh('bridge -n box fdb del 02:00:00:00:00:77 dev port0 master');
    expect(
      differencesOf(text(one)).map(({ class: its, kind, change }) => `${its} ${change} ${kind}`),
    ).toEqual(['drift missing fdb', 'drift missing fdb']);
  });
});

describe('vlan', () => {
  beforeEach(needsKinds('vlan'));

  it('stands on a link made in the same pass, and is made anew for another id', () => {
    const text = (id: number): string =>
      file(`      lower0.5: { kind: vlan, parent: lower0, id: ${id}, addresses: [10.5.0.1/24] }`);
    converged(text(5));
    expect(detailOf('lower0.5')).toContain('vlan protocol 802.1Q id 5');
    brand('lower0.5');
    converged(text(6));
    expect(isBranded('lower0.5')).toBe(false);
  });

  it('comes back with the link it stands on', () => {
    const text = (peer: string): string => `
name: kinds
netns:
  box:
    links:
      a0: { kind: veth, peer: { name: ${peer} } }
      a0.7: { kind: vlan, parent: a0, id: 7, addresses: [10.7.0.1/24] }
      a0.7.8: { kind: vlan, parent: a0.7, id: 8, addresses: [10.8.0.1/24] }
`;
    establish(text('b0'));
    const outcomes = converged(text('c0'));
    expect(outcomes.filter((line) => line.startsWith('done changed box link a0.'))).toHaveLength(2);
    expect(sh('ip -n box -br address show dev a0.7.8')).toContain('10.8.0.1/24');
  });
});

describe('macvlan', () => {
  beforeEach(needsKinds('macvlan'));

  it('changes its mode in place', () => {
    const text = (mode: string): string =>
      file(`      mac0: { kind: macvlan, parent: lower0, mode: ${mode}, addresses: [192.0.2.7/24] }`);
    converged(text('bridge'));
    expect(detailOf('mac0')).toContain('macvlan mode bridge');
    brand('mac0');
    converged(text('private'));
    expect(isBranded('mac0')).toBe(true);
    expect(detailOf('mac0')).toContain('macvlan mode private');
  });
});

describe('ipip', () => {
  beforeEach(needsKinds('ipip'));
  const text = (words: string): string =>
    file(`      tun1: { kind: ipip${words}, addresses: [10.9.0.1/32] }`);

  it('changes its ends and its TTL in place, and is made anew where it gets a far end', () => {
    converged(text(', local: 192.0.2.1, remote: 192.0.2.2, ttl: 64'));
    expect(detailOf('tun1')).toContain('ipip remote 192.0.2.2 local 192.0.2.1 ttl 64');
    brand('tun1');
    converged(text(', local: 192.0.2.1, remote: 192.0.2.3'));
    expect(isBranded('tun1')).toBe(true);
    converged(text(', local: 192.0.2.1'));
    expect(isBranded('tun1')).toBe(false);
  });
});

describe('tunl0', () => {
  beforeEach(needsKinds('ipip'));
  const used = file('      tunl0: { kind: ipip, mtu: 1400, addresses: [10.9.0.1/32] }');

  it('is taken where the kernel has made it, and given back as it was', (context) => {
    switchFallbackTunnels(context, 0);
    try {
      establish(file(''));
      expect(detailOf('tunl0')).toContain('ipip');
      brand('tunl0');
      converged(used);
      expect(isBranded('tunl0')).toBe(true);
      expect(converged(file(''))).toContain('done extra box link tunl0');
      expect(detailOf('tunl0')).toMatch(/<NOARP> mtu 1480 .*group default/s);
    } finally {
      switchFallbackTunnels(context, 2);
    }
  });

  it('is made where the kernel has not, and deleted again', (context) => {
    switchFallbackTunnels(context, 2);
    converged(used);
    converged(file(''));
    expect(() => detailOf('tunl0')).toThrow();
  });

  it('is a conflict where someone else uses it', (context) => {
    switchFallbackTunnels(context, 2);
    establish(file(''));
    sh('ip -n box link add name tunl0 type ipip && ip -n box link set dev tunl0 up');
    const own = used.replace('  box:\n', '  box:\n    manage: owned\n');
    const conflicts = differencesOf(own).filter(({ conflict }) => conflict);
    expect(conflicts.map(({ kind }) => kind)).toEqual(['link']);
  });
});

describe.each(['dummy', 'ifb'])('%s', (kind) => {
  beforeEach(needsKinds(kind));

  it('is made, holds addresses and goes', () => {
    converged(file(`      d0: { kind: ${kind}, mtu: 9000, addresses: [10.6.0.1/24] }`));
    expect(detailOf('d0')).toMatch(new RegExp(`mtu 9000 .*${kind}`, 's'));
    converged(file(''));
  });
});
