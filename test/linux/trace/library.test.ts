// What a program that imports the package can do: apply a topology, follow a packet, and send real ones.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  choosePairs,
  converge,
  endpointsOf,
  explainHoles,
  findEndpoint,
  inspect,
  isHole,
  Machine,
  readModel,
  verify,
  World,
  walk,
} from '../../../src/index.ts';
import { freshMachine } from '../../sandbox/machine.ts';

const model = readModel(['topologies/two-hosts.yaml'], { hosts: null, hostname: 'nowhere' });
const options = { adopt: false, pruneAll: false };
let machine: Machine;

beforeEach(() => {
  freshMachine();
  machine = Machine.open();
});
afterEach(() => machine.close());

describe('the library', () => {
  it('follows a packet from workload to workload', () => {
    converge(machine, model.network, options);
    const [from, to] = [findEndpoint(model, 'ns0'), findEndpoint(model, 'ns1')];
    const way = walk(World.read(machine, model.network), {
      netns: from.netns!,
      src: from.addresses[0]!,
      dst: to.addresses[0]!,
    });
    expect(way.verdict).toBe('arrives');
  });

  it('sends packets between all workloads, and explains those that are lost', () => {
    const pairs = choosePairs(endpointsOf(model), null);
    const tried = () => verify(World.read(machine, model.network), pairs, { timeout: 3000 });
    converge(machine, model.network, options);
    expect(tried().map(({ outcome }) => outcome)).toEqual(['reached', 'reached']);
    machine.remove('ns1');
    const results = tried();
    expect(results.filter(isHole)).toHaveLength(2);
    const { differences } = inspect(machine, model.network, { adopt: false });
    const holes = explainHoles(World.read(machine, model.network), results, differences);
    expect(holes.map(({ fault }) => fault.code)).toMatchInlineSnapshot(`
      [
        "noNamespace",
      ]
    `);
  });
});
