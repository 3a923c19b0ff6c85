// The world that packets are traced in: every namespace as observed, the topology's wish beside it, and the kernel to ask.

import { ReconcileError } from '../errors.ts';
import { confValue } from '../kernel/codec/devconf.ts';
import type { Machine } from '../kernel/machine.ts';
import { type FirewallChain, readFirewall } from '../kernel/netfilter.ts';
import type { Netns } from '../kernel/netns.ts';
import { observe } from '../kernel/observe.ts';
import type { Ip } from '../state/ip.ts';
import type { LinkEnd, ObservedLink } from '../state/link.ts';
import { type DesiredNetwork, type ObservedNamespace, type ObservedNetwork, SELF } from '../state/network.ts';
import type { SysctlFamily } from '../state/sysctl.ts';

/** Settings of whole namespaces that decide on packets. */
const deciding = [
  'net.ipv4.ip_forward',
  'net.ipv4.conf.all.rp_filter',
  'net.ipv4.conf.all.proxy_arp',
  'net.ipv6.conf.all.forwarding',
] as const;

export class World {
  readonly desired: DesiredNetwork;
  readonly observed: ObservedNetwork;
  readonly #machine: Machine;
  readonly #firewalls = new Map<string, readonly FirewallChain[]>();

  private constructor(machine: Machine, desired: DesiredNetwork, observed: ObservedNetwork) {
    this.#machine = machine;
    this.desired = desired;
    this.observed = observed;
  }

  /** Reads every namespace that can be entered. */
  static read(machine: Machine, desired: DesiredNetwork): World {
    const names = new Set([SELF, ...machine.names().filter((name) => canEnter(machine, name))]);
    const scope = { topology: desired.name, names, sysctlsOf: () => deciding, fresh: [] };
    return new World(machine, desired, observe(machine, scope));
  }

  namespace(name: string): ObservedNamespace | null {
    return this.observed.namespaces.get(name) ?? null;
  }

  /** The open namespace, to ask it; null where there is none. */
  open(name: string): Netns | null {
    return this.#machine.namespace(name);
  }

  link(netns: string, dev: string): ObservedLink | null {
    return this.namespace(netns)?.links.get(dev) ?? null;
  }

  linkByIndex(netns: string, ifindex: number): ObservedLink | null {
    for (const link of this.namespace(netns)?.links.values() ?? []) if (link.ifindex === ifindex) return link;
    return null;
  }

  /** A device's own setting; 0 where the kernel tells none. */
  conf(netns: string, dev: string, family: SysctlFamily, leaf: string): number {
    const link = this.link(netns, dev);
    const values = family === 'ipv4' ? link?.ipv4Conf : link?.ipv6Conf;
    return values ? (confValue(family, values, leaf) ?? 0) : 0;
  }

  /** A setting of the whole namespace; 0 where it cannot be read. */
  setting(netns: string, key: (typeof deciding)[number]): number {
    return Number(this.namespace(netns)?.sysctls.get(key) ?? 0);
  }

  /** Where an address of the machine is. */
  holderOf(address: Ip): LinkEnd | null {
    for (const { name, addresses } of this.observed.namespaces.values()) {
      const found = addresses.find((held) => held.address === address);
      if (found !== undefined) return { netns: name, name: found.dev };
    }
    return null;
  }

  /** The chains of a namespace that can drop packets. */
  firewall(netns: string): readonly FirewallChain[] {
    let chains = this.#firewalls.get(netns);
    if (chains === undefined) {
      const opened = this.open(netns);
      chains = opened === null ? [] : readFirewall(opened);
      this.#firewalls.set(netns, chains);
    }
    return chains;
  }
}

function canEnter(machine: Machine, name: string): boolean {
  try {
    return machine.namespace(name) !== null;
  } catch (error) {
    if (!(error instanceof ReconcileError) || error.code === 'permission') throw error;
    return false;
  }
}
