// Who may not change the network is told so in one line, with what to run instead; who may only read, reads.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { namespaceNames } from '../../../src/kernel/netns.ts';
import { run } from '../../commands/run-program.ts';
import { freshMachine, requires, sh } from '../../sandbox/machine.ts';
import { program } from './program.ts';

let directory: string;
let self: string;
let made: string;
const hole = 'routes: [{ dst: 10.9.0.0/16, type: blackhole }]';

beforeEach((context) => {
  requires('ip', 'setpriv')(context);
  freshMachine();
  directory = mkdtempSync(join(tmpdir(), 'privileges-'));
  self = join(directory, 'self.yaml');
  made = join(directory, 'made.yaml');
  writeFileSync(self, `name: self-only\nnetns: { self: { ${hole} } }\n`);
  writeFileSync(made, `name: made-only\nnetns: { made: { ${hole} } }\n`);
});

afterEach(() => rmSync(directory, { recursive: true }));

/** Root without a capability, as in a container. */
const without = (capability: string): string[] => ['setpriv', '--bounding-set', `-${capability}`];
/** No capability at all, as an ordinary user has it. */
const withoutAny = ['setpriv', '--bounding-set', '-all'];

const changing = ['apply', 'destroy', 'watch'];

describe.each([
  ['CAP_NET_ADMIN', without('net_admin')],
  ['any capability', withoutAny],
])('without %s', (_, wrapper) => {
  it.each(changing)('%s says which is missing, and what to run instead', (verb) => {
    for (const file of [self, made]) {
      const { status, stdout, stderr } = program([verb, file], ...wrapper);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(
        new RegExp(`^error: ${verb} needs CAP_NET_ADMIN [^\\n]*; [^\\n]*--cap-add NET_ADMIN[^\\n]*\\n$`),
      );
    }
    expect(sh('ip route show type blackhole')).toBe('');
    expect(namespaceNames()).toEqual([]);
  });

  it('what is wrong in the file comes first', () => {
    writeFileSync(self, 'name: X\n');
    expect(program(['apply', self], ...wrapper).stderr).toContain('self.yaml:1:7');
  });

  it('diff and a dry run of the own namespace read it', async () => {
    expect(program(['diff', self], ...wrapper)).toMatchObject({ status: 2, stderr: '' });
    expect(program(['apply', '--dry-run', self], ...wrapper)).toMatchObject({ status: 2, stderr: '' });
    await run('apply', self);
    expect(program(['diff', self], ...wrapper)).toMatchObject({ status: 0, stderr: '' });
    sh('ip route delete blackhole 10.9.0.0/16');
    expect(program(['diff', self], ...wrapper)).toMatchObject({ status: 3, stderr: '' });
  });

  it('validate and render need nothing', () => {
    for (const verb of ['validate', 'render'])
      expect(program([verb, made], ...wrapper)).toMatchObject({ status: 0, stderr: '' });
  });
});

describe('without CAP_SYS_ADMIN', () => {
  const wrapper = without('sys_admin');

  it.each(changing)('%s of other namespaces says that it is missing', (verb) => {
    const { status, stdout, stderr } = program([verb, made], ...wrapper);
    if (verb !== 'watch') expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`${verb} needs CAP_SYS_ADMIN [^\\n]*--cap-add SYS_ADMIN`));
    expect(namespaceNames()).toEqual([]);
  });

  it('diff of a namespace that is there says so, and of others does not ask for it', async () => {
    await run('apply', made);
    const { status, stdout, stderr } = program(['diff', made], ...wrapper);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^error: namespace made: [^\n]*CAP_SYS_ADMIN[^\n]*; [^\n]*\n$/);
    expect(program(['diff', self], ...wrapper)).toMatchObject({ status: 2, stderr: '' });
  });

  it('the own namespace is applied and destroyed', () => {
    expect(program(['apply', self], ...wrapper)).toMatchObject({ status: 0, stderr: '' });
    expect(sh('ip route show type blackhole')).toContain('10.9.0.0/16');
    expect(program(['destroy', self], ...wrapper)).toMatchObject({ status: 0, stderr: '' });
    expect(sh('ip route show type blackhole')).toBe('');
  });

  it('a destroy by name does not pass over namespaces that it cannot look into', async () => {
    await run('apply', made);
    const { status, stderr } = program(['destroy', '--name', 'made-only'], ...wrapper);
    expect(status).toBe(1);
    expect(stderr).toContain('CAP_SYS_ADMIN');
    expect(namespaceNames()).toEqual(['made']);
  });
});

describe('an ordinary user', () => {
  it('is told of sudo and of the lab', (context) => {
    const user = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
    try {
      sh(`${user.join(' ')} true && chmod 755 ${directory}`);
    } catch {
      context.skip('kernel: no other user can be taken on here (a user namespace with one user in it)');
    }
    const { status, stdout, stderr } = program(['apply', made], ...user);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatchInlineSnapshot(`
      "error: apply needs CAP_NET_ADMIN to change links, addresses and routes; run it as root (sudo), or try a topology without root: calico-reconcile lab FILE
      "
    `);
    expect(program(['diff', self], ...user)).toMatchObject({ status: 2, stderr: '' });
  });

  it('gets by with the lab', (context) => {
    const user = ['unshare', '--user', '--map-user', '65534', '--map-group', '65534'];
    try {
      sh(`${user.join(' ')} unshare --user --map-root-user true`);
    } catch {
      context.skip('kernel: no user namespace can be made here');
    }
    const { status, stderr } = program(['lab', made, '--', 'true'], ...user);
    expect(status, stderr).toBe(0);
    expect(namespaceNames()).toEqual([]);
  });
});
