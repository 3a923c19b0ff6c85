// The network of a topology, judged without a packet: each workload's gateway and the seven conditions of proxy ARP,
// forwarding, links, MTUs along every wire, and firewalls that drop what is forwarded.
import { containsIp, familyOf, formatIp } from '../state/ip.ts';
import type { DesiredNamespace } from '../state/network.ts';
import { decideAnswer } from '../trace/answer.ts';
import { type Fault, itemRef, sysctlRemedy } from '../trace/fault.ts';
import { firewallFault } from '../trace/firewall.ts';
import { linkDown } from '../trace/refusal.ts';
import { farEnds, mtuHole, wrongPeer } from '../trace/wire.ts';
import type { World } from '../trace/world.ts';
import { advice, type Finding, finding, findingOf } from './finding.ts';

/** Everything that keeps the topology's packets from their ways; one `good` finding where nothing does. */
export function checkNetwork(world: World): Finding[] {
  const findings: Finding[] = [];
  const names = [...world.desired.namespaces.keys()];
  if (names.every((name) => world.namespace(name) === null)) {
    const remedy = advice('apply it, or try it: calico-reconcile lab FILE');
    return [
      finding('note', 'notApplied', `nothing of ${world.desired.name} is on this machine yet`, null, remedy),
    ];
  }
  for (const namespace of world.desired.namespaces.values()) {
    if (world.namespace(namespace.name) === null) {
      const { name } = namespace;
      const items = [itemRef(name, 'netns', name)];
      const fault: Fault = {
        code: 'noNamespace',
        netns: name,
        dev: null,
        message: `there is no namespace ${name}`,
        items,
        remedy: null,
      };
      findings.push(findingOf(fault, 'failure'));
      continue;
    }
    findings.push(
      ...checkForwarding(world, namespace),
      ...checkLinks(world, namespace),
      ...checkGateways(world, namespace),
      ...checkFirewall(world, namespace),
    );
  }
  if (findings.some(({ severity }) => severity !== 'note')) return findings;
  const count = world.desired.namespaces.size;
  return [
    ...findings,
    finding('good', 'network', `the network of ${world.desired.name} is sound in ${count} namespaces`),
  ];
}

function checkForwarding(world: World, namespace: DesiredNamespace): Finding[] {
  const key = 'net.ipv4.ip_forward';
  const { name } = namespace;
  if (namespace.sysctls.get(key)?.value !== '1' || world.setting(name, key) !== 0) return [];
  const message = `${name} forwards nothing: ${key} = 0`;
  const items = [itemRef(name, 'sysctl', key)];
  return [
    findingOf(
      { code: 'forwardingOff', netns: name, dev: null, message, items, remedy: sysctlRemedy(name, key, '1') },
      'failure',
    ),
  ];
}

/** Links that are missing, down, or lead elsewhere, and wires that take less than their ends send. */
function checkLinks(world: World, namespace: DesiredNamespace): Finding[] {
  const { name: netns } = namespace;
  const findings: Finding[] = [];
  for (const link of namespace.links.values()) {
    const end = { netns, name: link.name };
    const found = world.link(netns, link.name);
    if (found === null) {
      const message = `${netns} has no link ${link.name}`;
      const items = [itemRef(netns, 'link', link.name)];
      findings.push(
        findingOf({ code: 'linkMissing', netns, dev: link.name, message, items, remedy: null }, 'failure'),
      );
      continue;
    }
    if (!found.up && link.up !== false) findings.push(findingOf(linkDown(netns, link.name), 'failure'));
    const peer = wrongPeer(world, end);
    if (peer !== null) findings.push(findingOf(peer, 'failure'));
    if (found.master !== null || found.kind === 'bridge') continue;
    for (const far of farEnds(world, end)) {
      const hole = mtuHole(world, end, far);
      if (hole !== null) findings.push(findingOf(hole, 'failure'));
    }
  }
  return onceEach(findings);
}

/** Whether the far end of a workload's link answers for its gateway. */
function checkGateways(world: World, namespace: DesiredNamespace): Finding[] {
  const { name: netns } = namespace;
  const findings: Finding[] = [];
  for (const route of namespace.routes) {
    const { via, dev } = route;
    if (route.dstLength !== 0 || via === null || dev === null) continue;
    const own = world
      .namespace(netns)
      ?.addresses.filter(({ address }) => familyOf(address) === familyOf(via));
    const asker = own?.find((held) => held.dev === dev)?.address ?? null;
    const link = world.link(netns, dev);
    const isPermanent = world
      .namespace(netns)
      ?.neighbours.some((held) => held.dev === dev && held.dst === via && held.permanent);
    if (link?.peer == null || !link.up || isPermanent) continue;
    const answers = farEnds(world, { netns, name: dev }).map(({ end }) =>
      decideAnswer(world, end, via, asker),
    );
    const [only] = answers;
    if (answers.some((answer) => answer.answers) || only === undefined || only.answers) continue;
    if (answers.length === 1) findings.push(findingOf(only.fault, 'failure'));
    else {
      const message = `nobody on the wire of ${dev} in ${netns} answers for its gateway ${formatIp(via)}`;
      findings.push(findingOf({ code: 'noAnswer', netns, dev, message, items: [], remedy: null }, 'failure'));
    }
  }
  return findings;
}

/** Chains that drop what is forwarded, where something is: a warning, since their rules may let ours through. */
function checkFirewall(world: World, { name, sysctls }: DesiredNamespace): Finding[] {
  const forwards = sysctls.get('net.ipv4.ip_forward')?.value === '1';
  return world
    .firewall(name)
    .filter(({ hook }) => (hook === 'forward' ? forwards : hook === 'prerouting'))
    .map((chain) => findingOf(firewallFault(name, chain), 'warning'));
}

function onceEach(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [`${one.code} ${one.message}`, one])).values()];
}

/** Routes of the topology that another, more specific and not ours, takes packets from. */
export function checkShadows(world: World): Finding[] {
  const findings: Finding[] = [];
  for (const namespace of world.desired.namespaces.values()) {
    const observed = world.namespace(namespace.name);
    const pinned = namespace.routes.filter(({ dstLength }) => dstLength > 0);
    for (const route of observed?.routes ?? []) {
      const shadowed = pinned.find(
        (wanted) =>
          route.dstLength > wanted.dstLength &&
          route.table === wanted.table &&
          familyOf(route.dst) === familyOf(wanted.dst) &&
          containsIp({ address: wanted.dst, length: wanted.dstLength }, route.dst),
      );
      const isWanted = namespace.routes.some(
        (wanted) => wanted.dst === route.dst && wanted.dstLength === route.dstLength,
      );
      if (shadowed === undefined || isWanted || route.protocol === 2) continue;
      const what = `${formatIp(route.dst)}/${route.dstLength}`;
      const message = `a route in ${namespace.name} that is in no file takes ${what} out of ${formatIp(shadowed.dst)}/${shadowed.dstLength}`;
      findings.push(finding('note', 'shadowedRoute', message));
    }
  }
  return findings;
}
