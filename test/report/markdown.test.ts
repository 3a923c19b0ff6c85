import { expect, test } from 'vitest';
import { formatMarkdown } from '../../src/report/markdown.ts';
import { changed, conflict, extra, hostile, missing } from './differences.ts';
import { difference, found, observedLink, observedRoute, small } from './network.ts';

test('differences are a table, and their commands are folded away', () => {
  expect(formatMarkdown(small, found([missing, changed, extra, conflict], 1))).toMatchInlineSnapshot(`
    "**two-hosts: 1 missing, 2 changed, 1 extra; 2 pending, 2 drift, 1 conflict, 1 ignored**

    | | netns | item | class | place |
    | --- | --- | --- | --- | --- |
    | \`+\` | \`host0\` | \`route 10.20.1.3/32 via 192.168.1.16 dev ens192\`<br>\`link ens192 went down (the kernel flushes IPv4 routes silently)\` | drift | \`two-hosts.yaml:19:8\` |
    | \`~\` | \`host0\` | \`link ens192\`<br>\`up false → true\`<br>\`mtu 1450 → 1500\` | pending | \`two-hosts.yaml:9:7\` |
    | \`-\` | \`ns0\` | \`route 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169\` | drift | in no file |
    | \`!\` | \`ns0\` | \`address eth0 10.20.1.2/24\`<br>\`scope link → global\` | pending, conflict | \`two-hosts.yaml:10:3\` |

    <details><summary>3 commands that would mend it</summary>

    \`\`\`sh
    ip -n host0 route add 10.20.1.3/32 via 192.168.1.16 dev ens192 proto 169
    ip -n host0 link set dev ens192 mtu 1500 up
    ip -n ns0 route del 10.99.0.0/16 via 10.0.0.1 dev eth0 proto 169
    \`\`\`

    </details>
    "
  `);
});

test('no name leaves its cell or its fence', () => {
  const text = formatMarkdown(small, found([hostile]));
  const [row] = text.split('\n').filter((line) => line.startsWith('| `-`'));
  expect(row!.replaceAll('\\|', '').split('|')).toHaveLength(7);
  const code = row!.split(' | ')[2]!;
  expect(code.startsWith('```link ') && code.endsWith('```')).toBe(true);
  expect(text).toContain('\n```sh\n');
  const ticks = difference({ kind: 'link', desired: null, observed: observedLink('```') });
  expect(formatMarkdown(small, found([ticks]))).toContain('\n````sh\n');
});

test('a comment holds it, however many differences there are', () => {
  const many = Array.from({ length: 5000 }, (_, i) =>
    difference({
      kind: 'route',
      desired: null,
      observed: observedRoute(`10.${i >> 8}.${i & 255}.0/24`, 169, { dev: 'eth0' }),
    }),
  );
  const text = formatMarkdown(small, found(many));
  expect(text.length).toBeLessThan(65_536);
  expect(text).toMatch(/… and \d \d{3} more differences\n/);
  expect(text).toMatch(/… and \d \d{3} more commands\n/);
  expect(text.startsWith('**two-hosts: 5 000 extra; 5 000 drift**\n')).toBe(true);
});

test('in sync is one line', () => {
  expect(formatMarkdown(small, found([]))).toBe('**two-hosts: in sync, 20 items**\n');
});
