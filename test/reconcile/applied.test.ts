import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeApplied,
  encodeApplied,
  NOTHING_APPLIED,
  recordApplied,
  wasApplied,
  wasAppliedSame,
} from '../../src/reconcile/applied.ts';
import type { Subject } from '../../src/reconcile/difference.ts';
import type { DesiredNetwork } from '../../src/state/network.ts';
import { desire, twoHosts } from './networks.ts';

const desired = desire(twoHosts);
const applied = recordApplied(desired, null);

function* subjectsOf(network: DesiredNetwork): Generator<[netns: string, subject: Subject]> {
  for (const netns of network.namespaces.values()) {
    for (const link of netns.links.values())
      yield [netns.name, { kind: 'link', desired: link, observed: null }];
    for (const item of netns.addresses)
      yield [netns.name, { kind: 'address', desired: item, observed: null }];
    for (const item of netns.neighbours)
      yield [netns.name, { kind: 'neighbour', desired: item, observed: null }];
    for (const item of netns.routes) yield [netns.name, { kind: 'route', desired: item, observed: null }];
    for (const item of netns.sysctls.values())
      yield [netns.name, { kind: 'sysctl', desired: item, observed: null }];
  }
}

describe('the record of what was applied', () => {
  it('knows every item, in its namespace', () => {
    const all = [...subjectsOf(desired)];
    expect(all.length).toBeGreaterThan(20);
    expect(all.every(([netns, item]) => wasApplied(applied, netns, item))).toBe(true);
    expect(all.every(([netns, item]) => wasAppliedSame(applied, netns, item, 169))).toBe(true);
    expect(all.some(([, item]) => wasApplied(applied, 'elsewhere', item))).toBe(false);
  });

  it('tells an item that says something else now, whatever it says', () => {
    for (const [netns, subject] of subjectsOf(desired)) {
      if (subject.desired === null || subject.kind === 'netns') continue;
      for (const [name, value] of Object.entries(subject.desired)) {
        if (name === 'source' || name === 'adopt') continue;
        const other =
          typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value}x`;
        if (typeof value === 'object' && value !== null) continue;
        const edited = { ...subject, desired: { ...subject.desired, [name]: other } } as Subject;
        expect(wasAppliedSame(applied, netns, edited, 169), `${subject.kind} ${name}`).toBe(false);
      }
    }
  });

  it('does not mind where in the file an item stands', () => {
    for (const [netns, subject] of subjectsOf(desired)) {
      const moved = { ...subject, desired: { ...subject.desired, source: 12345 } } as Subject;
      expect(wasAppliedSame(applied, netns, moved, 169)).toBe(true);
    }
  });

  it('lacks what did not come to be', () => {
    const without = recordApplied(desired, (_netns, { kind }) => kind !== 'route');
    for (const [netns, item] of subjectsOf(desired))
      expect(wasApplied(without, netns, item)).toBe(item.kind !== 'route');
  });

  it('has the sysctls by name', () => {
    expect(applied.sysctls.get('host0')).toContain('net.ipv4.ip_forward');
  });

  it('comes back from its bytes', () => {
    const decoded = decodeApplied(encodeApplied(applied));
    expect(decoded.items.size).toBe(applied.items.size);
    expect(decoded.sysctls).toEqual(applied.sysctls);
    for (const [netns, item] of subjectsOf(desired))
      expect(wasAppliedSame(decoded, netns, item, 169)).toBe(true);
    expect(encodeApplied(decoded).equals(encodeApplied(applied))).toBe(true);
  });

  it('is empty for bytes that are none of its own', () => {
    const bytes = encodeApplied(applied);
    for (const wrong of [
      Buffer.alloc(0),
      Buffer.from('{}'),
      Buffer.from('null\n'),
      Buffer.from('{"version":99}\n'),
      bytes.subarray(0, bytes.length - 3),
      bytes.subarray(1),
    ]) {
      expect(decodeApplied(wrong).items.size).toBe(NOTHING_APPLIED.items.size);
    }
  });

  it('reads any bytes without raising', () => {
    const bytes = encodeApplied(applied);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const broken = Buffer.from(bytes);
        broken[at] = byte;
        const decoded = decodeApplied(broken);
        for (const [netns, item] of subjectsOf(desired)) wasApplied(decoded, netns, item);
      }),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (any) => void decodeApplied(Buffer.from(any))));
  });
});
