// BIRD's configuration of a speaker: who peers with whom, what is announced and learnt, and where the password stands.
import { describe, expect, it } from 'vitest';
import { formatBirdConfig, sessionName } from '../../src/bgp/config.ts';
import { parseSessions } from '../../src/bgp/sessions.ts';
import type { BgpSpeaker } from '../../src/state/bgp.ts';
import { formatIp, formatPrefix } from '../../src/state/ip.ts';
import { networkOf } from '../topology/describe.ts';

const hosts = (extra = ''): string => `
name: x
hosts:
  a: { netns: a, uplink: { dev: eth0, addresses: [192.0.2.1/24, "2001:db8::1/64"] }, blocks: [10.0.0.0/26] }
  b: { netns: b, uplink: { dev: eth0, addresses: [192.0.2.2/24, "2001:db8::2/64"] }${extra} }
  c: { netns: c, uplink: { dev: eth0, addresses: [192.0.2.3/24, "2001:db8::3/64"] } }
underlay: { lan: { hosts: [a, b, c] } }
workloads:
  w: { host: a, address: 10.0.0.5 }
  v: { host: a, address: 10.0.9.9 }
`;
const pool = 'pools: [{ cidr: 10.0.0.0/16, routing: bgp }]\n';

function speakerOf(text: string, host: string): BgpSpeaker {
  return networkOf(text).bgp.find((speaker) => speaker.host === host)!;
}

function configOf(
  speaker: BgpSpeaker,
  passwords: Record<string, string> = {},
  logFile: string | null = null,
): string {
  return formatBirdConfig(speaker, { topology: 'x', passwords: new Map(Object.entries(passwords)), logFile });
}

const peersOf = (speaker: BgpSpeaker): string[] =>
  speaker.peers.map(({ name, address, asn, local, client, multihop }) => {
    const words = [client ? 'client' : '', multihop ? 'multihop' : ''].filter(Boolean).join(' ');
    return `${name} ${formatIp(address)} as ${asn} from ${formatIp(local)} ${words}`.trim();
  });

describe('a speaker', () => {
  it('peers with every other host, and announces its blocks and the addresses outside of them', () => {
    const speaker = speakerOf(hosts() + pool, 'a');
    expect(peersOf(speaker)).toEqual([
      'b.4 192.0.2.2 as 64512 from 192.0.2.1',
      'c.4 192.0.2.3 as 64512 from 192.0.2.1',
    ]);
    expect(speaker.announces.map(({ address, length }) => formatPrefix(address, length))).toEqual([
      '10.0.0.0/26',
      '10.0.9.9/32',
    ]);
  });

  it('has no static routes to other hosts', () => {
    const routes = networkOf(hosts() + pool).namespaces.get('b')!.routes;
    expect(routes.filter(({ via }) => via !== null)).toEqual([]);
  });

  it('is none where no pool is carried by BGP', () => {
    expect(networkOf(`${hosts()}pools: [{ cidr: 10.0.0.0/16 }]\n`).bgp).toEqual([]);
  });

  it('peers with the reflectors alone, and these with everyone', () => {
    const text = `${hosts()}${pool}bgp: { routeReflectors: [b] }\n`;
    expect(peersOf(speakerOf(text, 'a'))).toEqual(['b.4 192.0.2.2 as 64512 from 192.0.2.1']);
    expect(peersOf(speakerOf(text, 'b'))).toEqual([
      'a.4 192.0.2.1 as 64512 from 192.0.2.2 client',
      'c.4 192.0.2.3 as 64512 from 192.0.2.2 client',
    ]);
  });

  it('takes AS numbers of hosts, and routers outside', () => {
    const outside = `bgp:
  asn: 65000
  peers:
    - { name: tor, address: 192.0.2.254, asn: 65001, hosts: [a] }
    - { name: far, address: 203.0.113.1, asn: 65002, source: 192.0.2.1, hosts: [a] }
`;
    const speaker = speakerOf(hosts(', asn: 65009') + pool + outside, 'a');
    expect(peersOf(speaker)).toEqual([
      'b.4 192.0.2.2 as 65009 from 192.0.2.1',
      'c.4 192.0.2.3 as 65000 from 192.0.2.1',
      'tor 192.0.2.254 as 65001 from 192.0.2.1',
      'far 203.0.113.1 as 65002 from 192.0.2.1 multihop',
    ]);
  });

  it('has a session for each family of the pools', () => {
    const text = `${hosts()}pools: [{ cidr: 10.0.0.0/16, routing: bgp }, { cidr: "fd00::/64", routing: bgp }]\n`;
    expect(peersOf(speakerOf(text, 'c'))).toEqual([
      'a.4 192.0.2.1 as 64512 from 192.0.2.3',
      'b.4 192.0.2.2 as 64512 from 192.0.2.3',
      'a.6 2001:db8::1 as 64512 from 2001:db8::3',
      'b.6 2001:db8::2 as 64512 from 2001:db8::3',
    ]);
  });
});

describe('the configuration', () => {
  it('is all that a daemon of its own needs', () => {
    const text = `${hosts()}${pool}bgp: { routeReflectors: [a], passwordFile: /etc/secret }\n`;
    const narrow = { ...speakerOf(text, 'a'), peers: speakerOf(text, 'a').peers.slice(0, 1) };
    expect(configOf(narrow, { '/etc/secret': 's3cret' }, '/run/bird.log')).toMatchInlineSnapshot(`
      "# Written by calico-reconcile: the BGP speaker a of the topology x. Edits are lost.
      log "/run/bird.log" 1048576 "/run/bird.log.1" { info, remote, warning, error, auth, fatal, bug };
      router id 192.0.2.1;
      protocol device { scan time 2; }
      protocol direct {
        ipv4;
        interface "eth0";
      }
      protocol kernel kernel4 {
        learn;
        persist;
        scan time 2;
        ipv4 {
          import where ! (net ~ [ 10.0.0.0/16+ ]);
          export where source = RTS_BGP;
        };
      }
      protocol static calico_announce4 {
        ipv4;
        route 10.0.0.0/26 blackhole;
        route 10.0.9.9/32 blackhole;
      }
      protocol bgp 'calico.b.4' {
        local 192.0.2.1 as 64512;
        neighbor 192.0.2.2 as 64512;
        direct;
        rr client;
        password "s3cret";
        hold time 30;
        connect delay time 1;
        connect retry time 5;
        error wait time 1, 30;
        ipv4 {
          gateway recursive;
          import where net ~ [ 10.0.0.0/16+ ];
          export where source ~ [ RTS_STATIC, RTS_BGP ] && net ~ [ 10.0.0.0/16+ ];
        };
      }
      "
    `);
  });

  it('gives hosts a tunnel as the next hop and tells BIRD the way to theirs; routers outside hear of the host itself', () => {
    const outside = 'bgp: { peers: [{ name: tor, address: 192.0.2.254, asn: 65001 }] }\n';
    const text = `${hosts(', asn: 65009')}${pool.replace(' }', ', encapsulation: ipip }')}${outside}`;
    const lines = configOf(speakerOf(text, 'a')).split('\n');
    expect(lines.slice(lines.indexOf('protocol static calico_tunnels4 {')).join('\n')).toMatchInlineSnapshot(`
      "protocol static calico_tunnels4 {
        ipv4;
        route 10.0.255.94/32 via 192.0.2.2%'tunl0' onlink;
        route 10.0.246.132/32 via 192.0.2.3%'tunl0' onlink;
      }
      protocol bgp 'calico.b.4' {
        local 192.0.2.1 as 64512;
        neighbor 192.0.2.2 as 65009;
        hold time 30;
        connect delay time 1;
        connect retry time 5;
        error wait time 1, 30;
        ipv4 {
          gateway recursive;
          import where net ~ [ 10.0.0.0/16+ ];
          export filter {
            if source !~ [ RTS_STATIC, RTS_BGP ] || proto = "calico_tunnels4" then reject;
            if net !~ [ 10.0.0.0/16+ ] then reject;
            if net ~ [ 10.0.0.0/16+ ] then { bgp_next_hop = 10.0.0.0; bgp_local_pref = 200; }
            accept;
          };
        };
      }
      protocol bgp 'calico.c.4' {
        local 192.0.2.1 as 64512;
        neighbor 192.0.2.3 as 64512;
        direct;
        hold time 30;
        connect delay time 1;
        connect retry time 5;
        error wait time 1, 30;
        ipv4 {
          gateway recursive;
          import where net ~ [ 10.0.0.0/16+ ];
          export filter {
            if source !~ [ RTS_STATIC, RTS_BGP ] || proto = "calico_tunnels4" then reject;
            if net !~ [ 10.0.0.0/16+ ] then reject;
            if source = RTS_STATIC && net ~ [ 10.0.0.0/16+ ] then { bgp_next_hop = 10.0.0.0; bgp_local_pref = 200; }
            accept;
          };
        };
      }
      protocol bgp 'calico.tor' {
        local 192.0.2.1 as 64512;
        neighbor 192.0.2.254 as 65001;
        hold time 30;
        connect delay time 1;
        connect retry time 5;
        error wait time 1, 30;
        ipv4 {
          import where net ~ [ 10.0.0.0/16+ ];
          export filter {
            if source !~ [ RTS_STATIC, RTS_BGP ] || proto = "calico_tunnels4" then reject;
            if net !~ [ 10.0.0.0/16+ ] then reject;
            if source = RTS_BGP && net ~ [ 10.0.0.0/16+ ] then { bgp_next_hop = 192.0.2.1; bgp_med = 1; }
            accept;
          };
        };
      }
      "
    `);
  });

  it('leads past the tunnel where hosts share a subnet and the pool wraps only between subnets', () => {
    const text = hosts() + pool.replace(' }', ', encapsulation: vxlan-cross-subnet }');
    expect(configOf(speakerOf(text, 'b'))).toContain('  route 10.0.0.0/32 via 192.0.2.1;\n');
  });

  it('leaves the daemon’s own matters to a real machine', () => {
    const speaker = speakerOf(hosts() + pool, 'b');
    expect(configOf({ ...speaker, simulated: false })).not.toMatch(
      /router id|protocol (device|kernel|direct)|log "/,
    );
  });

  it('learns and announces nothing outside the pools', () => {
    const text = configOf(speakerOf(hosts() + pool, 'a'));
    expect(text.match(/import where net ~ \[ 10\.0\.0\.0\/16\+ \];/g)).toHaveLength(2);
    expect(
      text.match(/export where source ~ \[ RTS_STATIC, RTS_BGP \] && net ~ \[ 10\.0\.0\.0\/16\+ \];/g),
    ).toHaveLength(2);
  });

  it('has names that BIRD keeps whole, and apart', () => {
    const peer = speakerOf(hosts() + pool, 'a').peers[0]!;
    const names = ['1', '2'].map((end) => sessionName({ ...peer, name: `${'h'.repeat(62)}${end}.4` }));
    expect(names.map((name) => name.length)).toEqual([63, 63]);
    expect(names[0]).not.toBe(names[1]);
  });
});

describe('sessions', () => {
  it('are read with their state, their routes and their trouble', () => {
    const lines = [
      'Name       Proto      Table      State  Since         Info',
      'device1    Device     ---        up     12:18:53.479  ',
      'calico.b.4 BGP        ---        up     12:18:54.295  Established   ',
      '  BGP state:          Established',
      '  Channel ipv4',
      '    Routes:         7 imported, 1 exported, 7 preferred',
      'calico.c.4 BGP        ---        start  12:18:54.295  Connect       Socket: Connection refused',
      '  BGP state:          Connect',
      'other      BGP        ---        up     12:18:54.295  Established   ',
      '    Routes:         9 imported, 1 exported, 9 preferred',
    ];
    expect(parseSessions(lines, speakerOf(hosts() + pool, 'a'))).toEqual([
      { peer: 'b.4', state: 'Established', received: 7, trouble: '' },
      { peer: 'c.4', state: 'Connect', received: 0, trouble: 'Socket: Connection refused' },
    ]);
  });

  it('that are switched off have the state of their protocol', () => {
    const lines = ['calico.b.4 BGP        ---        down   12:18:54.295  '];
    expect(parseSessions(lines, speakerOf(hosts() + pool, 'a'))).toEqual([
      { peer: 'b.4', state: 'down', received: 0, trouble: '' },
    ]);
  });

  it('that get no answer may lack a password, or have another', () => {
    const lines = ['calico.b.4 BGP        ---        start  12:18:54.295  Connect       '];
    const troubleOf = (text: string): string[] =>
      parseSessions(lines, speakerOf(text, 'a')).map(({ trouble }) => trouble);
    const text = hosts() + pool;
    expect(troubleOf(text)).toEqual(['no answer: the peer wants a password, or a firewall stands between']);
    expect(troubleOf(`${text}bgp: { passwordFile: /etc/secret }\n`)).toEqual([
      'no answer: the peer has another password or none, or a firewall stands between',
    ]);
  });
});
