import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../src/kernel/codec/event.ts';
import { parseIp } from '../../../src/state/ip.ts';
import { messagesOf, nameOf } from '../captured.ts';

function told(command: string) {
  return parseEvent(messagesOf('events', command)[0]!, 0, nameOf);
}

describe('parseEvent', () => {
  it.each([
    ['ip link set dev br1 up', { kind: 'link', gone: false, link: { name: 'br1', up: true } }],
    [
      'ip route add 10.50.0.0/16 via 192.168.1.16 dev ens192 proto 169',
      {
        kind: 'route',
        gone: false,
        replaced: false,
        route: { dst: parseIp('10.50.0.0'), dstLength: 16, dev: 'ens192', protocol: 169 },
      },
    ],
    [
      'ip route delete 10.50.0.0/16',
      { kind: 'route', gone: true, route: { dst: parseIp('10.50.0.0'), dev: 'ens192' } },
    ],
    ['ip address delete 10.20.1.3/24 dev veth0', { kind: 'address', gone: true, ipv4: true, ifindex: 20 }],
    [
      'ip neighbour delete 192.168.1.16 dev ens192',
      { kind: 'neighbour', gone: true, neighbour: { dst: parseIp('192.168.1.16'), dev: 'ens192' } },
    ],
    ['sysctl -qw net.ipv4.conf.veth0.proxy_arp=0', { kind: 'netconf', family: 'ipv4', ifindex: 20 }],
  ])('reads what `%s` makes the kernel tell', (command, event) => {
    expect(told(command)).toMatchObject(event);
  });
});
