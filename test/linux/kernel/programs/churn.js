// Adds and deletes addresses and links in the namespace it is started in, in bursts, until its input ends.
import { setTimeout } from 'node:timers/promises';
import { Requests } from '../../../../dist/kernel/requests.js';
import { NetlinkSocket } from '../../../../dist/kernel/socket.js';

const requests = new Requests(new NetlinkSocket(), () => {});
const address = (i) => ({
  dev: 'lo',
  address: 0x0b000000 + i,
  prefixlen: 32,
  peer: null,
  scope: 0,
  noprefixroute: false,
});
const bridge = { name: 'churn', spec: { kind: 'bridge', stp: false, vlanFiltering: false }, up: false };
const link = { ...bridge, mtu: null, mac: null, master: null, adopt: false, source: -1 };

let over = false;
process.stdin.on('end', () => {
  over = true;
});
process.stdin.resume();
console.log('churning');
while (!over) {
  for (let i = 0; i < 20; i++) requests.addressAdd(null, address(i), 1, { protocol: 5, nodad: true });
  requests.linkAdd(null, { link, ifindex: 900 }, { group: 5, peer: null, lower: 0, up: false });
  requests.flush();
  for (let i = 0; i < 20; i++) requests.addressDelete(null, address(i), 1);
  requests.linkDelete(null, 900);
  requests.flush();
  await setTimeout(1);
}
