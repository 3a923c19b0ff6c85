// Differences for the tests of every format: one of each change, a conflict, and names that mean harm.
import type { InspectResult } from '../../src/reconcile/inspect.ts';
import { address, difference, found, link, observedLink, observedRoute, route } from './network.ts';

export const missing = difference({
  kind: 'route',
  desired: route('10.20.1.3/32', { gateway: '192.168.1.16', dev: 'ens192' }),
  observed: null,
  cause: 'link ens192 went down (the kernel flushes IPv4 routes silently)',
});

export const changed = difference({
  kind: 'link',
  desired: link('ens192', { kind: 'existing' }, { mtu: 1500 }),
  observed: observedLink('ens192', { mtu: 1450, up: false }),
  class: 'pending',
});

export const extra = difference({
  kind: 'route',
  netns: 'ns0',
  desired: null,
  observed: observedRoute('10.99.0.0/16', 169, { gateway: '10.0.0.1', dev: 'eth0' }),
});

export const conflict = difference({
  kind: 'address',
  netns: 'ns0',
  class: 'pending',
  desired: address('eth0', '10.20.1.2/24'),
  observed: {
    ...address('eth0', '10.20.1.2/24'),
    scope: 253,
    ifindex: 2,
    protocol: 0,
    permanent: true,
    secondary: false,
  },
  conflict: true,
});

/** What a format might take for its own: markup, commands, quotes, line ends, colours, directions. */
export const hostileName = 'a|`b``&<i>"\'::error::%0A\n]]>\x1b[2J\u202e\u0085\ufffe';

export const hostile = difference({
  kind: 'link',
  netns: 'x<y&"z',
  desired: null,
  observed: observedLink(hostileName),
});

export const everything: InspectResult = found([missing, changed, extra, conflict, hostile], 2);
