// Network namespaces on the real kernel: made, named, entered and let go, both ways with `ip netns`.
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../../src/kernel/machine.ts';
import { inFreshNamespace, namespaceNames, runIn } from '../../../src/kernel/netns.ts';
import { readLinks } from '../../../src/kernel/observe.ts';
import { readSysctl, writeSysctl } from '../../../src/kernel/sysctl.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

let machine: Machine;

beforeEach(() => {
  freshMachine();
  machine = Machine.open();
});

afterEach(() => machine.close());

const nothing = (): void => {};
const here = (): string => readlinkSync('/proc/thread-self/ns/net');
const names = (netns: string): string[] => readLinks(machine.namespace(netns)!).map((link) => link.name);

describe('a namespace we make', () => {
  it('is another than home, under its name, its socket and its descriptor', (context) => {
    requires('ip')(context);
    sh('ip link add name homelink type bridge');
    const made = machine.create('a', nothing);
    expect(made.socket.cookie).not.toBe(machine.self.socket.cookie);
    machine.release();
    const found = machine.namespace('a')!;
    expect(found.socket.cookie).toBe(made.socket.cookie);
    expect(names('a')).toEqual(['lo']);
    expect(found.enter(() => here())).not.toBe(here());
  });

  it('is another than every other one', () => {
    const cookies = ['a', 'b', 'c'].map((name) => machine.create(name, nothing).socket.cookie);
    expect(new Set([...cookies, machine.self.socket.cookie]).size).toBe(4);
  });

  it('has nothing but a `lo` that is down', () => {
    machine.create('a', nothing);
    expect(readLinks(machine.namespace('a')!)).toMatchObject([{ name: 'lo', up: false, alias: '' }]);
  });

  it('has no name before it was prepared', () => {
    let seen: string[] = ['?'];
    machine.create('a', () => {
      seen = namespaceNames();
    });
    expect(seen).toEqual([]);
    expect(namespaceNames()).toEqual(['a']);
  });

  it('is none where preparing it fails: no name is left, and the thread is at home', () => {
    const home = here();
    const fail = (): void => {
      throw new Error('refused');
    };
    expect(() => machine.create('a', fail)).toThrow('refused');
    expect({ names: namespaceNames(), here: here() }).toEqual({ names: [], here: home });
    expect(() => statSync('/run/netns/a')).toThrow();
  });

  it('takes over a plain file that was left under its name', () => {
    machine.create('other', nothing);
    writeFileSync('/run/netns/a', '');
    expect(namespaceNames()).toEqual(['other']);
    expect(machine.namespace('a')).toBeNull();
    machine.create('a', nothing);
    machine.release();
    expect(namespaceNames()).toEqual(['a', 'other']);
    expect(machine.namespace('a')!.socket.cookie).not.toBe(machine.self.socket.cookie);
  });

  it('does not take the place of one that stands', () => {
    const { cookie } = machine.create('a', nothing).socket;
    machine.release();
    expect(() => machine.create('a', nothing)).toThrowError(expect.objectContaining({ code: 'netns' }));
    expect(machine.namespace('a')!.socket.cookie).toBe(cookie);
  });

  it('goes with its name', () => {
    machine.create('a', nothing);
    machine.remove('a');
    expect(machine.namespace('a')).toBeNull();
    expect(() => statSync('/run/netns/a')).toThrow();
  });
});

describe('`ip netns`', () => {
  beforeEach(requires('ip'));

  it('finds, enters and deletes what we made', () => {
    machine.create('ours', nothing);
    expect(sh('ip netns list')).toMatch(/^ours\b/);
    expect(sh('ip -n ours -o link show')).toMatch(/^1: lo:/);
    expect(sh('ip netns exec ours readlink /proc/self/ns/net').trim()).toBe(
      machine.namespace('ours')!.enter(here),
    );
    sh('ip netns delete ours');
    machine.release();
    expect(machine.namespace('ours')).toBeNull();
  });

  it('makes what we find, enter and delete', () => {
    sh('ip netns add theirs; ip -n theirs link add name v0 type veth peer name v1');
    expect(machine.names()).toEqual(['theirs']);
    expect(names('theirs')).toEqual(['lo', 'v1', 'v0']);
    machine.remove('theirs');
    expect(sh('ip netns list')).toBe('');
    sh('ip netns add theirs');
  });
});

describe('a namespace re-created under its name', () => {
  beforeEach(requires('ip'));

  it('is found anew once the old one was released', () => {
    sh('ip netns add a');
    const { cookie } = machine.namespace('a')!.socket;
    sh('ip netns delete a; ip netns add a');
    expect(machine.namespace('a')!.socket.cookie).toBe(cookie);
    machine.release();
    expect(machine.namespace('a')!.socket.cookie).not.toBe(cookie);
  });

  it('dies when it was released, with the veths that reach into it', async () => {
    sh('ip netns add a; ip link add name v0 type veth peer name eth0 netns a');
    const has = (): boolean => readLinks(machine.self).some((link) => link.name === 'v0');
    machine.namespace('a');
    sh('ip netns delete a; ip netns add other');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(has()).toBe(true); // held
    machine.release();
    await expect.poll(has, { timeout: 5000 }).toBe(false);
  });

  it('dies though making another one failed', async () => {
    sh('ip link add name v0 type bridge');
    let cookie = 0n;
    const fail = (socket: { readonly cookie: bigint }): void => {
      cookie = socket.cookie;
      throw new Error('refused');
    };
    expect(() => machine.create('a', fail)).toThrow('refused');
    expect(cookie).not.toBe(0n);
    const sockets = (): number => readFileSync('/proc/self/net/netlink', 'utf8').split('\n').length;
    const before = sockets();
    for (let i = 0; i < 20; i++) expect(() => machine.create('a', fail)).toThrow('refused');
    expect(sockets()).toBe(before);
  });
});

describe('enter', () => {
  beforeEach(() => {
    machine.create('a', nothing);
    machine.create('b', nothing);
  });

  it('comes home after a throw', () => {
    const home = here();
    expect(() =>
      machine.namespace('a')!.enter(() => {
        throw new Error('x');
      }),
    ).toThrow('x');
    expect(here()).toBe(home);
  });

  it('reads and writes the namespace’s own sysctls', () => {
    const key = 'net.ipv4.ip_forward';
    machine.namespace('a')!.enter(() => writeSysctl(key, '1'));
    const read = (name: string) => machine.namespace(name)!.enter(() => readSysctl(key));
    expect([read('a'), read('b'), readSysctl(key)]).toEqual(['1', '0', '0']);
    expect(runIn('a', () => readSysctl(key))).toBe('1');
  });

  it('comes back to where it was begun', () => {
    const a = machine.namespace('a')!;
    const b = machine.namespace('b')!;
    const home = here();
    const seen = a.enter(() => [
      here(),
      b.enter(here),
      here(),
      machine.self.enter(here),
      inFreshNamespace(here),
      here(),
    ]);
    expect(seen).toEqual([
      a.enter(here),
      b.enter(here),
      a.enter(here),
      home,
      expect.anything(),
      a.enter(here),
    ]);
    expect(new Set(seen).size).toBe(4);
    expect(a.enter(() => a.enter(here))).toBe(a.enter(here));
    expect(here()).toBe(home);
  });

  it('leaves nothing of the namespace in the threads that read files asynchronously', () => {
    writeSysctl('net.ipv4.ip_default_ttl', '77');
    machine.namespace('a')!.enter(() => writeSysctl('net.ipv4.ip_default_ttl', '88'));
    const program = fileURLToPath(new URL('programs/pool-threads.cjs', import.meta.url));
    const { stdout } = spawnSync(process.execPath, ['--no-warnings', program, 'a'], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({ inside: '88', seen: ['77'] });
  });

  it('of a fresh namespace leaves no trace', () => {
    const home = here();
    const inside = inFreshNamespace(() => here());
    expect(inside).not.toBe(home);
    expect(here()).toBe(home);
    expect(namespaceNames()).toEqual(['a', 'b']);
  });
});

describe('the names of namespaces', () => {
  it('are none where the directory is not there', () => {
    expect(machine.names()).toEqual([]);
    expect(machine.namespace('nowhere')).toBeNull();
  });

  it('are in order, whenever they were made', () => {
    for (const name of ['b', 'c', 'a']) machine.create(name, nothing);
    expect(machine.names()).toEqual(['a', 'b', 'c']);
  });
});

describe('a leftover', () => {
  it('is a plain file, and never a namespace, nor what is no file', () => {
    machine.create('a', nothing);
    writeFileSync('/run/netns/plain', '');
    mkdirSync('/run/netns/folder');
    for (const name of ['a', 'plain', 'folder', 'absent']) machine.removeLeftover(name);
    expect(readdirSync('/run/netns').sort()).toEqual(['a', 'folder']);
    expect(namespaceNames()).toEqual(['a']);
    rmdirSync('/run/netns/folder');
  });
});
