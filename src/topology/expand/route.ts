// The few shapes of route that the Calico model is made of.
import { familyOf, hostLength, type Ip, type Prefix } from '../../state/ip.ts';
import type { Place } from '../../state/place.ts';
import { type DesiredRoute, defaultMetric, MAIN_TABLE } from '../../state/route.ts';
import { RTN_UNICAST, SCOPE_GLOBAL, SCOPE_LINK } from '../../state/scope.ts';

const RTN_BLACKHOLE = 6;

/** Equivalent to `ip route add PREFIX dev DEV scope link`. */
export function deviceRoute(dst: Prefix, dev: string, source: Place): DesiredRoute {
  const scope = familyOf(dst.address) === 4 ? SCOPE_LINK : SCOPE_GLOBAL;
  return { ...plain(dst, source), dev, scope };
}

/** Equivalent to `ip route add PREFIX via VIA dev DEV`. */
export function routeVia(dst: Prefix, via: Ip, dev: string, source: Place): DesiredRoute {
  return { ...plain(dst, source), via, dev };
}

/** Equivalent to `ip route add blackhole PREFIX`. */
export function blackholeRoute(dst: Prefix, source: Place): DesiredRoute {
  return { ...plain(dst, source), type: RTN_BLACKHOLE };
}

/** The prefix of one address alone: /32 or /128. */
export function hostPrefix(address: Ip): Prefix {
  return { address, length: hostLength(address) };
}

/** `default`, in the family of an address. */
export function defaultPrefix(like: Ip): Prefix {
  return { address: familyOf(like) === 4 ? 0 : '::', length: 0 };
}

function plain(dst: Prefix, source: Place): DesiredRoute {
  return {
    dst: dst.address,
    dstLength: dst.length,
    table: MAIN_TABLE,
    metric: defaultMetric(dst.address),
    type: RTN_UNICAST,
    scope: SCOPE_GLOBAL,
    via: null,
    dev: null,
    src: null,
    mtu: 0,
    onlink: false,
    nexthops: null,
    adopt: false,
    source,
  };
}
