// The rtnetlink socket on the real kernel: refusals with the kernel's words, batches, overflow, and whole dumps.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KernelError } from '../../../src/errors.ts';
import { NLM_F_DUMP_INTR, RTM_GETADDR, RTM_GETLINK, RTM_GETROUTE } from '../../../src/kernel/constants.ts';
import * as libc from '../../../src/kernel/libc.ts';
import { Machine } from '../../../src/kernel/machine.ts';
import { readAddresses, readLinks } from '../../../src/kernel/observe.ts';
import { Requests } from '../../../src/kernel/requests.ts';
import type { Address } from '../../../src/state/address.ts';
import { parseIp } from '../../../src/state/ip.ts';
import type { Route } from '../../../src/state/route.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

vi.mock('../../../src/kernel/libc.ts', async (original) => {
  const real = await original<typeof libc>();
  return { ...real, receive: vi.fn(real.receive) };
});

const ip = (text: string) => parseIp(text)!;
const program = (name: string) => fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));

function route(dst: string, dstLength: number, rest: Partial<Route> = {}): Route {
  const none = { via: null, dev: null, src: null, mtu: 0, onlink: false, nexthops: null };
  return { dst: ip(dst), dstLength, table: 254, metric: 0, type: 1, scope: 0, ...none, ...rest };
}

function address(text: string, prefixlen: number): Address {
  return { dev: 'lo', address: ip(text), prefixlen, peer: null, scope: 0, noprefixroute: false };
}

let machine: Machine;
let refused: [tag: string | number, error: KernelError][];
let requests: Requests<string | number>;

beforeEach(() => {
  freshMachine();
  machine = Machine.open();
  refused = [];
  requests = new Requests(machine.self.socket, (tag, error) => refused.push([tag, error]));
});

afterEach(() => machine.close());

const indexOf = (name: string): number =>
  readLinks(machine.self).find((link) => link.name === name)?.ifindex ?? 0;
const told = () => refused.map(([tag, error]) => [tag, error.errno, error.kernelMessage]);

function blackholes(): number {
  const { socket } = machine.self;
  const isOne = (buffer: Buffer, start: number): true | null => (buffer[start + 7] === 6 ? true : null);
  return socket.dump(RTM_GETROUTE, (writer) => writer.zeros(12), isOne).length;
}

describe('a refused request', () => {
  beforeEach(requires('ip'));

  it('is told with its errno and the kernel’s own sentence', () => {
    sh(`ip link add name v0 type veth peer name v1; ip link set v0 up; ip link set v1 up
      ip addr add 10.0.0.1/24 dev v0; ip link add name down0 type bridge`);
    const add = (tag: string, made: Route): void => requests.routeAdd(tag, made, 169, indexOf, 'exclusive');
    add('gateway', route('10.9.0.0', 16, { via: ip('172.16.0.1'), dev: 'v0' }));
    add('source', route('10.8.0.0', 16, { dev: 'v0', scope: 253, src: ip('10.7.7.7') }));
    add('prefix', route('10.9.0.1', 16, { dev: 'v0', scope: 253 }));
    add('device', route('10.6.0.0', 16, { dev: 'down0', scope: 253 }));
    requests.flush();
    expect(told()).toEqual([
      ['gateway', 'ENETUNREACH', 'Nexthop has invalid gateway'],
      ['source', 'EINVAL', 'Invalid prefsrc address'],
      ['prefix', 'EINVAL', 'Invalid prefix for given prefix length'],
      ['device', 'ENETDOWN', 'Device for nexthop is not up'],
    ]);
    expect(refused[0]![1]).toMatchObject({
      code: 'kernel',
      operation: 'route add',
      message: 'route add: Nexthop has invalid gateway (ENETUNREACH)',
    });
  });

  it('is told without a sentence where the kernel has none', () => {
    requests.routeAdd('first', route('10.1.0.0', 16, { type: 6 }), 169, indexOf, 'exclusive');
    requests.routeAdd('second', route('10.1.0.0', 16, { type: 6 }), 169, indexOf, 'exclusive');
    requests.flush();
    expect(told()).toEqual([['second', 'EEXIST', null]]);
  });

  it('is nothing to tell where what is to be deleted has gone', () => {
    requests.routeDelete('route', route('10.1.0.0', 16, { type: 6 }), 169, indexOf);
    requests.addressDelete('address', address('10.0.0.1', 24), 1);
    requests.linkDelete('link', 999);
    requests.flush();
    expect(told()).toEqual([]);
  });
});

describe('a batch', () => {
  it('goes on after a refusal, and each is told under its own tag', () => {
    for (let i = 0; i < 10; i++) {
      const type = i % 3 === 1 ? 1 : 6; // a unicast route by nothing is refused
      requests.routeAdd(i, route(`10.${i}.0.0`, 16, { type }), 169, indexOf, 'exclusive');
    }
    requests.flush();
    expect(refused.map(([tag]) => tag)).toEqual([1, 4, 7]);
    expect(blackholes()).toBe(7);
  });

  it('tells a refusal of its last request', () => {
    requests.routeAdd('good', route('10.1.0.0', 16, { type: 6 }), 169, indexOf, 'exclusive');
    requests.routeAdd('bad', route('10.2.0.0', 16), 169, indexOf, 'exclusive');
    requests.flush();
    expect(refused.map(([tag]) => tag)).toEqual(['bad']);
    expect(blackholes()).toBe(1);
  });

  it('may hold any number of requests', () => {
    const count = machine.self.socket.batchLimit * 2 + 17;
    const bad = new Set([0, machine.self.socket.batchLimit - 1, machine.self.socket.batchLimit, count - 1]);
    for (let i = 0; i < count; i++) {
      const made = { ...route('10.0.0.0', 32, { type: bad.has(i) ? 1 : 6 }), dst: 0x0a000000 + i };
      requests.routeAdd(i, made, 169, indexOf, 'exclusive');
    }
    requests.flush();
    expect(refused.map(([tag]) => tag)).toEqual([...bad]);
    expect(blackholes()).toBe(count - bad.size);
  });

  it('of nothing sends nothing', () => {
    requests.flush();
    expect(told()).toEqual([]);
  });
});

describe('a small receive buffer', () => {
  it('neither loses refusals of batches nor ends the process when it overflows', () => {
    const { status, signal, stdout, stderr } = spawnSync(
      'unshare',
      ['--user', '--map-root-user', '--net', process.execPath, program('small-buffer')],
      { encoding: 'utf8', timeout: 20_000 },
    );
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
    const seen = JSON.parse(stdout);
    expect(seen).toMatchObject({
      refused: 3000,
      distinct: 3000,
      last: '2999 ENETUNREACH Nexthop has invalid gateway',
      dropsOfRequests: 0,
      routes: 3001,
      eventsAfter: 1,
    });
    expect(seen.batchLimit).toBeLessThan(3000);
    expect(seen.told).toBeLessThan(3000);
    expect(seen.told + seen.dropsOfOneSend).toBe(3000);
    expect(seen.dropsOfEvents).toBeGreaterThan(0);
    expect(seen.eventsOfFlood + seen.dropsOfEvents).toBe(3000);
  });
});

describe('a dump', () => {
  it('of a table that does not exist is empty', () => {
    const RTA_TABLE = 15;
    const format = (writer: { zeros(n: number): void; attributeU32(t: number, v: number): void }): void => {
      writer.zeros(12);
      writer.attributeU32(RTA_TABLE, 4242);
    };
    expect(machine.self.socket.dump(RTM_GETROUTE, format, () => true)).toEqual([]);
  });

  it('raises what the kernel refuses, with its words', () => {
    const format = (writer: { zeros(n: number): void; u32(n: number): void }): void => {
      writer.zeros(4);
      writer.u32(77); // a strict link dump takes no ifindex
      writer.zeros(8);
    };
    expect(() => machine.self.socket.dump(RTM_GETLINK, format, () => null)).toThrowError(
      expect.objectContaining({ code: 'kernel', errno: 'EINVAL', kernelMessage: expect.any(String) }),
    );
    expect(readLinks(machine.self).map((link) => link.name)).toEqual(['lo']);
  });

  describe('while others change what is dumped', () => {
    let churn: ChildProcess;
    let interrupted: number;

    beforeEach(async () => {
      for (let i = 0; i < 2000; i++) {
        const one = { ...address('10.0.0.0', 32), address: 0x0a000000 + i };
        requests.addressAdd(i, one, 1, { protocol: 169, nodad: true });
      }
      requests.flush();
      expect(told()).toEqual([]);
      churn = spawn(process.execPath, [program('churn')], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(churn.stdout!, 'data');
      interrupted = 0;
      const real = (await vi.importActual<typeof libc>('../../../src/kernel/libc.ts')).receive;
      vi.mocked(libc.receive).mockImplementation((fd, buffer) => {
        const length = real(fd, buffer);
        if (length >= 16 && buffer.readUInt16LE(6) & NLM_F_DUMP_INTR) interrupted++;
        return length;
      });
    });

    afterEach(async () => {
      churn.stdin!.end();
      await once(churn, 'exit');
      vi.mocked(libc.receive).mockReset();
    });

    it('never lacks what was there all the time', () => {
      const names = (ifindex: number) => (ifindex === 1 ? 'lo' : null);
      let dumps = 0;
      for (; dumps < 2000 && (interrupted < 10 || dumps < 50); dumps++) {
        const marked = readAddresses(machine.self, names).filter((one) => one.protocol === 169);
        if (marked.length !== 2000) expect(marked.length).toBe(2000);
      }
      expect(interrupted).toBeGreaterThan(0);
    });
  });

  it('is given up, with the reason, where it is interrupted every time', async () => {
    const real = (await vi.importActual<typeof libc>('../../../src/kernel/libc.ts')).receive;
    vi.mocked(libc.receive).mockImplementation((fd, buffer) => {
      const length = real(fd, buffer);
      if (length >= 16) buffer[6]! |= NLM_F_DUMP_INTR;
      return length;
    });
    try {
      expect(() =>
        machine.self.socket.dump(
          RTM_GETADDR,
          (writer) => writer.zeros(8),
          () => true,
        ),
      ).toThrowError(expect.objectContaining({ code: 'kernel', errno: 'EINTR' }));
    } finally {
      vi.mocked(libc.receive).mockReset();
    }
  });
});
