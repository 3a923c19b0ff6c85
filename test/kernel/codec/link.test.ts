import { describe, expect, it } from 'vitest';
import { formatAltname } from '../../../src/kernel/codec/altname.ts';
import {
  formatLinkChange,
  formatNewLink,
  type LinkChange,
  type LinkMessage,
  parseLink,
} from '../../../src/kernel/codec/link.ts';
import {
  NLM_F_CREATE,
  NLM_F_EXCL,
  RTM_DELLINKPROP,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
} from '../../../src/kernel/constants.ts';
import type { DesiredLink } from '../../../src/state/link.ts';
import { NOWHERE } from '../../../src/state/place.ts';
import { type Attributes, type Decoded, decode, messagesOf } from '../captured.ts';
import { asked, payload, written } from '../written.ts';

const IFINFOMSG = 16;
const NLM_F_APPEND = 0x800;
/** IFLA_LINKINFO, IFLA_INFO_DATA, VETH_INFO_PEER behind its own struct ifinfomsg; IFLA_PROP_LIST. */
const nests = { '18': 0, '18.2': 0, '18.2.1': IFINFOMSG, '52': 0 };
const bridgeNests = { '18': 0, '18.2': 0 };

function link(name: string, spec: DesiredLink['spec'], rest: Partial<DesiredLink> = {}): DesiredLink {
  const none = { up: false, mtu: null, mac: null, master: null, adopt: false, source: NOWHERE };
  return { name, spec, ...none, ...rest };
}

const birth = { group: 5, peer: null, lower: 0, up: true };

/** iproute2 leaves out the NUL after a link's kind, which the kernel takes either way. */
function withoutNul(decoded: Decoded): Decoded {
  const info = decoded.attributes[18] as Attributes;
  const kind = String(info[1]).replace(/00$/, '');
  return { ...decoded, attributes: { ...decoded.attributes, 18: { ...info, 1: kind } } };
}

describe('formatNewLink', () => {
  it('writes what iproute2 sends for a veth with both ends born in place', () => {
    const command =
      'ip link add name veth0 index 20 mtu 8980 address ee:ee:ee:ee:ee:ee group 1234567890 type veth peer name eth0 netns ns0 mtu 8980 group 1234567890';
    const near = link(
      'veth0',
      { kind: 'veth', peer: { netns: 'ns0', name: 'eth0' } },
      { mtu: 8980, mac: 'ee:ee:ee:ee:ee:ee' },
    );
    const far = link('eth0', { kind: 'veth', peer: { netns: 'self', name: 'veth0' } }, { mtu: 8980 });
    const ours = written(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (writer) =>
      formatNewLink(
        writer,
        { link: near, ifindex: 20 },
        { ...birth, group: 1234567890, peer: { link: far, ifindex: 0, netnsFd: 4 } },
      ),
    );
    expect(withoutNul(decode(ours, IFINFOMSG, nests))).toEqual(asked(command, IFINFOMSG, nests));
  });

  it('brings the near end up in the same message, and never the far one', () => {
    const spec = { kind: 'veth', peer: { netns: 'ns0', name: 'eth0' } } as const;
    const peer = { link: link('eth0', spec, { up: true }), ifindex: 0, netnsFd: 4 };
    const ours = written(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (writer) =>
      formatNewLink(writer, { link: link('veth0', spec, { up: true }), ifindex: 0 }, { ...birth, peer }),
    );
    const { struct, attributes } = decode(ours, IFINFOMSG, nests);
    expect(struct).toBe('00000000000000000100000001000000');
    expect(attributes).toMatchObject({ 27: '05000000', 18: { 2: { 1: { 0: '00'.repeat(IFINFOMSG) } } } });
  });

  it('writes what iproute2 sends for a bridge with its own settings, and the group', () => {
    const spec = { kind: 'bridge', stp: true, vlanFiltering: false } as const;
    const theirs = asked('ip link add name br1 type bridge stp_state 1', IFINFOMSG, bridgeNests);
    const ours = written(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (writer) =>
      formatNewLink(writer, { link: link('br1', spec), ifindex: 0 }, birth),
    );
    expect(withoutNul(decode(ours, IFINFOMSG, bridgeNests))).toEqual({
      ...theirs,
      attributes: { ...theirs.attributes, 27: '05000000' },
    });
  });
});

describe('formatLinkChange', () => {
  it.each<[string, LinkChange]>([
    ['ip link set dev veth0 up', { up: true }],
    ['ip link set dev veth0 down', { up: false }],
    ['ip link set dev veth0 mtu 1400', { mtu: 1400 }],
    ['ip link set dev veth0 address 02:00:00:00:00:20', { mac: '02:00:00:00:00:20' }],
    ['ip link set dev veth0 master br0', { master: 4 }],
    ['ip link set dev veth0 nomaster', { master: 0 }],
    ['ip link set dev veth0 group 1234567890', { group: 1234567890 }],
  ])('writes what iproute2 sends for `%s`', (command, change) => {
    const ours = written(RTM_NEWLINK, 0, (writer) => formatLinkChange(writer, 20, change));
    expect(decode(ours, IFINFOMSG)).toEqual(asked(command, IFINFOMSG));
  });

  it('writes an alias as iproute2 does, and the NUL behind it', () => {
    const alias = 'calico-reconcile:two-hosts';
    const theirs = asked(`ip link set dev veth0 alias ${alias}`, IFINFOMSG);
    const ours = decode(
      written(RTM_NEWLINK, 0, (writer) => formatLinkChange(writer, 20, { alias })),
      IFINFOMSG,
    );
    expect(ours).toEqual({ ...theirs, attributes: { 20: `${theirs.attributes[20]}00` } });
  });

  it('writes a value of net.ipv4.conf as IFLA_AF_SPEC{AF_INET{IFLA_INET_CONF}}', () => {
    const ours = written(RTM_NEWLINK, 0, (writer) =>
      formatLinkChange(writer, 20, { ipv4Conf: new Map([[3, 1]]) }),
    );
    expect(decode(ours, IFINFOMSG, { '26': 0, '26.2': 0, '26.2.1': 0 }).attributes).toEqual({
      26: { 2: { 1: { 3: '01000000' } } },
    });
  });

  it('says nothing of what stays as it is', () => {
    expect(payload((writer) => formatLinkChange(writer, 20, {})).toString('hex')).toBe(
      '00000000140000000000000000000000',
    );
  });
});

describe('formatAltname', () => {
  const altname = 'calico-reconcile.169.two-hosts';

  it('writes what iproute2 sends to add and to delete one', () => {
    const format = (type: number, flags: number) =>
      decode(
        written(type, flags, (writer) => formatAltname(writer, 1, altname)),
        IFINFOMSG,
        nests,
      );
    const add = asked(`ip link property add dev lo altname ${altname}`, IFINFOMSG, nests);
    const del = asked(`ip link property del dev lo altname ${altname}`, IFINFOMSG, nests);
    expect(format(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL)).toEqual({
      ...add,
      flags: add.flags & ~NLM_F_APPEND,
    });
    expect(format(RTM_DELLINKPROP, 0)).toEqual(del);
  });
});

function parsed(command: string): LinkMessage {
  const message = messagesOf('answers', command)[0]!;
  return parseLink(message, 16, message.length);
}

describe('parseLink', () => {
  it('reads a veth that is a port of a bridge, with its marks', () => {
    expect({ ...parsed('ip link show dev veth0'), ipv4Conf: null, ipv6Conf: null }).toEqual({
      name: 'veth0',
      ifindex: 20,
      kind: 'veth',
      type: 1,
      up: true,
      carrier: true,
      running: true,
      mtu: 1400,
      mac: '02:00:00:00:00:20',
      master: 4,
      lower: 2,
      lowerNsid: 0,
      group: 1234567890,
      alias: 'calico-reconcile:two-hosts',
      altnames: ['other'],
      bridge: null,
      settings: null,
      ipv4Conf: null,
      ipv6Conf: null,
    });
  });

  it('reads the devconf arrays', () => {
    const { ipv4Conf, ipv6Conf } = parsed('ip link show dev veth0');
    expect([ipv4Conf![0], ipv4Conf![2]]).toEqual([1, 1]); // forwarding, proxy_arp
    expect(ipv6Conf![27]).toBe(1); // accept_dad
  });

  it('reads the settings of a bridge', () => {
    expect(parsed('ip link show dev br1')).toMatchObject({
      kind: 'bridge',
      bridge: { stp: true, vlanFiltering: false },
      up: false,
    });
  });

  it('reads a loopback, which has no kind and no lower device', () => {
    expect(parsed('ip -n ns0 link show dev lo')).toMatchObject({
      name: 'lo',
      kind: '',
      type: 772,
      lower: 0,
      lowerNsid: -1,
      master: 0,
      mac: '00:00:00:00:00:00',
    });
  });
});
