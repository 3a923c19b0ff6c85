// The article's two hosts, line for line: what its author typed is what `ip` shows after one apply, plus our marks.
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Netns } from '../../../src/kernel/netns.ts';
import { readAddresses, readLinks } from '../../../src/kernel/observe.ts';
import { linkGroup } from '../../../src/state/mark.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine, hasProgram, requires, sh } from '../../sandbox/machine.ts';

const file = 'topologies/two-hosts.yaml';

function rows(command: string): string[] {
  return sh(command)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

interface LinkJson {
  readonly address: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly ifalias: string;
  readonly addr_info: readonly {
    readonly family: string;
    readonly local: string;
    readonly prefixlen: number;
    readonly scope: string;
  }[];
}

function link(netns: string, dev: string): LinkJson {
  return JSON.parse(sh(`ip -n ${netns} -d -j addr show dev ${dev}`))[0];
}

/** `192.168.1.32/24 global`, of every IPv4 address. */
function ipv4Of(netns: string, dev: string): string[] {
  return link(netns, dev)
    .addr_info.filter(({ family }) => family === 'inet')
    .map(({ local, prefixlen, scope }) => `${local}/${prefixlen} ${scope}`);
}

describe('two-hosts.yaml', () => {
  beforeEach(requires('ip'));
  beforeAll(async () => {
    freshMachine();
    expect(await run('apply', file)).toMatchObject({ status: 0, err: '' });
    // A route keeps the mark of a carrier that had yet to come a moment longer than its link does.
    if (hasProgram('ip'))
      await vi.waitFor(() => expect(sh('ip -n host0 route; ip -n host1 route')).not.toContain('linkdown'));
  });

  it('gives host0 the routes of the article', () => {
    expect(rows('ip -n host0 route')).toEqual([
      '10.20.1.2 dev veth0 proto 169 scope link',
      '10.20.1.3 via 192.168.1.16 dev ens192 proto 169',
      '169.254.1.1 dev ens192 proto 169 scope link',
      '192.168.1.0/24 dev ens192 proto kernel scope link src 192.168.1.32',
    ]);
  });

  it('gives host1 the routes of the article', () => {
    expect(rows('ip -n host1 route')).toEqual([
      '10.20.1.2 via 192.168.1.32 dev ens192 proto 169',
      '10.20.1.3 dev veth0 proto 169 scope link',
      '169.254.1.1 dev ens192 proto 169 scope link',
      '192.168.1.0/24 dev ens192 proto kernel scope link src 192.168.1.16',
    ]);
  });

  it.each([
    ['ns0', '10.20.1.2'],
    ['ns1', '10.20.1.3'],
  ])('gives %s its address and the way by 169.254.1.1', (netns, address) => {
    expect(rows(`ip -n ${netns} route`)).toEqual([
      'default via 169.254.1.1 dev eth0 proto 169',
      `10.20.1.0/24 dev eth0 proto kernel scope link src ${address}`,
      '169.254.1.1 dev eth0 proto 169 scope link',
    ]);
    expect(ipv4Of(netns, 'eth0')).toEqual([`${address}/24 global`]);
    expect(rows(`ip -n ${netns} neigh show nud permanent`)).toEqual([]);
  });

  it.each([
    ['host0', '192.168.1.32'],
    ['host1', '192.168.1.16'],
  ])('gives %s its uplink, and no address on the veth', (netns, address) => {
    expect(ipv4Of(netns, 'ens192')).toEqual([`${address}/24 global`]);
    expect(ipv4Of(netns, 'veth0')).toEqual([]);
  });

  it.each(['host0', 'host1'])("makes %s's veth as Calico has it", (netns) => {
    const veth = link(netns, 'veth0');
    expect(veth).toMatchObject({
      address: 'ee:ee:ee:ee:ee:ee',
      mtu: 1500,
      ifalias: 'calico-reconcile:two-hosts',
    });
    expect(veth.flags).toEqual(expect.arrayContaining(['UP', 'LOWER_UP']));
  });

  it.each([
    ['net.ipv4.conf.veth0.proxy_arp', '1'],
    ['net.ipv4.conf.veth0.forwarding', '1'],
    ['net.ipv4.neigh.veth0.proxy_delay', '0'],
    ['net.ipv4.conf.ens192.proxy_arp', '0'],
    ['net.ipv4.ip_forward', '1'],
  ])('leaves host0 with %s = %s', (key, value) => {
    const path = key.replaceAll('.', '/');
    expect(rows(`ip netns exec host0 cat /proc/sys/${path}`)).toEqual([value]);
  });

  it('marks its links and addresses, and only them', () => {
    const host0 = Netns.open('host0')!;
    const links = readLinks(host0);
    const nameOf = (ifindex: number): string | null =>
      links.find((one) => one.ifindex === ifindex)?.name ?? null;
    const addresses = readAddresses(host0, nameOf).filter(({ address }) => typeof address === 'number');
    host0.close();
    expect(links.map(({ name, group }) => [name, group])).toEqual([
      ['lo', 0],
      ['ens192', linkGroup('two-hosts')],
      ['veth0', linkGroup('two-hosts')],
    ]);
    expect(addresses.map(({ dev, protocol }) => [dev, protocol])).toEqual([
      ['lo', 0],
      ['ens192', 169],
    ]);
  });
});
