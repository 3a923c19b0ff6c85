// One failure costs one item: what does not depend on it goes through, and the report names the item, the kernel's words
// and the place in the file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../commands/run-program.ts';
import { sh, skipForKernel } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from './box.ts';
import { applyText, differencesOf, establish, found, told } from './pass.ts';

let directory: string;
let file: string;

beforeEach((context) => {
  freshBox(context);
  directory = mkdtempSync(join(tmpdir(), 'failure-'));
  file = join(directory, 'topology.yaml');
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Things that the kernel refuses, and of each kind one that it takes. */
const text = box(`links:
  br0: { kind: bridge, addresses: [10.1.0.1/24] }
  v0: { kind: veth, peer: { name: v1 }, mac: 02:00:00:00:00:01, addresses: [10.2.0.1/24] }
  lo: { master: br0, addresses: [10.3.0.1/32] }
  nowhere: { kind: existing, addresses: [10.4.0.1/24] }
routes:
  - { dst: 10.9.0.0/16, via: 172.16.0.1, dev: br0 }
  - { dst: 10.8.0.0/16, via: 10.1.0.9, dev: br0 }
  - { dst: 10.7.0.0/16, dev: nowhere }
sysctls: { net.ipv4.no_such_thing: 1, net.ipv4.ip_default_ttl: 65, net.ipv4.ip_forward: lots }`);

describe('an apply of which the kernel refuses parts', () => {
  it('does all the rest', async () => {
    writeFileSync(file, text);
    expect((await run('apply', file)).status).toBe(1);
    expect(lines('ip -n box -4 -br addr show dev br0')).toEqual([expect.stringContaining('10.1.0.1/24')]);
    expect(lines('ip -n box -4 -br addr show dev lo')).toEqual([expect.stringContaining('10.3.0.1/32')]);
    expect(lines('ip -n box route show proto 169')).toEqual(['10.8.0.0/16 via 10.1.0.9 dev br0']);
    expect(lines('ip netns exec box cat /proc/sys/net/ipv4/ip_default_ttl')).toEqual(['65']);
  });

  it('names each item, in words of the kernel where it has any', () => {
    const undone = applyText(text).outcomes.filter(({ outcome }) => outcome !== 'done');
    expect(told(undone).sort()).toMatchInlineSnapshot(`
      [
        "failed changed box link lo: link set: invalid argument (EINVAL)",
        "failed changed box sysctl net.ipv4.ip_forward: sysctl: invalid argument (EINVAL)",
        "failed missing box route 10.9.0.0/16: Nexthop has invalid gateway (ENETUNREACH)",
        "failed missing box sysctl net.ipv4.no_such_thing: this kernel or namespace has no such sysctl (ENOENT)",
        "skipped missing box address nowhere 10.4.0.1/24: link nowhere does not exist",
        "skipped missing box link nowhere: link nowhere does not exist; it is waited for, never made",
        "skipped missing box route 10.7.0.0/16: link nowhere does not exist",
      ]
    `);
  });

  it('says where in the file each stands', async () => {
    writeFileSync(file, text);
    const { out } = await run('apply', '--format', 'json', file);
    const undone = (
      JSON.parse(out).differences as {
        key: string;
        outcome: string;
        source: { file: string; line: number; column: number };
      }[]
    ).filter(({ outcome }) => outcome !== 'done');
    const rows = text.split('\n');
    const places = undone.map(({ key, source }) => {
      return `${key}: ${source.file === file ? rows[source.line - 1]?.slice(source.column - 1) : source.file}`;
    });
    expect(places).toMatchInlineSnapshot(`
      [
        "net.ipv4.ip_forward: lots }",
        "net.ipv4.no_such_thing: 1, net.ipv4.ip_default_ttl: 65, net.ipv4.ip_forward: lots }",
        "nowhere: { kind: existing, addresses: [10.4.0.1/24] }",
        "lo: { master: br0, addresses: [10.3.0.1/32] }",
        "nowhere 10.4.0.1/24: 10.4.0.1/24] }",
        "10.7.0.0/16: { dst: 10.7.0.0/16, dev: nowhere }",
        "10.9.0.0/16: { dst: 10.9.0.0/16, via: 172.16.0.1, dev: br0 }",
      ]
    `);
  });

  it('puts the place behind the kernel’s words', async () => {
    writeFileSync(file, text);
    const { out } = await run('apply', file);
    const route = out.split('\n').findIndex((line) => line.includes('10.9.0.0/16'));
    expect(out.split('\n')[route + 1]).toBe(
      `    failed: Nexthop has invalid gateway (ENETUNREACH) (${file}:${text.split('\n').findIndex((line) => line.includes('10.9.0.0/16')) + 1}:9)`,
    );
    expect(out.split('\n').at(-2)).toMatch(
      /^mine: \d+ items in sync, .* created.*; \d+ failed, \d+ skipped$/,
    );
  });

  it('has the same to say the next time, and nothing more to do', () => {
    const first = applyText(text).outcomes.filter(({ outcome }) => outcome !== 'done');
    const second = applyText(text).outcomes;
    expect(told(second).sort()).toEqual(told(first).sort());
    expect(found(differencesOf(text)).every((line) => line.startsWith('pending'))).toBe(true);
  });

  it('is whole once what stood in the way is gone', () => {
    applyText(text);
    sh('ip -n box link add name nowhere type bridge; ip -n box link set nowhere up');
    const right = text
      .replace('lo: { master: br0, ', 'lo: { up: true, ')
      .replace('172.16.0.1', '10.1.0.8')
      .replace('net.ipv4.no_such_thing: 1, ', '')
      .replace('lots', '1');
    establish(right);
    expect(differencesOf(right)).toEqual([]);
  });
});

describe('of several settings of one link', () => {
  it('the refused one costs no other', () => {
    const bridge = (rest: string): string =>
      box(`links: { eth1: { kind: existing }, v0: { kind: veth, peer: { name: v1 }${rest} } }`);
    establish(bridge(''));
    const { outcomes } = applyText(bridge(', master: eth1, mtu: 1400, proxyArp: true, rpFilter: 2'));
    expect(told(outcomes)).toEqual([
      expect.stringMatching(/^failed changed box link v0: /),
      'done changed box sysctl net.ipv4.conf.v0.proxy_arp',
      'done changed box sysctl net.ipv4.conf.v0.rp_filter',
    ]);
    expect(lines('ip netns exec box cat /proc/sys/net/ipv4/conf/v0/proxy_arp')).toEqual(['1']);
    expect(sh('ip -n box link show dev v0')).toContain('mtu 1400');
  });

  it('an MTU that the device refuses costs only itself', (context) => {
    try {
      sh('ip -n box tuntap add name tap0 mode tap'); // takes 65521 bytes at most, and a file takes 65535
    } catch {
      skipForKernel(context, 'it has no TAP devices to open');
    }
    const { outcomes } = applyText(
      box('links: { tap0: { kind: existing, mtu: 65535, up: true, addresses: [10.6.0.1/24] } }'),
    );
    expect(told(outcomes)).toEqual([
      'done changed box netns box',
      'failed changed box link tap0: mtu greater than device maximum (EINVAL)',
      'done missing box address tap0 10.6.0.1/24',
    ]);
    expect(sh('ip -n box link show dev tap0')).toContain(',UP');
  });
});

describe('a namespace that cannot be entered', () => {
  it('costs what is in it', () => {
    sh('ip netns add b; umount /run/netns/b'); // what is left of a namespace whose mount was lost
    const two = `${box('routes: [{ dst: 10.9.0.0/16, type: blackhole }]')}  b: { routes: [{ dst: 10.9.0.0/16, type: blackhole }] }\n`;
    establish(two);
    expect(lines('ip -n b route show type blackhole')).toHaveLength(1);
    expect(differencesOf(two)).toEqual([]);
  });
});
