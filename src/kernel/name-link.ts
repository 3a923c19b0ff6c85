// Puts names to what a link refers to: its master, the link it stands on, and a veth's other end.
import type { LinkEnd, ObservedLink } from '../state/link.ts';
import type { KindSettings } from '../state/link-kind.ts';
import type { LinkMessage } from './codec/link.ts';
import type { KindMessage } from './codec/link-kind.ts';
import type { LinkNames } from './codec/route.ts';

/** A link as people speak of it; `nameOf` names the links of its namespace by ifindex. */
export function nameLink(message: LinkMessage, nameOf: LinkNames, peer: LinkEnd | null): ObservedLink {
  const { lower: _lower, lowerNsid: _lowerNsid, ...link } = message;
  return {
    ...link,
    master: link.master === 0 ? null : nameOf(link.master),
    peer,
    settings: link.settings === null ? null : nameSettings(link.settings, nameOf),
  };
}

function nameSettings({ lower, ...settings }: KindMessage, nameOf: LinkNames): KindSettings {
  const name = lower === 0 ? null : nameOf(lower);
  if (settings.kind === 'ipip') return settings as KindSettings;
  return (
    settings.kind === 'vxlan' ? { ...settings, dev: name } : { ...settings, parent: name ?? '' }
  ) as KindSettings;
}
