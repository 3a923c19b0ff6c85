// What a link is, from what was said of it: the defaults of its kind filled in, or a finding where its kind needs more.
import type { LinkSpec } from '../../state/link.ts';
import type { LinkDraft } from '../model/link.ts';
import { addFinding } from '../source/findings.ts';
import type { NamespaceDraft, NetworkDraft } from './draft.ts';

/** The port that IANA gave VXLAN. */
const VXLAN_PORT = 4789;

/** Null, and a finding, where the kind or something that it needs is not said. */
export function specOf(draft: NetworkDraft, namespace: NamespaceDraft, link: LinkDraft): LinkSpec | null {
  const { kind } = link;
  const lacks = (key: string, hint: string): null => {
    const what = kind === null ? 'link' : kind;
    const message = `the ${what} ${link.name} in ${namespace.name} has no \`${key}\``;
    addFinding(draft.findings, 'missingKey', link.source, message, { hint });
    return null;
  };
  switch (kind) {
    case null:
      return lacks('kind', 'use `kind: existing` for a link that others make');
    case 'existing':
    case 'dummy':
    case 'ifb':
      return { kind };
    case 'bridge':
      return { kind, stp: link.stp ?? false, vlanFiltering: link.vlanFiltering ?? false };
    case 'veth':
      if (link.peer !== null) return { kind, peer: link.peer };
      return lacks('peer', 'write `peer: { netns: …, name: … }` at one of its ends');
    case 'vxlan': {
      const { id, local, dev } = link;
      if (id === null) return lacks('id', 'it is the number of the network, 0-16777215');
      return { kind, id, port: link.port ?? VXLAN_PORT, local, dev, learning: link.learning ?? true };
    }
    case 'ipip':
      return { kind, local: link.local, remote: link.remote, ttl: link.ttl ?? 0 };
    case 'vlan':
      if (link.id === null) return lacks('id', 'it is the number of the VLAN, 0-4094');
      if (link.parent === null) return lacks('parent', 'it is the link that the VLAN stands on');
      return { kind, parent: link.parent, id: link.id };
    case 'macvlan':
      if (link.parent === null) return lacks('parent', 'it is the link that the macvlan stands on');
      return { kind, parent: link.parent, mode: link.mode ?? 'vepa' };
  }
}
