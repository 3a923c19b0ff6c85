// One writer for each namespace: the files of locks come and go with the namespaces, and two writers never hold one lock.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../../src/kernel/machine.ts';
import { Locks } from '../../../src/reconcile/lock.ts';
import { runDirectory } from '../../../src/reconcile/run-directory.ts';
import { freshMachine } from '../../sandbox/machine.ts';
import { destroyName, establish } from './pass.ts';

const MILLISECONDS = '1500';
const program = fileURLToPath(new URL('programs/contend.js', import.meta.url));
const namespaces = (...names: readonly string[]): string =>
  `name: lab\nnetns: { ${names.map((name) => `${name}: {}`).join(', ')} }\n`;

let machine: Machine;

beforeEach(() => {
  freshMachine();
  machine = Machine.open();
});
afterEach(() => machine.close());

/** What stands in the run directory of the topology. */
const files = (): string[] => readdirSync(runDirectory(machine, 'lab')).sort();

describe('the files of locks', () => {
  it('stay between two writers, and go with their namespaces', () => {
    establish(namespaces('a', 'b', 'self'));
    expect(files()).toEqual(['applied', 'lock.a', 'lock.b', 'lock.self']);
    establish(namespaces('a'));
    expect(files()).toEqual(['applied', 'lock.a', 'lock.self']);
  });

  it('are gone after a destroy, with their directory', () => {
    establish(namespaces('a', 'self'));
    destroyName('lab');
    expect(readdirSync('/run/calico-reconcile')).toEqual([]);
  });

  it('are not made by a destroy of what never was', () => {
    destroyName('lab');
    expect(existsSync('/run/calico-reconcile')).toBe(false);
  });

  it('stay where another holds the lock', () => {
    establish(namespaces('a'));
    const other = new Locks(machine, 'lab', 'watch');
    other.take(['gone']);
    establish(namespaces('a'));
    expect(files()).toEqual(['applied', 'lock.a', 'lock.gone']);
    expect(readFileSync(`${runDirectory(machine, 'lab')}/lock.gone`, 'utf8')).toContain('watch');
    other.release();
  });
});

describe('a lock', () => {
  it('is held by one writer at a time, though its file comes and goes', async () => {
    const args = [program, '/run/inside', MILLISECONDS];
    const writers = [1, 2, 3].map(() => promisify(execFile)(process.execPath, args));
    const counts = (await Promise.all(writers)).map(({ stdout }) => JSON.parse(stdout));
    expect(counts.map(({ shared }) => shared)).toEqual([0, 0, 0]);
    expect(counts.reduce((sum, { had }) => sum + had, 0)).toBeGreaterThan(100);
  });
});
