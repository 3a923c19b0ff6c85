// Follows one packet from namespace to namespace: asks each kernel table for its route, looks at the neighbour it goes
// to, decides who would answer for it, and crosses the wire there. Sends questions only, never the packet.
import { lookUpNeighbour, lookUpRoute, matchRoute } from '../kernel/lookup.ts';
import { familyOf, formatIp, type Ip } from '../state/ip.ts';
import type { LinkEnd, ObservedLink } from '../state/link.ts';
import type { Fault } from './fault.ts';
import { firewallSuspects } from './firewall.ts';
import { chooseFarEnd } from './next-hop.ts';
import { explainRefusal } from './refusal.ts';
import { findTunnelEnd, isTunnel, tunnelRemote } from './tunnel.ts';
import type { Step, Verdict, Way } from './way.ts';
import { deadWire, farEnds, mtuHole, wrongPeer } from './wire.ts';
import type { World } from './world.ts';

export interface Packet {
  readonly netns: string;
  /** Null: what the kernel chooses. */
  readonly src: Ip | null;
  readonly dst: Ip;
}

const RTN_LOCAL = 2;
/** A tunnel within a tunnel within a tunnel is somebody's mistake. */
const MAX_DEPTH = 3;

/** The way of a packet from its namespace to wherever it ends. */
export function walk(world: World, packet: Packet, depth = 0): Way {
  const walker = new Walker(world, packet, depth);
  walker.run();
  return walker.way();
}

class Walker {
  readonly #world: World;
  readonly #packet: Packet;
  readonly #depth: number;
  readonly #steps: Step[] = [];
  readonly #suspects: Fault[] = [];
  readonly #visited = new Set<string>();
  #netns: string;
  #iif: string | null = null;
  #src: Ip | null;
  #verdict: Verdict = 'dies';
  #fault: Fault | null = null;

  constructor(world: World, packet: Packet, depth: number) {
    this.#world = world;
    this.#packet = packet;
    this.#depth = depth;
    this.#netns = packet.netns;
    this.#src = packet.src;
  }

  way(): Way {
    const { netns, src, dst } = this.#packet;
    const peer = this.#suspects.find(({ code }) => code === 'wrongPeer');
    return {
      from: { netns, address: src ?? this.#src },
      to: dst,
      verdict: this.#verdict,
      steps: this.#steps,
      // A veth that leads elsewhere is why the packet meets whatever it dies of.
      fault: this.#fault === null ? null : (peer ?? this.#fault),
      suspects: this.#suspects.filter((suspect) => this.#fault === null || suspect !== peer),
      end: { netns: this.#netns, iif: this.#iif },
    };
  }

  run(): void {
    while (this.#hop());
  }

  /** One namespace: its decision, and the wire behind it. False where the way ends. */
  #hop(): boolean {
    const here = `${this.#netns} ${this.#iif ?? ''}`;
    if (this.#visited.has(here)) return this.#die(this.#loop());
    this.#visited.add(here);
    const opened = this.#world.open(this.#netns);
    if (opened === null || this.#world.namespace(this.#netns) === null)
      return this.#die(noNamespace(this.#netns));
    const iif = this.#iif === null ? 0 : (this.#world.link(this.#netns, this.#iif)?.ifindex ?? 0);
    const query = { dst: this.#packet.dst, src: this.#src, iif, oif: 0 };
    const { answer } = lookUpRoute(opened, query);
    if (answer === null) return this.#die(explainRefusal(this.#world, this.#netns, this.#iif ?? '', query));
    this.#src ??= answer.src;
    if (answer.type === RTN_LOCAL) return this.#arrive();
    if (
      iif !== 0 &&
      familyOf(query.dst) === 6 &&
      this.#world.setting(this.#netns, 'net.ipv6.conf.all.forwarding') === 0
    )
      return this.#die(explainRefusal(this.#world, this.#netns, this.#iif ?? '', query));
    const link = this.#world.linkByIndex(this.#netns, answer.oif);
    if (link === null) return this.#die(explainRefusal(this.#world, this.#netns, this.#iif ?? '', query));
    const nameOf = (ifindex: number): string | null =>
      this.#world.linkByIndex(this.#netns, ifindex)?.name ?? null;
    const next = answer.via ?? this.#packet.dst;
    this.#steps.push({
      kind: 'route',
      netns: this.#netns,
      iif: this.#iif,
      route: matchRoute(opened, query, nameOf),
      dev: link.name,
      next,
      mtu: answer.mtu === 0 ? link.mtu : answer.mtu,
    });
    this.#suspectFirewall(
      this.#iif === null ? ['output', 'postrouting'] : ['prerouting', 'forward', 'postrouting'],
    );
    return this.#send(link, next);
  }

  #send(link: ObservedLink, next: Ip): boolean {
    const from: LinkEnd = { netns: this.#netns, name: link.name };
    const peer = wrongPeer(this.#world, from);
    if (peer !== null) this.#suspects.push(peer);
    if (isTunnel(link)) return this.#tunnel(link, next);
    const dead = deadWire(this.#world, this.#netns, link.name);
    if (dead !== null) return this.#die(dead);
    if (link.kind !== 'veth' && link.kind !== 'bridge') return this.#leave(link);
    const ends = farEnds(this.#world, from);
    const choice = chooseFarEnd(this.#world, {
      from,
      next,
      src: this.#src,
      ends,
      entry: this.#neighbour(link, next),
    });
    this.#steps.push(...choice.steps);
    this.#suspects.push(...choice.suspects);
    if (choice.end === null) return this.#die(choice.fault);
    const { end, bridges, mtu } = choice.end;
    const hole = mtuHole(this.#world, from, choice.end);
    if (hole !== null) this.#suspects.push(hole);
    for (const bridge of bridges)
      this.#suspects.push(...firewallSuspects(this.#world, bridge.netns, ['forward'], 'bridge'));
    this.#steps.push({ kind: 'wire', from, to: end, bridges, mtu });
    return this.#enter(end);
  }

  #tunnel(link: ObservedLink, next: Ip): boolean {
    if (!link.up) return this.#die(deadWire(this.#world, this.#netns, link.name)!);
    const entry = this.#neighbour(link, next);
    const remote = tunnelRemote(this.#world, this.#netns, link, next, entry);
    if ('code' in remote) return this.#die(remote);
    if (this.#depth >= MAX_DEPTH) return this.#die(this.#loop());
    const outer = walk(this.#world, { netns: this.#netns, src: null, dst: remote.address }, this.#depth + 1);
    this.#steps.push({
      kind: 'tunnel',
      netns: this.#netns,
      dev: link.name,
      type: link.kind,
      remote: remote.address,
      outer: outer.steps,
    });
    this.#suspects.push(...outer.suspects);
    if (outer.verdict === 'leaves') return this.#leave(link);
    if (outer.fault !== null) {
      this.#netns = outer.end.netns;
      this.#iif = outer.end.iif;
      return this.#die(outer.fault);
    }
    const end = findTunnelEnd(this.#world, outer.end.netns, link, entry?.mac ?? null);
    return 'code' in end ? this.#die(end) : this.#enter(end);
  }

  #neighbour(link: ObservedLink, next: Ip): ReturnType<typeof lookUpNeighbour> {
    const opened = this.#world.open(this.#netns);
    return opened === null ? null : lookUpNeighbour(opened, next, link.ifindex);
  }

  #enter(end: LinkEnd): boolean {
    this.#netns = end.netns;
    this.#iif = end.name;
    return true;
  }

  #arrive(): boolean {
    if (this.#iif !== null) this.#suspectFirewall(['prerouting', 'input']);
    this.#steps.push({ kind: 'arrive', netns: this.#netns, address: this.#packet.dst });
    this.#verdict = 'arrives';
    return false;
  }

  #leave(link: ObservedLink): boolean {
    this.#steps.push({ kind: 'leave', netns: this.#netns, dev: link.name, link: link.kind });
    this.#verdict = 'leaves';
    return false;
  }

  #die(fault: Fault): boolean {
    this.#fault = fault;
    return false;
  }

  #suspectFirewall(hooks: Parameters<typeof firewallSuspects>[2]): void {
    const family = familyOf(this.#packet.dst) === 4 ? 'ip' : 'ip6';
    this.#suspects.push(...firewallSuspects(this.#world, this.#netns, hooks, family));
  }

  #loop(): Fault {
    const netns = this.#netns;
    const message = `the packet comes back to ${netns} and circles until its TTL ends`;
    const remedy = {
      kind: 'advice',
      text: `look at the routes to ${formatIp(this.#packet.dst)} on this way`,
    } as const;
    return { code: 'loop', netns, dev: this.#iif, message, items: [], remedy };
  }
}

function noNamespace(netns: string): Fault {
  const message = `there is no namespace ${netns}`;
  const items = [{ netns, kind: 'netns', key: netns, covers: null }] as const;
  return { code: 'noNamespace', netns, dev: null, message, items, remedy: null };
}
