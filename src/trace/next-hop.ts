// The next hop of a packet on a wire: by the neighbour entry where there is one, else by who would answer for it.
import type { NeighbourEntry } from '../kernel/lookup.ts';
import { formatAddressKey } from '../state/address.ts';
import { containsIp, familyOf, formatIp, type Ip } from '../state/ip.ts';
import type { LinkEnd } from '../state/link.ts';
import { type Answer, decideAnswer } from './answer.ts';
import { type Fault, type ItemRef, ipRemedy, itemRef } from './fault.ts';
import type { Step } from './way.ts';
import type { FarEnd } from './wire.ts';
import type { World } from './world.ts';

export interface NextHop {
  readonly from: LinkEnd;
  readonly next: Ip;
  /** The packet's source. */
  readonly src: Ip | null;
  readonly ends: readonly FarEnd[];
  readonly entry: NeighbourEntry | null;
}

export type Choice = { readonly steps: readonly Step[]; readonly suspects: readonly Fault[] } & (
  | { readonly end: FarEnd; readonly fault: null }
  | { readonly end: null; readonly fault: Fault }
);

interface Candidate {
  readonly far: FarEnd;
  readonly answer: Answer;
}

/** The end of the wire that takes the packet, or why none does. */
export function chooseFarEnd(world: World, hop: NextHop): Choice {
  const { from, next, src, ends, entry } = hop;
  const state = entry?.state ?? 'none';
  const mac = entry?.mac ?? null;
  const neighbour: Step = { kind: 'neighbour', netns: from.netns, dev: from.name, next, state, mac };
  const asker = askerOf(world, from, next, src);
  const candidates = ends.map((far) => ({ far, answer: decideAnswer(world, far.end, next, asker) }));
  const answering = candidates.find(({ answer }) => answer.answers) ?? null;
  const known = mac !== null && state !== 'failed' && state !== 'incomplete';
  if (!known) {
    if (answering === null)
      return { steps: [neighbour], suspects: [], end: null, fault: nobody(world, hop, candidates) };
    const late = proxyDelay(world, answering);
    const steps = [neighbour, ...answerStep(world, hop, answering)];
    return { steps, suspects: late === null ? [] : [late], end: answering.far, fault: null };
  }
  const holder = candidates.find(({ far }) => world.link(far.end.netns, far.end.name)?.mac === mac) ?? null;
  if (holder === null) {
    const fault = wrongMac(world, hop, mac, answering);
    return { steps: [neighbour], suspects: [], end: null, fault };
  }
  // A permanent entry needs no answer; a learned one lives on the last answer, and dies with it.
  const learned = state !== 'permanent' && state !== 'noarp';
  const suspects = learned && !holder.answer.answers ? [holder.answer.fault] : [];
  const steps = state === 'permanent' ? [neighbour] : [neighbour, ...answerStep(world, hop, holder)];
  return { steps, suspects, end: holder.far, fault: null };
}

/** The address that the kernel asks from (arp_announce=0): the packet's source if it is here, else one of the device. */
function askerOf(world: World, from: LinkEnd, next: Ip, src: Ip | null): Ip | null {
  const held = (world.namespace(from.netns)?.addresses ?? []).filter(
    ({ address }) => familyOf(address) === familyOf(next),
  );
  if (src !== null && held.some(({ address }) => address === src)) return src;
  const onDevice = held.filter(({ dev }) => dev === from.name);
  const near = onDevice.find(({ address, prefixlen }) => containsIp({ address, length: prefixlen }, next));
  return (near ?? onDevice[0] ?? held.find(({ dev }) => dev !== 'lo'))?.address ?? null;
}

function answerStep(world: World, { next }: NextHop, { far, answer }: Candidate): Step[] {
  if (!answer.answers) return [];
  const { netns, name } = far.end;
  const mac = world.link(netns, name)?.mac ?? '';
  return [{ kind: 'answer', netns, dev: name, next, mac, how: answer.how, by: answer.by }];
}

/** Nobody answers: the only far end says why, of several none has the address. */
function nobody(world: World, { from, next }: NextHop, candidates: readonly Candidate[]): Fault {
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined && !only.answer.answers) return only.answer.fault;
  const fits = (address: { readonly address: Ip }): boolean => address.address === next;
  const items: ItemRef[] = [];
  for (const { name, addresses } of world.desired.namespaces.values()) {
    const wanted = addresses.find(fits);
    if (wanted === undefined) continue;
    items.push(itemRef(name, 'link', wanted.dev), itemRef(name, 'address', formatAddressKey(wanted)));
  }
  const who =
    candidates.length === 0 ? 'and nobody is on its wire' : 'and nobody on its wire has that address';
  return {
    code: 'noAnswer',
    netns: from.netns,
    dev: from.name,
    message: `${from.name} in ${from.netns} asks for ${formatIp(next)}, ${who}`,
    items,
    remedy: null,
  };
}

function wrongMac(world: World, { from, next }: NextHop, mac: string, right: Candidate | null): Fault {
  const end = right?.far.end;
  const real = end === undefined ? null : (world.link(end.netns, end.name)?.mac ?? null);
  const instead = end === undefined || real === null ? '' : `; ${end.name} in ${end.netns} has ${real}`;
  const key = `${from.name} ${formatIp(next)}`;
  const family = familyOf(next) === 6 ? ['-6'] : [];
  return {
    code: 'wrongMac',
    netns: from.netns,
    dev: from.name,
    message: `the neighbour ${formatIp(next)} of ${from.name} in ${from.netns} is ${mac}, which nobody on the wire has${instead}`,
    items: [
      itemRef(from.netns, 'neighbour', key),
      ...(end === undefined ? [] : [itemRef(end.netns, 'link', end.name)]),
    ],
    remedy: ipRemedy(from.netns, ...family, 'neighbour', 'delete', formatIp(next), 'dev', from.name),
  };
}

/** Proxy ARP that waits a random moment of up to 0.8 s before it answers. */
function proxyDelay(world: World, { far, answer }: Candidate): Fault | null {
  if (!answer.answers || answer.how !== 'proxy') return null;
  const { netns, name } = far.end;
  const key = `net.ipv4.neigh.${name}.proxy_delay`;
  const delay = world.namespace(netns)?.sysctls.get(key);
  if (delay === '0') return null;
  return {
    code: 'proxyDelay',
    netns,
    dev: name,
    message: `${name} in ${netns} lets up to ${Number(delay ?? 80) * 10} ms pass before its first answer: ${key} = ${delay ?? 80}`,
    items: [itemRef(netns, 'sysctl', key)],
    remedy: { kind: 'sysctl', netns, key, value: '0' },
  };
}
