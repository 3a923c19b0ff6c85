// Takes one lock again and again for a while, and gives it back, every other time with its file. Says how often it had
// the lock, and how often somebody else had it, too.
import { rmSync, writeFileSync } from 'node:fs';
import { Machine } from '../../../../dist/kernel/machine.js';
import { Locks } from '../../../../dist/reconcile/lock.js';

const [inside, milliseconds] = process.argv.slice(2);
const machine = Machine.open();
const end = Date.now() + Number(milliseconds);
let had = 0;
let shared = 0;
while (Date.now() < end) {
  const locks = new Locks(machine, 'contended', 'apply');
  try {
    locks.take(['a']);
  } catch (error) {
    if (error.code !== 'locked') throw error;
    continue;
  }
  had++;
  try {
    writeFileSync(inside, '', { flag: 'wx' });
  } catch {
    shared++;
  }
  rmSync(inside, { force: true });
  if (had % 2 === 0) locks.drop('a');
  locks.release();
}
machine.close();
console.log(JSON.stringify({ had, shared }));
