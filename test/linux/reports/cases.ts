// One thing wrong at a time: each kind of item, missing, changed or extra, by an edit of the file (pending) or behind
// the tool's back (drift). A case says what was applied, and what was done after; then the same file is compared.

export interface Case {
  /** `KIND CHANGE CLASS`, and what is particular about it. */
  readonly title: string;
  /** What is compared, where it is not the lab. */
  readonly file?: string;
  /** What was applied before, where it is not the file itself. */
  readonly applied?: string;
  /** Done to the kernel after the apply. */
  readonly commands?: string;
  readonly status: 2 | 3;
}

/** What is compared: one of each kind but forwarding entries. */
export const lab = `name: lab
netns:
  a:
    links:
      lo: { up: true }
      br0: { kind: bridge, mac: 02:00:00:00:00:01 }
      eth0:
        kind: veth
        peer: { netns: b, name: eth0 }
        mac: 02:00:00:00:00:0a
        addresses: [10.0.0.1/24, 10.0.1.1/24]
        neighbours: [{ dst: 10.0.0.9, mac: 02:00:00:00:00:09 }]
        proxyArp: true
    routes:
      - { dst: 10.1.0.0/16, via: 10.0.0.2, dev: eth0 }
      - { dst: 10.2.0.0/16, type: blackhole }
    sysctls: { net.ipv4.ip_forward: 1 }
  b:
    links:
      eth0: { mac: 02:00:00:00:00:0b, addresses: [10.0.0.2/24] }
  c:
    links:
      lo: { up: true }
`;

function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the lab has no ${from}`);
    return text.replace(from, to);
  }, lab);
}

const entry = '{ mac: 02:00:00:00:00:30, dst: 10.0.0.2 }';

function tunnelled(...entries: readonly string[]): string {
  const link = `vx0: { kind: vxlan, id: 7, local: 10.0.0.1, mac: 02:00:00:00:00:0c, fdb: [${entries.join(', ')}] }`;
  return edited(['      br0:', `      ${link}\n      br0:`]);
}

export const cases: readonly Case[] = [
  {
    title: 'netns missing pending',
    applied: edited(['  c:\n    links:\n      lo: { up: true }\n', '']),
    status: 2,
  },
  { title: 'netns missing drift', commands: 'ip netns del c', status: 3 },
  {
    title: 'netns missing drift, and the veth into it',
    // The kernel takes the far end along a moment later.
    commands: 'ip netns del b; while ip -n a link show dev eth0 >/dev/null 2>&1; do sleep 0.01; done',
    status: 3,
  },
  {
    title: 'netns changed pending',
    applied: edited(['name: lab\n', 'name: lab\nownership: { protocol: 170 }\n']),
    status: 2,
  },
  {
    title: 'netns changed drift',
    commands: 'ip -n c link property del dev lo altname calico-reconcile.169.lab',
    status: 3,
  },
  { title: 'netns extra pending', applied: `${lab}  d:\n    links: { lo: { up: true } }\n`, status: 2 },
  {
    title: 'netns extra drift',
    commands: 'ip netns add d; ip -n d link set dev lo alias calico-reconcile:lab',
    status: 3,
  },

  {
    title: 'link missing pending',
    applied: edited(['      br0: { kind: bridge, mac: 02:00:00:00:00:01 }\n', '']),
    status: 2,
  },
  { title: 'link missing drift', commands: 'ip -n a link del dev br0', status: 3 },
  {
    title: 'link changed pending',
    applied: edited(['{ kind: bridge, mac', '{ kind: bridge, mtu: 1400, mac']),
    status: 2,
  },
  { title: 'link changed drift', commands: 'ip -n a link set dev br0 down mtu 1400', status: 3 },
  {
    title: 'link changed drift, into another kind',
    commands:
      'ip -n a link del dev br0; ip -n a link add name br0 address 02:00:00:00:00:01 type veth peer name other address 02:00:00:00:00:02',
    status: 3,
  },
  {
    title: 'link extra pending',
    applied: edited([
      '      br0:',
      '      br1: { kind: bridge, mac: 02:00:00:00:00:02, up: false }\n      br0:',
    ]),
    status: 2,
  },
  {
    title: 'link extra drift',
    commands: 'ip -n a link add name br1 address 02:00:00:00:00:02 type bridge',
    status: 3,
  },

  { title: 'address missing pending', applied: edited([', 10.0.1.1/24', '']), status: 2 },
  { title: 'address missing drift', commands: 'ip -n a address del 10.0.1.1/24 dev eth0', status: 3 },
  {
    title: 'address changed pending',
    applied: edited(['10.0.1.1/24', '{ address: 10.0.1.1/24, scope: link }']),
    status: 2,
  },
  {
    title: 'address changed drift',
    commands: 'ip -n a address del 10.0.1.1/24 dev eth0; ip -n a address add 10.0.1.1/24 dev eth0 scope link',
    status: 3,
  },
  {
    title: 'address changed pending, no longer first in its subnet',
    file: edited(['10.0.0.1/24', '10.0.0.1/24, 10.0.0.4/24']),
    applied: edited(['10.0.0.1/24', '10.0.0.4/24, 10.0.0.1/24']),
    status: 2,
  },
  {
    title: 'address missing drift, and another first in its subnet',
    file: edited(['10.0.0.1/24', '10.0.0.1/24, 10.0.0.4/24']),
    commands: `ip netns exec a sysctl -qw net.ipv4.conf.eth0.promote_secondaries=1
      ip -n a address del 10.0.0.1/24 dev eth0
      ip netns exec a sysctl -qw net.ipv4.conf.eth0.promote_secondaries=0`,
    status: 3,
  },
  { title: 'address extra pending', applied: edited(['10.0.1.1/24', '10.0.1.1/24, 10.0.2.1/24']), status: 2 },
  { title: 'address extra drift', commands: 'ip -n a address add 10.0.2.1/24 dev eth0', status: 3 },

  {
    title: 'neighbour missing pending',
    applied: edited(['[{ dst: 10.0.0.9, mac: 02:00:00:00:00:09 }]', '[]']),
    status: 2,
  },
  { title: 'neighbour missing drift', commands: 'ip -n a neighbour del 10.0.0.9 dev eth0', status: 3 },
  {
    title: 'neighbour changed pending',
    applied: edited(['02:00:00:00:00:09', '02:00:00:00:00:08']),
    status: 2,
  },
  {
    title: 'neighbour changed drift',
    commands:
      'ip -n a neighbour replace 10.0.0.9 lladdr 02:00:00:00:00:08 dev eth0 nud permanent protocol 169',
    status: 3,
  },
  {
    title: 'neighbour extra pending',
    applied: edited(['[{ dst: 10.0.0.9', '[{ dst: 10.0.0.8, proxy: true }, { dst: 10.0.0.9']),
    status: 2,
  },
  { title: 'neighbour extra drift', commands: 'ip -n a neighbour add proxy 10.0.0.8 dev eth0', status: 3 },

  { title: 'fdb missing pending', file: tunnelled(entry), applied: tunnelled(), status: 2 },
  {
    title: 'fdb missing drift',
    file: tunnelled(entry),
    commands: 'bridge -n a fdb del 02:00:00:00:00:30 dev vx0 dst 10.0.0.2',
    status: 3,
  },
  {
    title: 'fdb missing drift, with another remote in its place',
    file: tunnelled(entry),
    commands: 'bridge -n a fdb replace 02:00:00:00:00:30 dev vx0 dst 10.0.0.3',
    status: 3,
  },
  { title: 'fdb extra pending', file: tunnelled(), applied: tunnelled(entry), status: 2 },
  {
    title: 'fdb extra drift',
    file: tunnelled(),
    commands: 'bridge -n a fdb append 00:00:00:00:00:00 dev vx0 dst 10.0.0.2',
    status: 3,
  },

  {
    title: 'route missing pending',
    applied: edited(['      - { dst: 10.2.0.0/16, type: blackhole }\n', '']),
    status: 2,
  },
  { title: 'route missing drift', commands: 'ip -n a route del 10.1.0.0/16', status: 3 },
  {
    title: 'route missing drift, with its link down',
    commands: 'ip -n a link set dev eth0 down',
    status: 3,
  },
  { title: 'route changed pending', applied: edited(['via: 10.0.0.2', 'via: 10.0.0.3']), status: 2 },
  {
    title: 'route changed drift',
    commands: 'ip -n a route replace 10.1.0.0/16 via 10.0.0.3 dev eth0 proto 169',
    status: 3,
  },
  {
    title: 'route changed drift, by another daemon',
    commands: 'ip -n a route replace 10.1.0.0/16 via 10.0.0.3 dev eth0 proto bird',
    status: 3,
  },
  {
    title: 'route extra pending',
    applied: edited([
      '      - { dst: 10.2',
      '      - { dst: 10.3.0.0/16, via: 10.0.0.2 }\n      - { dst: 10.2',
    ]),
    status: 2,
  },
  {
    title: 'route extra drift',
    commands: 'ip -n a route add 10.3.0.0/16 via 10.0.0.2 dev eth0 table 100 metric 50 proto static',
    status: 3,
  },

  { title: 'sysctl missing drift', commands: 'ip -n a link del dev eth0', status: 3 },
  { title: 'sysctl changed pending', applied: edited(['ip_forward: 1', 'ip_forward: 0']), status: 2 },
  {
    title: 'sysctl changed drift',
    commands: 'ip netns exec a sysctl -qw net.ipv4.conf.eth0.proxy_arp=0',
    status: 3,
  },
  {
    title: 'sysctl changed drift, of a link the file says nothing of',
    commands: 'ip netns exec a sysctl -qw net.ipv4.conf.br0.rp_filter=2',
    status: 3,
  },
  {
    title: 'sysctl changed pending, left out of the file',
    applied: edited([
      '{ net.ipv4.ip_forward: 1 }',
      '{ net.ipv4.ip_forward: 1, net.ipv4.ip_default_ttl: 32 }',
    ]),
    status: 2,
  },
];
