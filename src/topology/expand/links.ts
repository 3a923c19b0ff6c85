// Links made whole: the unwritten ends of veth pairs, the defaults of what nobody said, and masters that exist.
import type { DesiredLink } from '../../state/link.ts';
import { SELF } from '../../state/network.ts';
import { emptyLink, type LinkDraft } from '../model/link.ts';
import { addFinding } from '../source/findings.ts';
import { didYouMean } from '../source/suggest.ts';
import { disagree, draftNamespace, type NamespaceDraft, type NetworkDraft } from './draft.ts';
import { specOf } from './link-spec.ts';

/** Makes both ends of every veth name each other; `known` are all namespaces of the topology, of this run or not. */
export function joinVeths(draft: NetworkDraft, known: ReadonlySet<string>): void {
  for (const namespace of [...draft.namespaces.values()]) {
    for (const link of [...namespace.links.values()])
      if (link.peer !== null) joinVeth(draft, namespace, link, known);
  }
}

/** The links of a namespace with nothing left unsaid, sorted by name. */
export function finishLinks(draft: NetworkDraft, namespace: NamespaceDraft): Map<string, DesiredLink> {
  const sorted = [...namespace.links.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const links = new Map<string, DesiredLink>();
  for (const link of sorted) {
    checkMaster(draft, namespace, link);
    checkParent(draft, namespace, link);
    const spec = specOf(draft, namespace, link);
    if (spec === null) continue;
    const { name, up, mtu, mac, master, adopt, source } = link;
    links.set(name, {
      name,
      spec,
      up: up ?? (spec.kind === 'existing' ? null : true),
      mtu,
      mac,
      master,
      adopt,
      source,
    });
  }
  return links;
}

function joinVeth(
  draft: NetworkDraft,
  namespace: NamespaceDraft,
  link: LinkDraft,
  known: ReadonlySet<string>,
): void {
  const peer = link.peer!;
  const self = { netns: namespace.name, name: link.name };
  const says = `the peer of ${link.name} in ${namespace.name} is ${peer.name} in ${peer.netns}`;
  if (peer.netns !== SELF && !known.has(peer.netns)) {
    addFinding(
      draft.findings,
      'unknownNetns',
      link.peerPlace,
      `${says}, a namespace the topology does not have`,
      {
        hint: didYouMean(peer.netns, known) ?? `write \`${peer.netns}: {}\` under \`netns\``,
      },
    );
    return;
  }
  if (peer.netns === self.netns && peer.name === self.name) {
    addFinding(draft.findings, 'itemsDisagree', link.peerPlace, `${says}, which is itself`);
    return;
  }
  const far =
    peer.netns === SELF ? draftNamespace(draft, SELF, link.source) : draft.namespaces.get(peer.netns);
  const other = far?.links.get(peer.name);
  if (other === undefined) {
    const end = emptyLink(peer.name, link.source);
    far?.links.set(peer.name, { ...end, kind: 'veth', peer: self, up: true, adopt: link.adopt });
  } else if (other.kind !== null && other.kind !== 'veth') {
    disagree(draft, link.peerPlace, other.source, `${says}, which is no veth but of kind ${other.kind}`);
  } else if (other.peer === null) {
    far?.links.set(peer.name, { ...other, kind: 'veth', peer: self });
  } else if (other.peer.netns !== self.netns || other.peer.name !== self.name) {
    disagree(draft, link.peerPlace, other.peerPlace, `${says}, whose own peer is another`);
  }
}

function checkMaster(draft: NetworkDraft, namespace: NamespaceDraft, link: LinkDraft): void {
  if (link.master === null) return;
  const says = `the master of ${link.name} in ${namespace.name} is ${link.master}`;
  const master = namespace.links.get(link.master);
  if (master === undefined) {
    addFinding(draft.findings, 'unknownLink', link.masterPlace, `${says}, a link that is not there`, {
      hint:
        didYouMean(link.master, namespace.links.keys()) ??
        'write it under `links`, as `kind: existing` if others make it',
    });
  } else if ((master.kind !== 'bridge' && master.kind !== 'existing') || master.name === 'lo') {
    disagree(draft, link.masterPlace, master.source, `${says}, which is no bridge`);
  }
}

/** What a link stands on is in its namespace, and does not stand on it in turn. */
function checkParent(draft: NetworkDraft, namespace: NamespaceDraft, link: LinkDraft): void {
  const name = link.parent ?? link.dev;
  if (name === null) return;
  const says = `${link.name} in ${namespace.name} stands on ${name}`;
  const below = new Set([link.name]);
  for (let at: string | null = name; at !== null; ) {
    const parent: LinkDraft | undefined = namespace.links.get(at);
    if (below.has(at)) {
      addFinding(draft.findings, 'itemsDisagree', link.parentPlace, `${says}, which in the end stands on it`);
      return;
    }
    if (parent === undefined && at === name) {
      addFinding(draft.findings, 'unknownLink', link.parentPlace, `${says}, a link that is not there`, {
        hint:
          didYouMean(name, namespace.links.keys()) ??
          'write it under `links`, as `kind: existing` if others make it',
      });
    }
    below.add(at);
    at = parent?.parent ?? parent?.dev ?? null;
  }
}
