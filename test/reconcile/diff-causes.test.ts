// What the state of the kernel tells about why an applied item is gone.
import { expect, test } from 'vitest';
import { causeOfLoss } from '../../src/reconcile/diff-causes.ts';
import type { Subject } from '../../src/reconcile/difference.ts';
import { parseIp } from '../../src/state/ip.ts';
import type { ObservedNamespace } from '../../src/state/network.ts';
import { address, link, namespace, network, observedLink, route } from '../report/network.ts';

const wanted = network([
  namespace('far'),
  namespace('h', {
    links: [
      link('eth0', { kind: 'veth', peer: { netns: 'far', name: 'x' } }),
      link('eth1', { kind: 'veth', peer: { netns: 'elsewhere', name: 'x' } }),
      link('cali1', { kind: 'veth', peer: { netns: 'h', name: 'y' } }),
      link('ens3', { kind: 'existing' }),
    ],
    addresses: [address('eth0', '10.0.0.1/24'), address('eth0', '2001:db8::1/64')],
  }),
]);

const nothing: ObservedNamespace = {
  name: 'h',
  cookie: 0n,
  madeBy: null,
  claims: [],
  links: new Map(),
  addresses: [],
  neighbours: [],
  fdb: [],
  routes: [],
  sysctls: new Map(),
};

function observed(
  links: readonly Parameters<typeof observedLink>[],
  addresses: readonly string[] = [],
): ObservedNamespace {
  return {
    ...nothing,
    links: new Map(links.map(([name, rest]) => [name, observedLink(name, rest)])),
    addresses: addresses.map((text) => ({
      ...address('eth0', text),
      ifindex: 2,
      protocol: 169,
      permanent: true,
      secondary: false,
    })),
  };
}

const routeBy = (dev: string, dst = '10.9.0.0/16'): Subject => ({
  kind: 'route',
  desired: route(dst, { dev }),
  observed: null,
});
const addressOf = (text: string): Subject => ({
  kind: 'address',
  desired: address('eth0', text),
  observed: null,
});
const neighbour: Subject = {
  kind: 'neighbour',
  desired: { dev: 'eth0', dst: parseIp('10.0.0.9')!, mac: null, proxy: true, adopt: false, source: 0 },
  observed: null,
};
const linkOf = (name: string): Subject => ({
  kind: 'link',
  desired: wanted.namespaces.get('h')!.links.get(name)!,
  observed: null,
});
const sysctlOf = (key: string): Subject => ({
  kind: 'sysctl',
  desired: { key, value: '1', source: 0 },
  observed: null,
});

const up = observed(
  [
    ['eth0', {}],
    ['cali1', {}],
  ],
  ['10.0.0.1/24'],
);
const down = observed([['eth0', { up: false }]], ['10.0.0.1/24']);

test.each<[string, Subject, ObservedNamespace | null, RegExp | null]>([
  ['a namespace that is gone', routeBy('eth0'), null, /^namespace h was deleted$/],
  ['a veth whose far namespace is gone', linkOf('eth0'), nothing, /^namespace far was deleted/],
  ['a veth into a namespace that was not looked for', linkOf('eth1'), nothing, null],
  ['a veth alone', linkOf('cali1'), nothing, null],
  ['a route whose link is gone', routeBy('eth0'), nothing, /^link eth0 was deleted$/],
  ['a route by a link that nobody makes', routeBy('ens3'), nothing, /^link ens3 is not there$/],
  ['a route by a link of which the file says nothing', routeBy('wlan0'), nothing, null],
  ['an IPv4 route of a link that is down', routeBy('eth0'), down, /went down .*silently/],
  ['an IPv6 route of a link that is down', routeBy('eth0', '2001:db8:1::/48'), down, /went down .*IPv6/],
  ['a neighbour of a link that is down', neighbour, down, /went down .*neighbours/],
  ['an IPv4 address of a link that is down, which keeps it', addressOf('10.0.0.1/24'), down, null],
  ['an IPv6 address of a link that is down', addressOf('2001:db8::1/64'), down, /went down/],
  [
    'an IPv6 address of a small MTU',
    addressOf('2001:db8::1/64'),
    observed([['eth0', { mtu: 1279 }]]),
    /mtu 1279/,
  ],
  ['an IPv4 route after the last address', routeBy('eth0'), observed([['eth0', {}]]), /last IPv4 address/],
  ['an IPv4 route of a link that is to have no address', routeBy('cali1'), up, null],
  ['a route of a link that is as it should be', routeBy('eth0'), up, null],
  [
    'a sysctl of a link that is gone',
    sysctlOf('net.ipv4.conf.eth0.proxy_arp'),
    nothing,
    /^link eth0 was deleted$/,
  ],
  ['a sysctl of no link', sysctlOf('net.ipv4.ip_forward'), nothing, null],
])('%s', (_what, subject, found, cause) => {
  const namespaces = new Map(found === null ? [] : [['h', found]]);
  const said = causeOfLoss(subject, 'h', wanted, { namespaces, freshSysctls: new Map() });
  if (cause === null) expect(said).toBeNull();
  else expect(said).toMatch(cause);
});
