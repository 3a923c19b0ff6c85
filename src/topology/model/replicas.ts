// Replicas: copies of a workload, every address counting up by one.
import { addToIp, containsIp, formatIp, formatPrefix } from '../../state/ip.ts';
import { addFinding } from '../source/findings.ts';
import { type MapValue, valuePlace } from '../source/tree.ts';
import { defaultDev } from './calico.ts';
import { type Pool, poolOf } from './pool.ts';
import { type Reading, readNumber } from './scalars.ts';
import type { Workload } from './workload.ts';

const MAX_REPLICAS = 65536;
const MAX_NAME = 63;

/** The copies that `replicas` of a workload's map asks for; none, and a finding, where they cannot be. */
export function readReplicas(
  reading: Reading,
  map: MapValue,
  workload: Workload,
  pools: readonly Pool[],
): Workload[] {
  const count = readNumber(map, 'replicas') ?? 0;
  if (!Number.isInteger(count) || count < 1 || count > MAX_REPLICAS) return [];
  const before = reading.findings.length;
  checkNames(reading, map, workload, count);
  checkAddresses(reading, workload, count, pools);
  if (reading.findings.length > before) return [];
  return Array.from({ length: count }, (_, index) => copyOf(workload, index));
}

function copyOf(workload: Workload, index: number): Workload {
  const name = `${workload.name}-${index}`;
  const addresses = workload.addresses.map((prefix) => ({
    ...prefix,
    address: addToIp(prefix.address, index)!,
  }));
  return { ...workload, name, netns: name, dev: defaultDev(name), addresses };
}

function checkNames(reading: Reading, map: MapValue, { name, place }: Workload, count: number): void {
  for (const key of ['dev', 'netns']) {
    if (map[key] === undefined) continue;
    const at = valuePlace(reading.places, map, key);
    addFinding(reading.findings, 'itemsDisagree', at, `${count} replicas cannot share one \`${key}\``, {
      hint: `leave \`${key}\` out: each replica gets its own`,
    });
  }
  const last = `${name}-${count - 1}`;
  if (last.length <= MAX_NAME) return;
  addFinding(
    reading.findings,
    'badName',
    place,
    `the replica's name ${last} is longer than ${MAX_NAME} characters`,
  );
}

function checkAddresses(
  reading: Reading,
  { addresses }: Workload,
  count: number,
  pools: readonly Pool[],
): void {
  for (const { address, place } of addresses) {
    const end = addToIp(address, count - 1);
    const cidr = poolOf(pools, address)?.cidr;
    if (end !== null && (cidr === undefined || containsIp(cidr, end))) continue;
    const limit =
      cidr === undefined ? 'all addresses' : `the pool ${formatPrefix(cidr.address, cidr.length)}`;
    const message = `${count} replicas from ${formatIp(address)} on run past the end of ${limit}`;
    addFinding(reading.findings, 'outsidePool', place, message);
  }
}
