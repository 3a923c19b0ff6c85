// What the machine's own network looks like, without what changes by itself: counters, timers, learned neighbours.
// Read outside every sandbox, before and after the suite; reads only.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Text by what it is of: from `ip -j` where iproute2 is installed, and always from /proc and /run/netns. */
export function ownNetwork() {
  const network = {
    'namespaces in /run/netns': existsSync('/run/netns') ? readdirSync('/run/netns').sort().join(' ') : '',
    'directories in /run/calico-reconcile': existsSync('/run/calico-reconcile')
      ? readdirSync('/run/calico-reconcile').sort().join(' ')
      : '',
    'links (/proc/net/dev)': lines('/proc/net/dev')
      .slice(2)
      .map((line) => line.split(':')[0].trim())
      .sort()
      .join(' '),
    'IPv4 routes (/proc/net/route)': lines('/proc/net/route').slice(1).map(withoutUse).sort().join('\n'),
    'IPv6 addresses (/proc/net/if_inet6)': lines('/proc/net/if_inet6').sort().join('\n'),
    'net.ipv4.ip_forward': lines('/proc/sys/net/ipv4/ip_forward').join(''),
  };
  for (const link of existsSync('/proc/sys/net/ipv4/conf') ? readdirSync('/proc/sys/net/ipv4/conf') : []) {
    for (const leaf of ['proxy_arp', 'forwarding', 'rp_filter']) {
      network[`net.ipv4.conf.${link}.${leaf}`] = lines(`/proc/sys/net/ipv4/conf/${link}/${leaf}`).join('');
    }
  }
  for (const args of [
    'link',
    'addr',
    '-4 route show table all',
    '-6 route show table all',
    'rule',
    'netns list',
  ]) {
    const result = spawnSync('ip', ['-j', ...args.split(' ')], { encoding: 'utf8' });
    if (result.error === undefined && result.status === 0) network[`ip ${args}`] = settled(result.stdout);
  }
  return network;
}

function lines(path) {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

function withoutUse(line) {
  const [iface, destination, gateway, flags, , , metric, mask] = line.split('\t');
  return [iface, destination, gateway, flags, metric, mask].join(' ');
}

/** JSON of `ip` without lifetimes and other clocks, one object a line. */
function settled(json) {
  if (json.trim() === '') return '';
  const clocks = new Set([
    'valid_life_time',
    'preferred_life_time',
    'expires',
    'used',
    'age',
    'ifi_flags',
    'stats64',
  ]);
  const items = JSON.parse(json, (key, value) => (clocks.has(key) ? undefined : value));
  return items
    .map((item) => JSON.stringify(item))
    .sort()
    .join('\n');
}
