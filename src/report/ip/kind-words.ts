// The words of `ip link … type KIND` that follow the kind, for tunnels and for links that stand on another.
import { formatIp, type Ip } from '../../state/ip.ts';
import type { KindSettings } from '../../state/link-kind.ts';

type Word = string | number;

/** What stands before `type`: the link it stands on. */
export function parentWords(settings: KindSettings): Word[] {
  return settings.kind === 'vlan' || settings.kind === 'macvlan' ? ['link', settings.parent] : [];
}

/** What stands behind `type KIND`: for a new link all of it, for one that stands what can be changed. */
export function kindWords(settings: KindSettings, newborn: boolean): Word[] {
  switch (settings.kind) {
    case 'vxlan': {
      const { id, port, local, dev, learning } = settings;
      const words: Word[] = newborn ? ['id', id, 'dstport', port] : ['id', id];
      if (local !== null) words.push('local', formatIp(local));
      if (dev !== null) words.push('dev', dev);
      if (newborn && typeof local === 'string') words.push('udp6zerocsumtx', 'udp6zerocsumrx');
      words.push(learning ? 'learning' : 'nolearning');
      return words;
    }
    case 'ipip': {
      const end = (ip: Ip | null): Word => (ip === null ? 'any' : formatIp(ip));
      return ['local', end(settings.local), 'remote', end(settings.remote), 'ttl', settings.ttl || 'inherit'];
    }
    case 'vlan':
      return ['id', settings.id];
    case 'macvlan':
      return ['mode', settings.mode];
  }
}
