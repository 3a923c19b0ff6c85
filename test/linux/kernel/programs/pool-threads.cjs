// A process whose threads that read files asynchronously are not made yet when it first enters a namespace (a module of
// the other kind would make them while it is loaded): prints what they see afterwards.
const { readFile } = require('node:fs');
const { Machine } = require('../../../../dist/kernel/machine.js');
const { readSysctl } = require('../../../../dist/kernel/sysctl.js');

const path = '/proc/sys/net/ipv4/ip_default_ttl';
const machine = Machine.open();
const inside = machine.namespace(process.argv[2]).enter(() => {
  readFile(path, () => {}); // as whoever forgets the rule would: the threads are made by now, at home
  return readSysctl('net.ipv4.ip_default_ttl');
});
const seen = [];
for (let i = 0; i < 32; i++) {
  readFile(path, 'utf8', (error, text) => {
    seen.push(error?.code ?? text.trim());
    if (seen.length < 32) return;
    console.log(JSON.stringify({ inside, seen: [...new Set(seen)] }));
    process.exit(0);
  });
}
