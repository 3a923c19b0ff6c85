// The messages that carry settings of devices and namespaces: neighbour tables, netconf, namespace ids.
import { describe, expect, it } from 'vitest';
import { formatNamespaceIdQuery, parseNamespaceId } from '../../../src/kernel/codec/namespace-id.ts';
import {
  formatNeighbourTable,
  formatNeighbourTableDump,
  isNeighbourTableLeaf,
  parseNeighbourTable,
} from '../../../src/kernel/codec/neighbour-table.ts';
import { formatNetconfDump, parseNetconf } from '../../../src/kernel/codec/netconf.ts';
import {
  NLM_F_DUMP,
  RTM_GETNEIGHTBL,
  RTM_GETNETCONF,
  RTM_SETNEIGHTBL,
} from '../../../src/kernel/constants.ts';
import type { SysctlFamily } from '../../../src/state/sysctl.ts';
import { decode, messagesOf } from '../captured.ts';
import { asked, payload, written } from '../written.ts';

const NDTMSG = 4;
const nests = { '6': 0 };

describe('formatNeighbourTable', () => {
  it.each<[string, SysctlFamily, string, number]>([
    ['ip ntable change name arp_cache dev veth0 proxy_delay 0', 'ipv4', 'proxy_delay', 0],
    ['ip ntable change name ndisc_cache dev veth0 proxy_delay 80', 'ipv6', 'proxy_delay', 8],
    ['ip ntable change name arp_cache dev veth0 mcast_probes 5', 'ipv4', 'mcast_solicit', 5],
  ])('writes what iproute2 sends for `%s`, in units of /proc', (command, family, leaf, value) => {
    const theirs = asked(command, NDTMSG, nests);
    const ours = written(RTM_SETNEIGHTBL, 0, (writer) =>
      formatNeighbourTable(writer, family, 20, leaf, value),
    );
    // iproute2 names the family in the struct too, and writes the name without its NUL.
    expect(decode(ours, NDTMSG, nests).attributes).toEqual({
      ...theirs.attributes,
      1: `${String(theirs.attributes[1]).replace(/00$/, '')}00`,
    });
  });

  it('asks for both tables as iproute2 does', () => {
    const ours = written(RTM_GETNEIGHTBL, NLM_F_DUMP, formatNeighbourTableDump);
    expect(decode(ours, NDTMSG)).toEqual(asked('ip ntable show', NDTMSG));
  });
});

describe('parseNeighbourTable', () => {
  const tables = messagesOf('answers', 'ip ntable show dev veth0').map((message) =>
    parseNeighbourTable(message, 16, message.length),
  );

  it('reads the tables of a device, in units of /proc', () => {
    expect(tables.map((table) => [table?.family, table?.ifindex])).toEqual([
      ['ipv4', 20],
      ['ipv6', 20],
    ]);
    expect(Object.fromEntries(tables[0]!.values)).toEqual({
      base_reachable_time_ms: 30000,
      retrans_time_ms: 1000,
      gc_stale_time: 60,
      delay_first_probe_time: 5,
      app_solicit: 0,
      ucast_solicit: 3,
      mcast_solicit: 5,
      mcast_resolicit: 0,
      anycast_delay: 100,
      proxy_delay: 0,
      proxy_qlen: 64,
      locktime: 100,
    });
    expect(tables[1]!.values.get('proxy_delay')).toBe(8);
  });

  it('reads what the kernel rounded up to whole ticks as it was given', () => {
    const bytes = payload((writer) => formatNeighbourTable(writer, 'ipv4', 20, 'proxy_delay', 7));
    expect(bytes.readUInt32LE(bytes.length - 8)).toBe(70);
    bytes.writeUInt32LE(72, bytes.length - 8);
    expect(parseNeighbourTable(bytes, 0, bytes.length)?.values.get('proxy_delay')).toBe(7);
  });

  it('knows the same leaves that it reads', () => {
    expect([...tables[0]!.values.keys()].filter((leaf) => !isNeighbourTableLeaf(leaf))).toEqual([]);
    expect(isNeighbourTableLeaf('unres_qlen')).toBe(false);
  });
});

describe('netconf', () => {
  it('reads the settings of a device in both families', () => {
    const all = messagesOf('answers', 'ip netconf show dev veth0').map((message) =>
      parseNetconf(message, 16, message.length),
    );
    expect(all.map((one) => one && [one.family, one.ifindex, one.values.get('forwarding')])).toEqual([
      ['ipv4', 20, 1],
      ['ipv6', 20, 0],
    ]);
    expect(all[0]!.values.get('proxy_arp')).toBe(1);
    expect(all[1]!.values.get('proxy_ndp')).toBe(0);
  });

  it('asks as iproute2 does, for one family', () => {
    const ours = written(RTM_GETNETCONF, NLM_F_DUMP, (writer) => formatNetconfDump(writer, 'ipv4'));
    expect(decode(ours, 4)).toEqual({ ...asked('ip netconf show', 4), struct: '02000000' });
  });
});

describe('namespace ids', () => {
  it('reads each of a list', () => {
    const ids = messagesOf('answers', 'ip netns list-id').map((m) => parseNamespaceId(m, 16, m.length));
    expect(new Set(ids)).toEqual(new Set([0, 7]));
  });

  it('names a namespace as iproute2 does', () => {
    const theirs = asked('ip netns set ns1 7', 4);
    const ours = payload((writer) => formatNamespaceIdQuery(writer, 6));
    expect(theirs.attributes[3]).toBe(ours.toString('hex', 8));
    expect(ours.toString('hex', 0, 8)).toBe('0000000008000300');
  });

  it('has none where the kernel gives none', () => {
    expect(parseNamespaceId(Buffer.alloc(4), 0, 4)).toBe(-1);
  });
});
