// What a verb that changes the network must be allowed to do, asked before it begins: one line instead of a refusal an item.
import { hasCapability, lacking } from '../kernel/capabilities.ts';
import { SELF } from '../state/network.ts';

/** Raises a `permission` error where the process may not change the network of the namespaces named. */
export function requirePrivileges(verb: string, namespaces: Iterable<string>): void {
  if (!hasCapability('CAP_NET_ADMIN'))
    throw lacking('CAP_NET_ADMIN', `${verb} needs CAP_NET_ADMIN to change links, addresses and routes`);
  const others = [...namespaces].some((name) => name !== SELF);
  if (others && !hasCapability('CAP_SYS_ADMIN'))
    throw lacking('CAP_SYS_ADMIN', `${verb} needs CAP_SYS_ADMIN to enter and make network namespaces`);
}
