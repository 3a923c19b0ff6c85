// Which kinds of link this kernel has, asked of the kernel itself: a test of a kind that it lacks is skipped for it.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'vitest';
import { hasProgram, skipForKernel } from '../../sandbox/machine.ts';

const known = new Map<string, boolean>();

/** A hook, `beforeEach(needsKinds('vlan'))`, that skips where the kernel makes no link of one of the kinds. */
export function needsKinds(...kinds: readonly string[]): (context: TestContext) => void {
  return (context) => {
    if (kinds.length > 0 && !hasProgram('ip')) context.skip('not installed: ip');
    const missing = kinds.filter((kind) => !hasKind(kind));
    if (missing.length > 0) skipForKernel(context, `it has no ${missing.join(', ')}`);
  };
}

/** Tries to make one in a namespace of its own, which goes with the shell. */
function hasKind(kind: string): boolean {
  const made = known.get(kind);
  if (made !== undefined) return made;
  const words: Readonly<Record<string, string>> = {
    vxlan: 'name t type vxlan id 1 dstport 4789',
    vlan: 'link v name t type vlan id 1',
    macvlan: 'link v name t type macvlan',
  };
  const script = `ip link add name v type veth peer name w && ip link add ${words[kind] ?? `name t type ${kind}`}`;
  const result = spawnSync('unshare', ['--net', '--', '/bin/sh', '-c', script], { encoding: 'utf8' });
  known.set(kind, result.status === 0);
  return result.status === 0;
}

const SWITCH = '/dev/shm/fallback-tunnels';

/**
 * Says whether the kernel makes a `tunl0` in new namespaces: 0 it does, 2 it does not. That is for the machine's first
 * namespace to say, where only the guest of test/kernels listens.
 */
export function switchFallbackTunnels(context: TestContext, value: 0 | 2): void {
  if (!existsSync(SWITCH)) skipForKernel(context, 'its fallback tunnels cannot be switched from here');
  writeFileSync(SWITCH, `${value}\n`);
  writeFileSync(SWITCH, ''); // opened again: the line before was carried out
}
