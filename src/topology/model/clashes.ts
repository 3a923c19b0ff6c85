// What cannot be said twice: namespaces, addresses and devices of workloads and hosts; and uplinks that end nowhere.
import { formatIp, type Ip } from '../../state/ip.ts';
import type { Place } from '../../state/place.ts';
import { addFinding, type ProblemCode } from '../source/findings.ts';
import type { Reading } from './scalars.ts';
import type { Topology } from './topology.ts';
import type { Workload } from './workload.ts';

/** The workloads without those that take what another has; findings for these. */
export function withoutClashes(reading: Reading, topology: Topology): Workload[] {
  const clash = (code: ProblemCode, place: Place, other: Place, message: string): false => {
    addFinding(reading.findings, code, place, message, { other });
    return false;
  };
  const claimNetns = netnsClaims(topology, clash);
  const addresses = new Map<Ip, Place>();
  const devices = new Map<string, Place>();
  for (const { name, uplink } of topology.hosts.values()) {
    if (uplink === null) continue;
    devices.set(`${name}/${uplink.dev}`, uplink.place);
    for (const { address, place } of uplink.addresses) addresses.set(address, place);
  }
  return topology.workloads.filter((workload) => {
    const { name, host, dev, netns, netnsStated, place } = workload;
    let sound = claimNetns(netns, place, netnsStated);
    for (const own of workload.addresses) {
      const first = addresses.get(own.address);
      if (first === undefined) addresses.set(own.address, own.place);
      else
        sound = clash(
          'duplicateAddress',
          own.place,
          first,
          `${formatIp(own.address)} is someone else's address already`,
        );
    }
    const device = `${host.name}/${dev}`;
    const first = devices.get(device);
    if (first === undefined) devices.set(device, place);
    else
      sound = clash(
        'duplicateDev',
        place,
        first,
        `${dev}, the \`dev\` of ${name}, is another link of ${host.name} already`,
      );
    return sound;
  });
}

/** A finding for each simulated host whose uplink ends neither in an underlay nor where `netns` says. */
export function checkUplinks(reading: Reading, { hosts, underlays, namespaces }: Topology): void {
  if (reading.findings.some(({ code }) => code === 'unknownHost')) return;
  const wired = new Set(underlays.flatMap((underlay) => underlay.hosts.map((host) => host.name)));
  for (const { name, netns, uplink } of hosts.values()) {
    if (netns === null || uplink === null || wired.has(name)) continue;
    if (namespaces.get(netns)?.links.some((link) => link.name === uplink.dev)) continue;
    addFinding(reading.findings, 'noWay', uplink.place, `the uplink of ${name} is wired to nothing`, {
      hint: `name ${name} in an \`underlay\`, or write the link under \`netns\``,
    });
  }
}

/** Namespaces of hosts, underlays and workloads differ, except among workloads that all name theirs. */
function netnsClaims(
  { hosts, underlays }: Topology,
  clash: (code: ProblemCode, place: Place, other: Place, message: string) => false,
): (netns: string, place: Place, stated: boolean) => boolean {
  const taken = new Map<string, { readonly place: Place; readonly shared: boolean }>();
  const claim = (netns: string, place: Place, shared: boolean): boolean => {
    const first = taken.get(netns);
    if (first === undefined) taken.set(netns, { place, shared });
    else if (!first.shared || !shared) {
      return clash('duplicateNetns', place, first.place, `the namespace ${netns} is someone else's already`);
    }
    return true;
  };
  for (const { netns, place } of hosts.values()) if (netns !== null) claim(netns, place, false);
  for (const { netns, place } of underlays) claim(netns, place, false);
  return claim;
}
