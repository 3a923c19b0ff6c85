// With sockets whose receive buffer is the small one a user namespace has where the machine allows no more: asks for more
// than it holds answers of, lets events overflow it, and prints what it saw as one line of JSON.
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { MessageWriter } from '../../../../dist/kernel/codec/message.js';
import { formatRoute } from '../../../../dist/kernel/codec/route.js';
import {
  AF_NETLINK,
  NLM_F_CREATE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  SO_RCVBUF,
} from '../../../../dist/kernel/constants.js';
import { eventFilter } from '../../../../dist/kernel/event-filter.js';
import { EventSocket } from '../../../../dist/kernel/event-socket.js';
import { SOL_SOCKET, setIntOption, socketName } from '../../../../dist/kernel/libc.js';
import { Requests } from '../../../../dist/kernel/requests.js';
import { batchLimitFor, NetlinkSocket } from '../../../../dist/kernel/socket.js';
import { droppedBy } from '../../../../dist/kernel/socket-options.js';

const RTNLGRP_IPV4_ROUTE = 7;
const COUNT = 3000;
/** net.core.rmem_default of most machines; the kernel takes twice the number it is given. */
const SMALL = 212992;

const socket = small(() => new NetlinkSocket());
socket.batchLimit = batchLimitFor(SMALL);
const route = (i, rest) => ({
  dst: 0x0a000000 + i,
  dstLength: 32,
  table: 254,
  metric: 0,
  type: 1,
  scope: 0,
  via: null,
  dev: null,
  src: null,
  mtu: 0,
  onlink: false,
  nexthops: null,
  ...rest,
});
const unreachable = (i) => route(i, { via: 0x01010101 });
const blackhole = (i) => route(i, { type: 6 });
const inKernel = () =>
  socket.dump(
    RTM_GETROUTE,
    (writer) => writer.zeros(12),
    (buffer, start) => (buffer[start + 7] === 6 ? true : null),
  ).length;

const refused = [];
const requests = new Requests(socket, (tag, error) =>
  refused.push(`${tag} ${error.errno} ${error.kernelMessage}`),
);
for (let i = 0; i < COUNT; i++) requests.routeAdd(i, unreachable(i), 169, () => 0, 'exclusive');
requests.flush();
const dropsOfRequests = droppedBy(socket.fd);

const writer = new MessageWriter();
const first = socket.reserveSequences();
for (let i = 0; i < COUNT; i++) {
  writer.beginMessage(RTM_NEWROUTE, NLM_F_CREATE, first + i);
  formatRoute(writer, unreachable(i), 169, () => 0);
  writer.endMessage();
}
const told = socket.transact(writer, first, COUNT).length;
const dropsOfOneSend = droppedBy(socket.fd) - dropsOfRequests;

let events = 0;
const onWake = () => {
  events++;
  listener.drain(() => events++, COUNT);
};
const listener = small(() => new EventSocket([RTNLGRP_IPV4_ROUTE], eventFilter, onWake));
for (let i = 0; i < COUNT; i++) requests.routeAdd(i, blackhole(i), 169, () => 0, 'exclusive');
requests.flush();
const dropsOfEvents = listener.drops();
await setTimeout(100);
const eventsOfFlood = events;
requests.routeAdd(0, blackhole(COUNT), 169, () => 0, 'exclusive');
requests.flush();
await setTimeout(100);

function small(open) {
  const made = open();
  for (const name of readdirSync('/proc/self/fd')) {
    const address = socketName(Number(name));
    if (address?.readUInt16LE(0) === AF_NETLINK) setIntOption(Number(name), SOL_SOCKET, SO_RCVBUF, SMALL / 2);
  }
  return made;
}

console.log(
  JSON.stringify({
    batchLimit: socket.batchLimit,
    refused: refused.length,
    distinct: new Set(refused).size,
    last: refused.at(-1),
    dropsOfRequests,
    told,
    dropsOfOneSend,
    routes: inKernel(),
    dropsOfEvents,
    eventsOfFlood,
    eventsAfter: events - eventsOfFlood,
  }),
);
process.exit(0);
