// The files that the contestants read: the same routes and the same workloads in the words of each.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { DEVICE } from './cell.ts';

/** The address of route number `index`: 10.0.0.1 and on, as the floor counts. */
export function dstOf(index: number): string {
  const ip = 0x0a000001 + index;
  return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`;
}

/** Numbers of routes: 0 to count, one of them replaced by another where an edit is wanted. */
export function routeNumbers(
  count: number,
  edit: { readonly from: number; readonly to: number } | null,
): number[] {
  return Array.from({ length: count }, (_, index) => (index === edit?.from ? edit.to : index));
}

/** One line a route, as people write them. */
export function topologyOfRoutes(numbers: readonly number[]): string {
  const lines = numbers.map((index) => `      - { dst: ${dstOf(index)}/32, dev: ${DEVICE}, scope: link }\n`);
  return `name: bench\nnetns:\n  self:\n    links:\n      ${DEVICE}: { kind: existing }\n    routes:\n${lines.join('')}`;
}

export function batchOfRoutes(numbers: readonly number[]): string {
  const lines = numbers.map((index) => `route add ${dstOf(index)}/32 dev ${DEVICE} scope link proto 200\n`);
  return lines.join('');
}

export function birdOfRoutes(numbers: readonly number[]): string {
  const lines = numbers.map((index) => `route ${dstOf(index)}/32 via "${DEVICE}";\n`);
  return [
    'router id 192.0.2.1;\nprotocol device {}\n',
    'protocol kernel { ipv4 { import none; export all; }; }\n',
    `protocol static { ipv4;\n${lines.join('')}}\n`,
  ].join('');
}

export function topologyOfPods(count: number): string {
  const lines = Array.from({ length: count }, (_, pod) => `  pod${pod}: { address: ${podAddress(pod)} }\n`);
  return `name: bench-pods\nworkloads:\n${lines.join('')}`;
}

/** Shell lines that make pods with one `ip -batch` outside and one in each namespace. */
export function batchOfPods(
  bench: Bench,
  count: number,
  ip: string,
): { readonly create: string; readonly destroy: string } {
  const pods = Array.from({ length: count }, (_, pod) => pod);
  const outside = pods.flatMap((pod) => [
    `netns add ip-${pod}`,
    `link add name p${pod} address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns ip-${pod}`,
    `link set dev p${pod} group 97 up`,
    `route add ${podAddress(pod)}/32 dev p${pod} scope link`,
  ]);
  const file = write(bench, 'pods-outside', `${outside.join('\n')}\n`);
  const lines = pods.flatMap((pod) => {
    const inside = [
      'link set dev lo up',
      'link set dev eth0 up',
      `address add ${podAddress(pod)}/32 dev eth0`,
      'route add 169.254.1.1/32 dev eth0 scope link',
      'route add default via 169.254.1.1 dev eth0',
    ];
    return [
      `printf '${inside.join('\\n')}\\n' | ${ip} -n ip-${pod} -batch -`,
      `echo 1 > /proc/sys/net/ipv4/conf/p${pod}/proxy_arp`,
    ];
  });
  const names = write(bench, 'pods-destroy', `${pods.map((pod) => `netns del ip-${pod}`).join('\n')}\n`);
  return {
    create: `set -e; ${ip} -batch ${file}; ${lines.join('\n')}`,
    destroy: `set -e; ${ip} link del group 97; ${ip} -batch ${names}`,
  };
}

/** The same by one `ip` a command. */
export function scriptOfPods(
  count: number,
  ip: string,
): { readonly create: string; readonly destroy: string } {
  const pods = Array.from({ length: count }, (_, pod) => pod);
  const create = pods.flatMap((pod) => [
    `${ip} netns add ip-${pod}`,
    `${ip} link add name p${pod} address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns ip-${pod}`,
    `${ip} link set dev p${pod} up`,
    `${ip} route add ${podAddress(pod)}/32 dev p${pod} scope link`,
    `echo 1 > /proc/sys/net/ipv4/conf/p${pod}/proxy_arp`,
    `${ip} -n ip-${pod} link set dev lo up`,
    `${ip} -n ip-${pod} link set dev eth0 up`,
    `${ip} -n ip-${pod} address add ${podAddress(pod)}/32 dev eth0`,
    `${ip} -n ip-${pod} route add 169.254.1.1/32 dev eth0 scope link`,
    `${ip} -n ip-${pod} route add default via 169.254.1.1 dev eth0`,
  ]);
  const destroy = pods.flatMap((pod) => [`${ip} link del dev p${pod}`, `${ip} netns del ip-${pod}`]);
  return { create: `set -e\n${create.join('\n')}`, destroy: `set -e\n${destroy.join('\n')}` };
}

/** Writes a file of the bench; its path. */
export function write(bench: Bench, name: string, text: string): string {
  const path = join(bench.directory, name);
  writeFileSync(path, text);
  return path;
}

function podAddress(pod: number): string {
  return `10.96.${pod >> 8}.${pod & 255}`;
}
