// Packets between two namespaces on a wire, with the answers counted.
import { beforeEach, describe, expect, it } from 'vitest';
import { ping } from '../../../src/lab/probe.ts';
import { parseIp } from '../../../src/state/ip.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';

describe('ping', () => {
  beforeEach((context) => {
    requires('ip')(context);
    freshMachine();
    sh(`ip netns add a; ip netns add b
      ip link add name eth0 netns a type veth peer name eth0 netns b
      for n in a b; do ip -n $n link set lo up; ip -n $n link set eth0 up; done
      ip -n a addr add 10.0.0.1/24 dev eth0; ip -n b addr add 10.0.0.2/24 dev eth0
      ip -n a addr add fd00::1/64 dev eth0 nodad; ip -n b addr add fd00::2/64 dev eth0 nodad`);
  });

  it('counts the answers and reads their TTL', () => {
    const result = ping('a', parseIp('10.0.0.2')!, { count: 3, timeout: 1000 });
    expect(result).toMatchObject({ sent: 3, received: 3, ttl: 64, refused: null });
    expect(result.rtts.every((rtt) => rtt !== null && rtt > 0 && rtt < 1000)).toBe(true);
  });

  it('reaches IPv6 addresses', () => {
    expect(ping('a', parseIp('fd00::2')!, { count: 2, timeout: 1000 })).toMatchObject({
      received: 2,
      ttl: null,
    });
  });

  it('waits no longer than it is told for an answer that does not come', () => {
    const start = performance.now();
    expect(ping('a', parseIp('10.0.0.9')!, { count: 1, timeout: 100 })).toMatchObject({
      received: 0,
      ttl: null,
    });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('names what the kernel refuses to send', () => {
    const result = ping('a', parseIp('192.0.2.1')!, { count: 1, timeout: 100 });
    expect(result).toMatchObject({ sent: 1, received: 0, refused: 'ENETUNREACH' });
  });

  it('sends from the machine itself when asked for self', () => {
    sh('ip link set lo up');
    expect(ping('self', parseIp('127.0.0.1')!, { count: 1, timeout: 500 })).toMatchObject({ received: 1 });
  });

  it('says that a namespace does not exist', () => {
    expect(() => ping('nowhere', parseIp('10.0.0.2')!, { count: 1, timeout: 100 })).toThrowError(
      expect.objectContaining({ code: 'netns' }),
    );
  });
});
