// Beside a routing daemon's full table: ours are found, missed, mended and deleted as on an empty machine, what stands
// in their way is seen, and the table is not touched.
import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../../src/kernel/machine.ts';
import { RouteMemory } from '../../../src/kernel/route-memory.ts';
import { Locks } from '../../../src/reconcile/lock.ts';
import { type ConvergeResult, converge } from '../../../src/reconcile/pass.ts';
import type { DesiredNetwork } from '../../../src/state/network.ts';
import { sh } from '../../sandbox/machine.ts';
import { box, freshBox, lines } from '../semantics/box.ts';
import { applyText, desire, differencesOf, establish, found, told } from '../semantics/pass.ts';

/** More than are read without asking what they are for. */
const MANY = 12_000;
const text = box(
  'routes: [{ dst: 10.9.0.0/16, via: 10.0.0.8, dev: eth0 }, { dst: 10.8.0.0/16, via: 10.0.0.8, dev: eth0 }]',
);
const ours = (dst: string): string => `${dst} via 10.0.0.8 dev eth0 proto 169`;

beforeEach(freshBox);

beforeEach(() => {
  establish(text);
  const table = Array.from({ length: MANY }, (_, at) => {
    return `route add 44.${at >> 8}.${at & 255}.0/24 via 10.0.0.6 dev eth0 proto bird\n`;
  });
  writeFileSync('/run/table', table.join(''));
  sh('ip -n box -batch /run/table');
});

const bird = (): number => lines('ip -n box route show proto bird').length;

describe('beside a full table', () => {
  it('a pass has nothing to do, and ours that is lost is put back', () => {
    expect(differencesOf(text)).toEqual([]);
    sh('ip -n box route del 10.9.0.0/16');
    expect(told(applyText(text).outcomes)).toEqual(['done missing box route 10.9.0.0/16']);
    expect(lines('ip -n box route show 10.9.0.0/16')).toEqual([ours('10.9.0.0/16')]);
    expect(bird()).toBe(MANY);
  });

  it('a foreign route at the place of ours is a conflict, and one before ours is told', () => {
    sh('ip -n box route replace 10.9.0.0/16 via 10.0.0.6 dev eth0 proto bird');
    sh('ip -n box route prepend 10.8.0.0/16 via 10.0.0.6 dev eth0 proto bird');
    const differences = differencesOf(text);
    expect(found(differences)).toEqual([
      'drift changed box route 10.9.0.0/16',
      'drift changed box route 10.8.0.0/16',
    ]);
    expect(differences.map(({ cause }) => cause)).toEqual([
      'replaced by proto bird',
      'shadowed by a route of proto bird',
    ]);
  });

  it('ours that nobody wants any more goes, and nothing else does', () => {
    applyText(box('routes: [{ dst: 10.9.0.0/16, via: 10.0.0.8, dev: eth0 }]'));
    expect(lines('ip -n box route show proto 169')).toEqual(['10.9.0.0/16 via 10.0.0.8 dev eth0']);
    expect(bird()).toBe(MANY);
  });

  it('passes that remember ask for ours alone, and mend what is lost among them', () => {
    const machine = Machine.open();
    const network = desire(text);
    const locks = new Locks(machine, network.name, 'watch');
    const memory = new RouteMemory();
    try {
      const pass = (): readonly string[] => told(remembering(machine, network, locks, memory).outcomes);
      expect(pass()).toEqual([]);
      expect(pass()).toEqual([]);
      sh('ip -n box route del 10.9.0.0/16');
      sh('ip -n box route replace 10.8.0.0/16 via 10.0.0.6 dev eth0 proto bird');
      expect(pass()).toEqual(['done missing box route 10.9.0.0/16', 'done changed box route 10.8.0.0/16']);
      expect(pass()).toEqual([]);
    } finally {
      locks.release();
      machine.close();
    }
    expect(lines('ip -n box route show proto 169')).toEqual([
      '10.8.0.0/16 via 10.0.0.8 dev eth0',
      '10.9.0.0/16 via 10.0.0.8 dev eth0',
    ]);
    expect(bird()).toBe(MANY);
    expect(differencesOf(text)).toEqual([]);
  });
});

function remembering(
  machine: Machine,
  network: DesiredNetwork,
  locks: Locks,
  memory: RouteMemory,
): ConvergeResult {
  return converge(machine, network, { adopt: false, pruneAll: false, locks, memory });
}
