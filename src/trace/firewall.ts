// Chains on a packet's way that can drop it: suspects, since no rule is weighed against the packet.
import type { FirewallChain, Hook } from '../kernel/netfilter.ts';
import type { Fault } from './fault.ts';
import type { World } from './world.ts';

/** The chains of a namespace at these hooks, for packets of a family. */
export function firewallSuspects(
  world: World,
  netns: string,
  hooks: readonly Hook[],
  family: 'ip' | 'ip6' | 'bridge',
): Fault[] {
  return world
    .firewall(netns)
    .filter((chain) => hooks.includes(chain.hook) && seesFamily(chain, family))
    .map((chain) => firewallFault(netns, chain));
}

/** A chain as a fault. */
export function firewallFault(netns: string, chain: FirewallChain): Fault {
  const { family, table, name, hook, policy, drops } = chain;
  const rules = drops === 0 ? [] : [`${drops} ${drops === 1 ? 'rule' : 'rules'} that drop`];
  const how = [...(policy === 'drop' ? ['policy drop'] : []), ...rules].join(', ');
  return {
    code: 'firewall',
    netns,
    dev: null,
    message: `the firewall of ${netns} can drop it: table ${family} ${table}, chain ${name}, hook ${hook}: ${how}`,
    items: [],
    remedy: { kind: 'advice', text: `see its rules in ${netns}: nft list chain ${family} ${table} ${name}` },
  };
}

function seesFamily(chain: FirewallChain, family: 'ip' | 'ip6' | 'bridge'): boolean {
  return chain.family === family || (chain.family === 'inet' && family !== 'bridge');
}
