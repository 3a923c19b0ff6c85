// Applies a topology file as `calico-reconcile apply` does. Says when it begins to look at the kernel, and when the last
// step was carried out: between these two it is worth being killed.
import { writeSync } from 'node:fs';
import { converge, Machine, readTopology } from '../../../../dist/index.js';

const { hostname } = await import('node:os');
const desired = readTopology([process.argv[2]], { hosts: null, hostname: hostname() });
writeSync(1, 'begins\n');
const machine = Machine.open();
converge(machine, desired, { adopt: false, pruneAll: true, onStep: () => writeSync(1, '.') });
writeSync(1, '\nis over\n');
