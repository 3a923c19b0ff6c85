import { expect, test } from 'vitest';
import { formatAnnotations } from '../../src/report/github.ts';
import { changed, conflict, everything, extra, hostile, missing } from './differences.ts';
import { found, small } from './network.ts';

test('each difference is an annotation of the line that asked for it', () => {
  expect(formatAnnotations(small, found([missing, changed, extra, conflict], 1))).toMatchInlineSnapshot(`
    "::error file=two-hosts.yaml,line=19,col=8,title=two-hosts%3A drift::host0: route 10.20.1.3/32 via 192.168.1.16 dev ens192 is missing; link ens192 went down (the kernel flushes IPv4 routes silently)
    ::warning file=two-hosts.yaml,line=9,col=7,title=two-hosts%3A pending::host0: link ens192 differs: up false → true, mtu 1450 → 1500
    ::error title=two-hosts%3A drift::ns0: route 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169 is in no file
    ::error file=two-hosts.yaml,line=10,col=3,title=two-hosts%3A pending%2C conflict::ns0: address eth0 10.20.1.2/24 is not ours, and differs: scope link → global
    two-hosts: 1 missing, 2 changed, 1 extra; 2 pending, 2 drift, 1 conflict, 1 ignored
    "
  `);
});

test('no name becomes a command or a line of its own', () => {
  const lines = formatAnnotations(small, everything).trimEnd().split('\n');
  expect(lines).toHaveLength(6);
  expect(lines.filter((line) => line.startsWith('::'))).toHaveLength(5);
  expect(formatAnnotations(small, found([hostile]))).not.toMatch(/[\x1b\u202e\u0085]|%0A/);
});

test("a file's name is escaped as a property", () => {
  const network = { ...small, files: [{ ...small.files[0]!, name: 'a,b:c%\n.yaml' }] };
  expect(formatAnnotations(network, found([missing]))).toContain('file=a%2Cb%3Ac%25%0A.yaml,line=19');
});

test('in sync is one line without annotations', () => {
  expect(formatAnnotations(small, found([], 3))).toBe(
    'two-hosts: in sync, 20 items; 3 differences ignored\n',
  );
});
